"""Log lines and results on their way to the server: gathered, sent in batches, repeated until they are answered."""

import json
import threading
import time

from .http import WAIT_SECONDS_MAX, Refused, Unreachable

LINES_PER_CALL_MAX = 1_000
LINES_BUFFERED_MAX = 10_000
RESULTS_PER_CALL_MAX = 1_000
BODY_CHARACTERS_WANTED = 2 * 1024 * 1024
GATHER_SECONDS = 0.05
#: A result waits so long for the lines of its attempt.
LINES_FIRST_SECONDS = 5.0


class Logs:
    """Above 10,000 waiting lines new ones are dropped; the next that is taken says how many."""

    def __init__(self, http, worker, over):
        self._http = http
        self._worker = worker
        self._over = over
        self._waiting = []
        self._taken = 0
        self._answered = 0
        self._dropped = 0
        self._changed = threading.Condition()

    def add(self, line):
        with self._changed:
            if len(self._waiting) >= LINES_BUFFERED_MAX:
                self._dropped += 1
                return
            if self._dropped:
                line = {**line, "message": f"{line['message']} ({self._dropped} lines before it were dropped: they came faster than they could be sent)"}
                self._dropped = 0
            self._waiting.append(line)
            self._taken += 1
            self._changed.notify_all()

    def mark(self):
        """Names the last line so far, for `flushed`."""
        return self._taken

    def flushed(self, mark):
        with self._changed:
            self._changed.wait_for(lambda: self._answered >= mark or self._over.is_set(), timeout=LINES_FIRST_SECONDS)

    def run(self):
        while not self._over.is_set():
            with self._changed:
                self._changed.wait_for(lambda: self._waiting, timeout=1)
            if not self._waiting:
                continue
            time.sleep(GATHER_SECONDS)
            with self._changed:
                lines = self._waiting[:LINES_PER_CALL_MAX]
            try:
                self._http.call("POST", self._http.path("tasks", "log"), {"worker": self._worker, "lines": lines}, patience=None, stop=self._over)
            except (Refused, Unreachable):
                pass  # lines that the server will not have are nothing to fail for
            with self._changed:
                del self._waiting[: len(lines)]
                self._answered += len(lines)
                self._changed.notify_all()


class Results:
    """A result is repeated until the server has answered it: it is the same by attempt and delivery. One that it will not have is a failure of that run alone."""

    def __init__(self, http, worker, over, answered):
        self._http = http
        self._worker = worker
        self._over = over
        self._told = answered
        self._waiting = []
        self._changed = threading.Condition()

    def add(self, task, result, mark):
        task._worker.logs.flushed(mark)
        self._last_news(task)
        with self._changed:
            self._waiting.append((task, result))
            self._changed.notify_all()

    def run(self):
        while not self._over.is_set():
            with self._changed:
                self._changed.wait_for(lambda: self._waiting, timeout=1)
                batch, self._waiting = self._fitting(), self._waiting
                del self._waiting[: len(batch)]
            if batch:
                self._send(batch)

    def _fitting(self):
        characters, batch = 0, []
        for task, result in self._waiting[:RESULTS_PER_CALL_MAX]:
            characters += len(json.dumps(result))
            if batch and characters > BODY_CHARACTERS_WANTED:
                break
            batch.append((task, result))
        return batch

    def _last_news(self, task):
        """What it reported last, and its checkpoint, before its end: the next attempt goes on from there."""
        if not task.has_news():
            return
        try:
            self._call("heartbeat", {"beats": [task.beat()]}, task.lease_seconds)
        except (Refused, Unreachable):
            pass

    def _call(self, name, body, lease):
        # A server that is back counts leases afresh: within one of them the result is there, else the task is given to another.
        path = self._http.path("tasks", name)
        return self._http.call("POST", path, {"worker": self._worker, **body}, patience=None, stop=self._over, pause=min(WAIT_SECONDS_MAX, lease / 3))

    def _send(self, batch):
        try:
            lease = min(task.lease_seconds for task, _ in batch)
            answers = self._call("complete", {"results": [{**task.ref, **result} for task, result in batch]}, lease)["results"]
        except Unreachable:
            return  # the worker is over
        except Refused as error:
            if len(batch) > 1:
                for one in batch:
                    self._send([one])
                return
            [(task, result)] = batch
            failure = {"type": "Refused", "message": str(error), "code": error.code}
            self._send_refused(task, {"is": "failed", "failure": failure, "retry": False})
            return
        for (task, result), answer in zip(batch, answers):
            self._told(task, result, answer)

    def _send_refused(self, task, told):
        try:
            [answer] = self._call("complete", {"results": [{**task.ref, **told}]}, task.lease_seconds)["results"]
        except (Refused, Unreachable) as error:
            answer = f"refused: {error}"
        self._told(task, told, answer)
