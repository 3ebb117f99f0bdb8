"""A task under way, as its handler sees it."""

import base64
import json
import threading
import time
import uuid
from datetime import datetime, timezone

from .http import Refused
from .large import Files

#: Bytes of JSON of an input, output or checkpoint.
PAYLOAD_BYTES_MAX = 1024 * 1024
LOG_LINE_CHARACTERS_MAX = 4 * 1024
#: Characters of JSON that an event of an asset says beside.
EXTRA_CHARACTERS_MAX = 2_048
WATERMARK_CHARACTERS_MAX = 16 * 1024


_MISSING = object()


class Stopped(BaseException):
    """Raised by `Task.check` and `Task.sleep` where the handler is to stop. No `Exception`, so that a handler that catches those lets it pass."""


class Task:
    """`input`, `checkpoint` (what an earlier attempt saved), `metadata`, `tags` · `run`, `attempt` of `attempts`, `task_key` (the same in all attempts: give it to
    the systems you call) · `nominal_time` (ISO 8601, where a schedule started it), `deadline` · `log` · `progress`, `save`, `alive`, `check`, `sleep`, `start` · `variable`, `connection` · `artifact`, `files`, `stream`, `asset`, `asset_events` · `watermark`, `set_watermark`."""

    def __init__(self, delivered, worker):
        self._delivered = delivered
        self._worker = worker
        self.ref = {name: delivered[name] for name in ("run", "task", "attempt", "delivery")}
        self.definition = delivered["definition"]
        self.input = delivered.get("input")
        self.checkpoint = delivered.get("checkpoint")
        self.metadata = delivered.get("metadata")
        self.tags = delivered.get("tags") or {}
        self.run = delivered["run"]
        self.attempt = delivered["attempt"]
        self.attempts = delivered["attempts"]
        self.task_key = delivered["taskKey"]
        self.nominal_time = delivered.get("nominalTime")
        self.deadline = delivered.get("deadline")
        #: Events of assets that triggered the run, as docs/assets.md has them; of a task of a DAG none: its input may say `{{assetEvents}}`.
        self.asset_events = delivered.get("assetEvents") or []
        self._watermark = delivered.get("watermark")
        #: What was said by `set_watermark`, as it is sent.
        self.said = {}
        self.log = Log(self)
        #: Why it is to stop: "cancelled", "lost" (its lease; another may have it), "timed out", "returned" (the worker stops); None: go on.
        self.stopped = None
        self.ended = False
        self.sure_at = time.monotonic()
        self.lease_seconds = delivered["leaseMs"] / 1000
        self.stop_asked_at = None
        timeout_ms = delivered.get("timeoutMs")
        # The server ends the attempt, by its own clock; half a second on, the handler is asked to stop, and what it says then counts no more.
        self.timeout_at = None if timeout_ms is None else time.monotonic() + timeout_ms / 1000 + 0.5
        #: What the run leaves behind to be looked at.
        self.artifact = Artifacts(self)
        #: Files that the run stores, and those of other runs.
        self.files = Files(self)
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._news = {}
        self._lines = 0
        self._starts = 0
        self._assets = {}
        self._streams = {}

    def check(self):
        """Raises `Stopped` where it is to stop. To be called often: a thread cannot be stopped from outside."""
        if self.stopped is not None:
            raise Stopped(self.stopped)

    def sleep(self, seconds):
        """Sleeps, and raises `Stopped` as soon as it is to stop."""
        self._stop.wait(seconds)
        self.check()

    def progress(self, value, message=None):
        """From 0 to 1. The next heartbeat takes it along."""
        said = {"value": min(1.0, max(0.0, float(value)))}
        if message is not None:
            said["message"] = str(message)
        with self._lock:
            self._news["progress"] = said

    def save(self, checkpoint):
        """What the next attempt is to go on from. On disk with the next heartbeat, and before the attempt's end is told."""
        self.checkpoint = json.loads(payload(checkpoint, "checkpoint"))
        with self._lock:
            self._news["checkpoint"] = self.checkpoint

    def alive(self):
        """A sign of life of the handler itself, for jobs with `timeout={"heartbeat": ...}`."""
        with self._lock:
            self._news["active"] = True

    def variable(self, name, default=_MISSING):
        """A variable of the namespace, as it is now. Raises `Refused` where there is none, unless a default is given."""
        return self._lookup("variables", name, default)

    def connection(self, name, default=_MISSING):
        """A connection of the namespace, password included: `type`, `host`, `port`, `login`, `password`, `schema`, `extra`, `uri`, as far as it has them."""
        return self._lookup("connections", name, default)

    def _lookup(self, kind, name, default):
        http = self._worker.client.http
        try:
            return http.call("POST", http.path("tasks", "lookup"), {"worker": self._worker.id, **self.ref, kind: [name]})[kind][name]
        except Refused as error:
            if default is not _MISSING and error.status == 404:
                return default
            raise

    def start(self, job, input=None, **options):
        """Starts another run, as `Client.start` does. An attempt that is repeated starts no second one: its calls are known by their order."""
        key = f"{self.task_key}:{self._starts}"
        self._starts += 1
        return self._worker.client.start(job, input, call_key=key, parent=self.run, **options)

    def asset(self, name, *, partition=None, extra=_MISSING, watermark=_MISSING):
        """Says of an asset among its outlets which `partition` was made, beside it any `extra`, up to 2,048 characters of JSON, and how far it has come: `watermark`, up to
        16,384. It counts once the task completes."""
        said = {"asset": name, **({} if partition is None else {"partition": partition})}
        if watermark is not _MISSING:
            said["watermark"] = json.loads(marked(watermark))
        if extra is not _MISSING:
            said["extra"] = json.loads(payload(extra, "extra"))
            if len(json.dumps(said["extra"], ensure_ascii=False, separators=(",", ":"))) > EXTRA_CHARACTERS_MAX:
                raise ValueError(f"this is too much to say beside an event: {EXTRA_CHARACTERS_MAX} characters of JSON at most")
        with self._lock:
            self._assets.pop(name, None)
            self._assets[name] = said

    def watermark(self, asset=None):
        """How far an asset has come, as the last run that completed said by `asset(name, watermark=...)`, or a person; without a name how far the runs of its schedule
        had come when its run was started, as one that completed said by `set_watermark`. None: nobody has said, or no schedule started it. A repeated attempt reads the
        same of its schedule."""
        if asset is None:
            return self._watermark
        http = self._worker.client.http
        try:
            told = http.call("GET", http.path("assets", asset))["watermark"]
        except Refused as error:
            if error.status == 404:
                return None
            raise
        return None if told is None else told["value"]

    def set_watermark(self, value):
        """How far it has come, for the next run of its schedule: up to 16,384 characters of JSON; None: that one begins anew. The last one that it says is kept in the
        commit that completes the run; of a run that fails nothing is, and of one that no schedule started."""
        self.said = {"watermark": json.loads(marked(value))}

    @property
    def assets(self):
        """What was said by `asset`."""
        with self._lock:
            return list(self._assets.values())

    def stream(self, name):
        """A stream of the run, which others follow while it goes on: `task.stream("answer").write("a word")` (docs/workflows.md, "Streams")."""
        with self._lock:
            if name not in self._streams:
                self._streams[name] = self._worker.streams.of(self, name)
            return self._streams[name]

    def flush(self):
        """Waits until all that was written to streams is on disk. Done before the attempt's end is told."""
        for stream in list(self._streams.values()):
            stream.until(0)

    def ask_to_stop(self, why):
        if self.stopped is None:
            self.stopped = why
            self.stop_asked_at = time.monotonic()
            self._stop.set()

    def has_news(self):
        with self._lock:
            return bool(self._news)

    def beat(self):
        with self._lock:
            news, self._news = self._news, {}
        if self.stop_asked_at is not None and time.monotonic() - self.stop_asked_at > 10:
            news["stuck"] = True
        return {**self.ref, **news}

    def unsaid(self, beat):
        """A beat that did not arrive: what it said is said again, unless there is newer."""
        with self._lock:
            for name in ("progress", "checkpoint", "active"):
                if name in beat:
                    self._news.setdefault(name, beat[name])

    def line(self, level, message, fields):
        with self._lock:
            n, self._lines = self._lines, self._lines + 1
        at = datetime.now(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        said = {"run": self.run, "attempt": self.attempt, "delivery": self.ref["delivery"], "n": n, "at": at, "level": level, "message": _cut(message)}
        if fields:
            text = json.dumps(fields, default=str)
            said["fields"] = json.loads(text) if len(text) <= LOG_LINE_CHARACTERS_MAX else {"cut": _cut(text)}
        self._worker.logs.add(said)


class Artifacts:
    """`task.artifact.table("rows", [{"id": 1}])`, `.markdown`, `.image`, `.link`: shown on the run's page. One that is written again replaces that of its name."""

    def __init__(self, task):
        self._task = task

    def table(self, name, rows, title=None):
        """Rows as dicts, whose names become columns."""
        columns = list(dict.fromkeys(column for row in rows for column in row))
        self._put(name, "table", {"columns": columns, "rows": [[row.get(column) for column in columns] for row in rows]}, title)

    def markdown(self, name, text, title=None):
        self._put(name, "markdown", str(text), title)

    def image(self, name, data, type="image/png", title=None):
        """Bytes of an image: `image/png`, `image/jpeg`, `image/gif`, `image/webp`."""
        self._put(name, "image", base64.b64encode(data).decode(), title, type=type)

    def link(self, name, url, title=None):
        self._put(name, "link", str(url), title)

    def _put(self, name, kind, value, title, **more):
        task, http = self._task, self._task._worker.client.http
        said = {"worker": task._worker.id, **task.ref, "put": uuid.uuid4().hex, "name": name, "kind": kind, "value": json.loads(payload(value, "artifact")), **more}
        kept = http.call("POST", http.path("tasks", "artifact"), said if title is None else {**said, "title": title})["is"]
        if kept == "lost":
            task.ask_to_stop("lost")
            task.check()
        if kept == "full":
            raise ValueError(f"the run has as many artifacts as it may have: {name} was not kept")


class Log:
    """`task.log.info("fetched", rows=17)`: shown live, kept with the attempt."""

    def __init__(self, task):
        self._task = task

    def debug(self, message, **fields):
        self._task.line("debug", message, fields)

    def info(self, message, **fields):
        self._task.line("info", message, fields)

    def warn(self, message, **fields):
        self._task.line("warn", message, fields)

    warning = warn

    def error(self, message, **fields):
        self._task.line("error", message, fields)


def payload(value, what, bytes_max=PAYLOAD_BYTES_MAX):
    """JSON text of a value. Raises `ValueError` where it is none, or too large."""
    try:
        text = json.dumps(value, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise ValueError(f"the {what} is not JSON: {error}") from None
    size = len(text) if text.isascii() else len(text.encode())
    if size > bytes_max:
        raise ValueError(f"the {what} has {size} bytes of JSON; {bytes_max} are possible: keep large data elsewhere and pass its address")
    return text


def marked(value):
    """JSON text of a watermark. Raises `ValueError` where it is none, or too large."""
    text = payload(value, "watermark")
    if len(json.dumps(value, ensure_ascii=False, separators=(",", ":"))) > WATERMARK_CHARACTERS_MAX:
        raise ValueError(f"this is too much for a watermark: {WATERMARK_CHARACTERS_MAX} characters of JSON at most: a time, an id, a cursor")
    return text


def _cut(text):
    text = str(text)
    return text if len(text) <= LOG_LINE_CHARACTERS_MAX else text[: LOG_LINE_CHARACTERS_MAX - 1] + "…"
