"""Chunks on their way to streams of a run: gathered for 50 ms, one call at a time, repeated until it is answered."""

import json
import threading
import time

from .http import Refused, Unreachable
from .jobs import Abort

CHUNK_BYTES_MAX = 256 * 1024
WRITE_BYTES_MAX = 512 * 1024
CHUNKS_PER_WRITE_MAX = 1_000
BODY_BYTES_WANTED = 8 * 1024 * 1024
WAITING_BYTES_MAX = 256 * 1024
GATHER_SECONDS = 0.05
FULL = "the streams of this run take nothing more: they have 32 names, 1,000,000 chunks and 64 MiB at most"


class StreamRefused(Abort):
    """The stream was closed, or is full: `code` is `stream-closed` or `stream-full`. Another attempt would be told the same."""

    def __init__(self, stream, why):
        super().__init__(f"{FULL if why == 'full' else 'the stream was closed'}: {stream!r} was not written to")
        self.code = f"stream-{why}"


class Stream:
    """What an attempt writes to one stream, in its order. `write` waits while 256 KiB are on their way; the attempt completes when all of it is on disk."""

    def __init__(self, task, name, writer, streams):
        self.task = task
        self.name = name
        self._writer = writer
        self._streams = streams
        self._chunks = []  # (bytes, chunk)
        self._bytes = 0
        self._kept = 0
        self._failed = None

    def write(self, chunk):
        """Any JSON of up to 256 KiB. Raises `StreamRefused`, `Stopped` where another has the task by now, `ValueError` where it is no JSON or too large."""
        try:
            size = len(json.dumps(chunk, allow_nan=False, ensure_ascii=False).encode("utf-8", "surrogatepass"))
        except (TypeError, ValueError, RecursionError) as error:
            raise ValueError(f"the chunk is not JSON: {error}") from None
        if size > CHUNK_BYTES_MAX:
            raise ValueError(f"the chunk has {size} bytes of JSON; {CHUNK_BYTES_MAX} are possible: write it in parts")
        chunk = json.loads(json.dumps(chunk))  # as it is now
        with self._streams.changed:
            if self._failed is None:
                self._chunks.append((size, chunk))
                self._bytes += size
                self._streams.wake(self)
        self.until(WAITING_BYTES_MAX)
        self.task.check()

    def until(self, size):
        """Waits until no more than so many bytes wait."""
        with self._streams.changed:
            self._streams.changed.wait_for(lambda: self._failed is not None or self._bytes <= size or self._streams.ended)
            if isinstance(self._failed, Exception):
                raise self._failed
        if self._failed == "lost":
            self.task.ask_to_stop("lost")

    def part(self):
        size, chunks = 0, []
        for bytes_, chunk in self._chunks[:CHUNKS_PER_WRITE_MAX]:
            size += bytes_
            if chunks and size > WRITE_BYTES_MAX:
                break
            chunks.append(chunk)
        return size, {**self.task.ref, "stream": self.name, "writer": self._writer, "from": self._kept, "chunks": chunks}

    def answered(self, answer, count):
        """True: more waits."""
        if answer != "kept":
            self._failed = answer if answer == "lost" or isinstance(answer, Exception) else StreamRefused(self.name, answer)
            self._chunks, self._bytes = [], 0
            return False
        self._kept += count
        self._bytes -= sum(size for size, _ in self._chunks[:count])
        del self._chunks[:count]
        return bool(self._chunks)


class Streams:
    """Of a worker: its thread begins with the first chunk."""

    def __init__(self, http, worker, over):
        self._http = http
        self._worker = worker
        self._over = over
        self._waiting = {}  # a stream, in the order of their turns
        self._writers = 0
        self._thread = None
        self.changed = threading.Condition()

    @property
    def ended(self):
        return self._over.is_set()

    def of(self, task, name):
        if not isinstance(name, str) or not 0 < len(name) <= 200 or name.startswith(":"):
            raise ValueError(f"{name!r} is no name of a stream: 1 to 200 characters, and no colon at its beginning")
        with self.changed:
            self._writers += 1
            return Stream(task, name, f"{self._worker}.{self._writers}", self)

    def wake(self, stream):
        self._waiting[stream] = True
        self.changed.notify_all()
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, daemon=True, name="mainspring streams")
            self._thread.start()

    def _run(self):
        while not self._over.is_set():
            with self.changed:
                self.changed.wait_for(lambda: self._waiting, timeout=1)
            if self._waiting:
                time.sleep(GATHER_SECONDS)
                self._send(self._next())
        with self.changed:
            self.changed.notify_all()

    def _next(self):
        size, parts = 0, []
        with self.changed:
            for stream in list(self._waiting):
                if parts and size > BODY_BYTES_WANTED:
                    break
                del self._waiting[stream]
                more, write = stream.part()
                parts.append((stream, write))
                size += more
        return parts

    def _send(self, parts):
        try:
            body = {"worker": self._worker, "writes": [write for _, write in parts]}
            answers = self._http.call("POST", self._http.path("tasks", "stream"), body, patience=None, stop=self._over)["writes"]
        except Unreachable:
            return  # the worker is over
        except Refused as error:
            if len(parts) > 1:  # one that the server will never take must not cost the others theirs
                for one in parts:
                    self._send([one])
                return
            answers = [error]
        with self.changed:
            for (stream, write), answer in zip(parts, answers):
                if stream.answered(answer, len(write["chunks"])):
                    self._waiting[stream] = True
            self.changed.notify_all()
