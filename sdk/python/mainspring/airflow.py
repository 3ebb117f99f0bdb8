"""The Python callables and sensors of Airflow DAG files as jobs: `python -m mainspring worker --airflow FILE.py`.

The file is run once, with stand-ins for `airflow` that know DAGs, task groups and Python tasks and let everything else pass; Airflow itself need not be there. Each
callable becomes the job `DAG.TASK`, under the names that `mainspring import airflow` writes. What a callable itself imports of Airflow is not there for it.
"""

import hashlib
import importlib.abc
import importlib.machinery
import importlib.util
import inspect
import logging
import sys
import types
from contextlib import contextmanager

from .airflow_assets import NEVER_EXPIRE, Asset, AssetAlias, Metadata
from .airflow_context import call_operator, call_with_context
from .airflow_operators import DONE_HERE, WeekDay
from .airflow_secrets import BaseHook, Variable
from .jobs import Abort, Job, Skip


class Anything:
    """Stands for what is of no concern here: takes every call, operator and attribute."""

    def __init__(self, name="anything"):
        self.__dict__["_name"] = name

    def __call__(self, *args, **kwargs):
        # A decorator of somebody else's leaves the function as it is.
        return args[0] if len(args) == 1 and not kwargs and inspect.isfunction(args[0]) else Anything(self._name)

    def __getattr__(self, name):
        if name.startswith("__") and name.endswith("__"):
            raise AttributeError(name)
        return Anything(f"{self._name}.{name}")

    def __setattr__(self, name, value):
        self.__dict__[name] = value

    def _itself(self, *_):
        return self

    def _other(self, other):
        return other

    __getitem__ = __enter__ = __add__ = __radd__ = __sub__ = __or__ = __ror__ = __and__ = __rand__ = __mul__ = __rmul__ = __mod__ = __neg__ = _itself
    __rshift__ = __lshift__ = _other
    __rrshift__ = __rlshift__ = _itself

    def __exit__(self, *_):
        return False

    def __iter__(self):
        return iter(())

    def __len__(self):
        return 0

    def __str__(self):
        return self._name

    __mro_entries__ = lambda self, bases: (AnyOperator,)  # noqa: E731 - a class of theirs: its instances are tasks without a callable


class AnyOperator(Anything):
    """An operator that is done elsewhere; below it may be one that calls Python, or one of the file's own."""

    log = logging.getLogger("airflow.task")

    def __new__(cls, *args, **kwargs):
        made = super().__new__(cls)
        made.__dict__["_given"] = kwargs
        return made

    def __init__(self, *args, **kwargs):
        super().__init__(type(self).__name__)
        self.__dict__["task_id"] = kwargs.get("task_id")
        _here.task(kwargs.get("task_id"), kwargs.get("python_callable") or does(type(self), self._given), type(self).__name__, kwargs)

    @classmethod
    def partial(cls, **options):
        _here.task(options.get("task_id"), options.get("python_callable") or does(cls, options), cls.__name__, options)
        return Anything(cls.__name__)


class Does:
    """What an operator does that the worker itself knows, or the file: its class, and the arguments that the file gives."""

    def __init__(self, made, given):
        self.made = made
        self.given = {name: value for name, value in given.items() if not isinstance(value, Anything) and name not in ("task_id", "dag", "task_group", "default_args")}
        self.__doc__ = made.__doc__


def does(made, given):
    own = any(getattr(made, name, None) for name in ("execute", "poke", "choose_branch"))
    return Does(made, given) if own or made.__name__ in DONE_HERE else None


class Here:
    """Which DAG and groups are open, and what was found."""

    def __init__(self):
        self.found = {}
        self.dags = []
        self.groups = []
        self.names = {}

    def task(self, id, function, kind, options):
        given = options.get("dag")  # `Anything` is empty, and counts as nothing
        dag = given if given is not None else self.dags[-1] if self.dags else None
        if not isinstance(dag, Dag) or not isinstance(id, str):
            return
        group = options.get("task_group")
        group = group if group is not None else self.groups[-1] if self.groups else None
        prefix = group.prefix if isinstance(group, Group) and group.dag is dag else ""
        name = known = f"{prefix}.{id}" if prefix else id
        taken = self.names.setdefault(dag.id, set())
        n = 1
        while name in taken:
            name, n = f"{known}__{n}", n + 1
        taken.add(name)
        if isinstance(function, Does) or (callable(function) and not isinstance(function, Anything)):
            self.found[f"{dag.id}.{name}"] = (function, kind)


_here = Here()


class Dag(Anything):
    def __init__(self, dag_id="dag", *_, **options):
        super().__init__(dag_id)
        self.__dict__.update(id=dag_id, dag_id=dag_id, params=options.get("params") or {})

    def __enter__(self):
        _here.dags.append(self)
        return self

    def __exit__(self, *_):
        _here.dags.pop()
        return False


class Group(Anything):
    def __init__(self, group_id="group", *_, prefix_group_id=True, dag=None, parent_group=None, **__):
        super().__init__(group_id)
        parent = parent_group if parent_group is not None else _here.groups[-1] if _here.groups else None
        outer = parent.prefix if isinstance(parent, Group) else ""
        self.__dict__["dag"] = dag if dag is not None else _here.dags[-1] if _here.dags else None
        own = known = f"{outer}.{group_id}" if outer else group_id
        taken = _here.names.setdefault((getattr(self.dag, "id", None), "groups"), set())
        n = 1
        while own in taken:
            own, n = f"{known}__{n}", n + 1
        taken.add(own)
        self.__dict__["prefix"] = own if prefix_group_id else outer
        self.__dict__["group_id"] = own

    def __enter__(self):
        _here.groups.append(self)
        return self

    def __exit__(self, *_):
        _here.groups.pop()
        return False


class Decorated(Anything):
    """A function with `@task…`: each call is a task."""

    def __init__(self, function, kind, options):
        super().__init__(function.__name__)
        self.__dict__.update(function=function, kind=kind, options=options, __name__=function.__name__, __doc__=function.__doc__)

    def __call__(self, *args, **kwargs):
        _here.task(self.options.get("task_id", self.function.__name__), self.function, self.kind, self.options)
        return Anything(self.function.__name__)

    def override(self, **options):
        return Decorated(self.function, self.kind, {**self.options, **options})

    def partial(self, *args, **kwargs):
        return self

    def expand(self, *args, **kwargs):
        return self()

    expand_kwargs = expand


class TaskDecorator(Anything):
    """`@task`, `@task(...)`, `@task.branch`, `@setup`, `@teardown`."""

    def __init__(self, kind="task"):
        super().__init__(kind)

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return TaskDecorator(f"{self._name}.{name}")

    def __call__(self, function=None, *_, **options):
        if isinstance(function, Decorated):  # over another of these
            return function
        if inspect.isfunction(function):
            return Decorated(function, self._name, options)
        return lambda made: made if isinstance(made, Decorated) else Decorated(made, self._name, options)


def dag_decorator(given=None, *_, **options):
    def made(function):
        def called(*args, **kwargs):
            with Dag(options.get("dag_id", given if isinstance(given, str) else function.__name__)) as dag:
                function(*[Anything(name) for name in inspect.signature(function).parameters])
            return dag

        called.__name__ = function.__name__
        return called

    return made(given) if inspect.isfunction(given) else made


class DecoratedGroup(Anything):
    def __init__(self, function, options):
        super().__init__(function.__name__)
        self.__dict__.update(function=function, options=options)

    def __call__(self, *args, **kwargs):
        options = {"group_id": self.function.__name__, **self.options}
        named = inspect.signature(self.function).parameters
        with Group(**options) as group:
            given = dict(zip(named, args), **kwargs)
            returned = self.function(**{name: given[name] if name in given else one.default if one.default is not one.empty else Anything(name)
                                        for name, one in named.items() if one.kind in (one.POSITIONAL_OR_KEYWORD, one.KEYWORD_ONLY)})
        return group if returned is None else returned

    def override(self, **options):
        return DecoratedGroup(self.function, {**self.options, **options})

    def partial(self, *args, **kwargs):
        return self

    def expand(self, *args, **kwargs):
        return self(**{name: Anything(name) for name in kwargs})

    expand_kwargs = expand


def group_decorator(given=None, *_, **options):
    if inspect.isfunction(given):
        return DecoratedGroup(given, options)
    if isinstance(given, str):
        options = {"group_id": given, **options}
    return lambda function: DecoratedGroup(function, options)


def asset_decorator(*_, uri=None, **__):
    def made(function):
        with Dag(function.__name__):
            _here.task(function.__name__, function, "asset", {})
        return Asset(function.__name__, uri)

    return made


class AirflowException(Exception):
    pass


class AirflowSkipException(AirflowException):
    pass


class AirflowFailException(AirflowException):
    pass


class PokeReturnValue:
    def __init__(self, is_done, xcom_value=None):
        self.is_done = is_done
        self.xcom_value = xcom_value


KNOWN = {
    "Variable": Variable, "BaseHook": BaseHook,
    "PokeReturnValue": PokeReturnValue,
    "DAG": Dag, "TaskGroup": Group, "dag": dag_decorator, "task": TaskDecorator(), "task_group": group_decorator, "setup": TaskDecorator("setup"),
    "teardown": TaskDecorator("teardown"), "asset": asset_decorator, "AirflowException": AirflowException, "AirflowSkipException": AirflowSkipException,
    "AirflowFailException": AirflowFailException, "Asset": Asset, "Dataset": Asset, "AssetAlias": AssetAlias, "DatasetAlias": AssetAlias, "Metadata": Metadata,
    "WeekDay": WeekDay, "NEVER_EXPIRE": NEVER_EXPIRE, "is_venv_installed": lambda: True,
}


class StandIn(types.ModuleType):
    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        if name in KNOWN:
            return KNOWN[name]
        if name == "get_current_context":
            from .airflow_context import current_context

            return current_context
        if name[:1].isupper() and name.endswith(("Operator", "Sensor", "SensorAsync", "Marker")):
            made = type(name, (AnyOperator,), {})
            setattr(self, name, made)
            return made
        return Anything(name)


class Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    def find_spec(self, name, path=None, target=None):
        root = name.split(".")[0]
        return importlib.machinery.ModuleSpec(name, self, is_package=True) if root == "airflow" or (root == "pendulum" and root in self.missing) else None

    missing = ()

    def create_module(self, spec):
        return StandIn(spec.name)

    def exec_module(self, module):
        pass


@contextmanager
def stand_ins():
    """`airflow` is ours, installed or not; pendulum where it is not installed."""
    finder = Finder()
    finder.missing = () if importlib.util.find_spec("pendulum") else ("pendulum",)
    real = {name: sys.modules.pop(name) for name in list(sys.modules) if name.split(".")[0] == "airflow"}
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)
        # Modules of the file keep their stand-ins; what a callable imports later is Airflow itself, where it is installed.
        for name in [one for one in sys.modules if one.split(".")[0] == "airflow"]:
            del sys.modules[name]
        sys.modules.update(real)


def jobs_of_dags(file):
    from .__main__ import load

    global _here
    _here = Here()
    with stand_ins():
        load(file)
    return [Job(name, _handler(function, kind), version_of(function)) for name, (function, kind) in _here.found.items()]


def version_of(function):
    """By the text of the callable: that of the handler is the same for all."""
    try:
        if isinstance(function, Does) and function.made.__name__ in DONE_HERE:
            return hashlib.sha256(repr((function.made.__name__, sorted((name, str(value)) for name, value in function.given.items()))).encode()).hexdigest()[:16]
        return hashlib.sha256(inspect.getsource(function.made if isinstance(function, Does) else function).encode()).hexdigest()[:16]
    except (OSError, TypeError):
        return None


def _handler(function, kind):
    def handle(input, task):
        try:
            if isinstance(function, Does):
                return call_operator(function, input or {}, task)
            return call_with_context(function, input or {}, task, is_sensor=kind.endswith(("sensor", "Sensor")), is_bash=kind == "task.bash", is_asset=kind == "asset")
        except Exception as error:
            ends = {"AirflowSkipException": Skip, "AirflowFailException": Abort}.get(type(error).__name__)
            if ends is not None:
                raise ends(str(error)) from error
            raise

    handle.__doc__ = function.__doc__
    return handle
