"""What a job is, and what a handler may raise."""

import hashlib
import inspect

#: Options of a definition, as docs/jobs.md has them; in Python with underscores: `on_failure` is `onFailure`.
NAME_LENGTH_MAX = 200


class Abort(Exception):
    """The attempt fails, and no other is tried."""


class Skip(Abort):
    """In a DAG: the task is skipped, and what follows is judged by that. Elsewhere the run fails with this."""

    code = "skipped"


class RetryAfter(Exception):
    """The attempt fails, and the next one begins after so many seconds, if one is left."""

    def __init__(self, seconds, message="tried again later"):
        super().__init__(message)
        self.seconds = seconds


class Snooze(Exception):
    """The task is given again after so many seconds, with the same attempt: nothing has failed, it is not yet time. It holds no slot meanwhile."""

    def __init__(self, seconds):
        super().__init__(f"snoozed for {seconds} s")
        self.seconds = seconds


class Job:
    """A function with a name. Called, it is the function."""

    def __init__(self, name, function, version=None, schema=None, options=None):
        if not isinstance(name, str) or not 0 < len(name) <= NAME_LENGTH_MAX or name.strip() != name:
            raise ValueError(f"{name!r} is no name of a job: 1 to {NAME_LENGTH_MAX} characters without spaces at its ends")
        self.name = name
        self.function = function
        self.version = version or _version(function, options)
        self.schema = schema
        self.options = options or {}
        self._takes = _takes(function)
        self.__doc__ = function.__doc__
        self.__name__ = getattr(function, "__name__", name)

    def __call__(self, *args, **kwargs):
        return self.function(*args, **kwargs)

    def handle(self, task):
        return self.function(*(task.input, task)[: self._takes])

    @property
    def definition(self):
        said = {"kind": "job", "name": self.name, "version": self.version, "options": self.options}
        return said if self.schema is None else {**said, "schema": self.schema}


def job(name, *, version=None, schema=None, **options):
    """Makes a job of a function of `(input, task)`, of `(input)` or of nothing.

    `options` are those of docs/jobs.md: `retry={"attempts": 5}`, `timeout="2m"` (of an attempt), `queue="images"`, `priority`, `limits`, `tags`, ...
    `version`: what names this code; default: a hash of the function's text and the options. `schema`: JSON Schema of the input.
    """

    def made(function):
        return Job(name, function, version, schema, wire_options(options))

    return made


def wire_options(options):
    """`on_failure` is `onFailure`; a `timeout` that is no map is one of an attempt."""
    said = {_camel(name): value for name, value in options.items() if value is not None}
    if "timeout" in said and not isinstance(said["timeout"], dict):
        said["timeout"] = {"attempt": said["timeout"]}
    return said


def _camel(name):
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


def _version(function, options):
    try:
        text = inspect.getsource(function)
    except (OSError, TypeError):
        text = getattr(function, "__qualname__", repr(type(function)))
    return hashlib.sha256(f"{text}\n{sorted((options or {}).items())!r}".encode()).hexdigest()[:16]


def _takes(function):
    """How many of (input, task) it takes."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return 2
    if any(one.kind is one.VAR_POSITIONAL for one in parameters):
        return 2
    return min(2, sum(one.kind in (one.POSITIONAL_ONLY, one.POSITIONAL_OR_KEYWORD) for one in parameters))
