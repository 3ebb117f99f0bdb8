#!/usr/bin/env python3
"""A worker in Python (3.10 or newer), standard library only. It serves the jobs "count-words" and "primes" over the HTTP protocol of docs/worker-protocol.md.

    examples/workers/python/worker.py &
    mainspring start primes '{"below": 1000000}' --follow

Tasks run in threads; one more thread keeps their leases. SIGTERM: it takes no more work, asks its handlers to stop, waits for them, and gives back what has
not ended by then, which another worker goes on with.
"""

import json
import os
import signal
import socket
import threading
import time
import traceback
import urllib.error
import urllib.request
from collections import Counter, deque

URL = os.environ.get("MAINSPRING_URL", "http://127.0.0.1:7575")
NAMESPACE = os.environ.get("MAINSPRING_NAMESPACE", "default")
API_KEY = os.environ.get("MAINSPRING_API_KEY")
SLOTS = int(os.environ.get("WORKER_SLOTS", "4"))
GRACE_SECONDS = float(os.environ.get("WORKER_GRACE_SECONDS", "10"))
POLL_SECONDS = 2
VERSION = "1"


class Abort(Exception):
    """Thrown by a handler: fail now, try no more."""


class Stopped(Exception):
    """Thrown by `Task.check`: the task was cancelled or lost, or the worker stops."""


class Task:
    """A task under way, as its handler sees it."""

    def __init__(self, delivered):
        self.delivered = delivered
        self.ref = {name: delivered[name] for name in ("run", "task", "attempt", "delivery")}
        self.input = delivered.get("input")
        self.checkpoint = delivered.get("checkpoint")  # what an earlier attempt saved
        self.stopped = None  # "cancelled", "lost" or "returned"
        self.ended = False  # how it ended is being told
        self._news = {}
        self._lock = threading.Lock()

    def check(self):
        """To be called often: a thread cannot be stopped from outside."""
        if self.stopped:
            raise Stopped(self.stopped)

    def report(self, value, message, checkpoint=None):
        """Progress from 0 to 1, and what the next attempt is to go on from. The next heartbeat takes them along."""
        if len(json.dumps(checkpoint)) > 1_000_000:
            raise Abort("a checkpoint of more than 1 MB: keep it elsewhere, and its address here")
        with self._lock:
            self._news = {"progress": {"value": value, "message": message}}
            if checkpoint is not None:
                self._news["checkpoint"] = checkpoint

    def beat(self):
        with self._lock:
            news, self._news = self._news, {}
        return {**self.ref, **news}


# The jobs: a function gets its input and its task, and returns the output.


def count_words(given, _task):
    if "file" in given:
        with open(given["file"], encoding="utf-8") as file:
            text = file.read()
    elif isinstance(given.get("text"), str):
        text = given["text"]
    else:
        raise Abort('the input has neither "text" nor "file"')
    words = Counter(text.lower().split())
    return {"words": sum(words.values()), "most": words.most_common(1)[0][0] if words else None}


def primes(given, task):
    """Counts slice by slice. `pause`: seconds to rest after each, for watching it."""
    below, size = given["below"], given.get("slice", 10_000)
    state = task.checkpoint or {"next": 2, "count": 0}
    while state["next"] < below:
        end = min(state["next"] + size, below)
        count = sum(1 for n in range(state["next"], end) if all(n % d for d in range(2, int(n**0.5) + 1)))
        state = {"next": end, "count": state["count"] + count}
        task.report(end / below, f"{state['count']} below {end}", state)
        task.check()
        time.sleep(given.get("pause", 0))
    return state["count"]


JOBS = {
    "count-words": (count_words, {"retry": {"attempts": 5, "initial": "200ms"}}),
    "primes": (primes, {}),
}


class Refused(Exception):
    """The server will not have this: a mistake of ours, repeating does not help."""


def call(path, body, timeout=10, patience=float("inf")):
    """Posts, and repeats where the server is busy, away or gone on the way: every call of a worker may be repeated."""
    headers = {"content-type": "application/json"}
    if API_KEY:
        headers["authorization"] = f"Bearer {API_KEY}"
    request = urllib.request.Request(f"{URL}/v1/namespaces/{NAMESPACE}/{path}", json.dumps(body).encode(), headers)
    give_up_at = time.monotonic() + patience
    pause = 0.1
    while True:
        try:
            with urllib.request.urlopen(request, timeout=timeout) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            if error.code not in (429, 503):
                raise Refused(f"{path}: {error.code} {error.read().decode()}") from None
            wait = float(error.headers.get("retry-after", 1))
        except (OSError, ValueError):  # refused, reset, timed out, cut off in the middle
            wait = pause = min(pause * 2, 5)
        if time.monotonic() + wait > give_up_at:
            raise TimeoutError(f"{path}: no answer for {patience} s")
        time.sleep(wait)


class Worker:
    def __init__(self):
        self.name = f"python-{socket.gethostname()}-{os.getpid()}-{os.urandom(4).hex()}"
        self.running = {}  # delivery -> Task
        self.changed = threading.Condition()  # guards `running`
        self.lease_seconds = 15
        self.stopping = False

    def run(self):
        stops = {signal.SIGTERM, signal.SIGINT}
        signal.pthread_sigmask(signal.SIG_BLOCK, stops)  # threads inherit it: the signal waits for `sigwait`
        threading.excepthook = end_at_once
        definitions = [{"kind": "job", "name": name, "version": VERSION, "options": options} for name, (_, options) in JOBS.items()]
        call("definitions", {"definitions": definitions})
        polling = threading.Thread(target=self.poll, daemon=True)
        polling.start()
        threading.Thread(target=self.keep_leases, daemon=True).start()
        print(f"worker {self.name} serves {', '.join(JOBS)} at {URL}", flush=True)
        signal.sigwait(stops)
        self.stopping = True
        self.give_back(polling)
        print("stopped", flush=True)

    def poll(self):
        last = None
        seen = deque(maxlen=10_000)
        serves = [{"definition": name, "version": VERSION} for name in JOBS]
        while not self.stopping:
            with self.changed:
                self.changed.wait_for(lambda: len(self.running) < SLOTS or self.stopping, timeout=1)
                free = SLOTS - len(self.running)
            if free <= 0 or self.stopping:
                continue
            asked = {"worker": self.name, "last": last, "serves": serves, "max": free, "slots": SLOTS, "wait": POLL_SECONDS * 1000}
            polled = call("tasks/poll", asked, timeout=POLL_SECONDS + 10)
            last = polled["answer"]  # names what arrived: an answer that is lost on the way is given again
            for delivered in polled["tasks"]:
                if delivered["delivery"] in seen:
                    continue
                seen.append(delivered["delivery"])
                task = Task(delivered)
                with self.changed:
                    self.lease_seconds = delivered["leaseMs"] / 1000
                    self.running[delivered["delivery"]] = task
                    self.changed.notify_all()
                threading.Thread(target=self.work, args=(task,), daemon=True).start()

    def work(self, task):
        handler, _ = JOBS[task.delivered["definition"]]
        try:
            result = {"is": "completed", "output": handler(task.input, task)}
            json.dumps(result)
        except Stopped:
            result = {"is": "cancelled" if task.stopped == "cancelled" else "returned"}
        except Exception as error:  # whatever a handler throws is its failure
            result = failed(error, retry=not isinstance(error, Abort))
        if not self.ends(task):
            return
        if task.stopped != "lost":  # a lost one is another's by now
            self.tell(task, result)
        with self.changed:
            del self.running[task.ref["delivery"]]
            self.changed.notify_all()

    def ends(self, task):
        """True for the first who asks: a result is told by its handler's thread, or given back when the worker stops."""
        with self.changed:
            first, task.ended = not task.ended, True
            return first

    def tell(self, task, result):
        beat = task.beat()
        try:
            if len(beat) > len(task.ref):  # what it reported last: the next attempt goes on from there
                call("tasks/heartbeat", {"worker": self.name, "beats": [beat]})
            answer = call("tasks/complete", {"worker": self.name, "results": [{**task.ref, **result}]})
        except Refused as error:  # such as an output that is too large
            answer = call("tasks/complete", {"worker": self.name, "results": [{**task.ref, **failed(error, retry=False)}]})
        print(f"{result['is']}: {answer['results'][0]} {task.ref['run']}", flush=True)

    def keep_leases(self):
        while True:
            with self.changed:
                self.changed.wait_for(lambda: self.running)
            time.sleep(self.lease_seconds / 3)
            with self.changed:
                tasks = [task for task in self.running.values() if not task.ended]
            if not tasks:
                continue
            answers = call("tasks/heartbeat", {"worker": self.name, "beats": [task.beat() for task in tasks]})["beats"]
            for task, answer in zip(tasks, answers):
                if answer != "held":
                    task.stopped = {"cancel": "cancelled", "lost": "lost"}[answer]

    def give_back(self, polling):
        """Handlers are asked to stop and have a while for it; what has not ended by then is given back all the same. A poll under way ends first: it would
        be answered with what is given back."""
        polling.join(POLL_SECONDS + 1)
        deadline = time.monotonic() + GRACE_SECONDS
        with self.changed:
            while self.running and time.monotonic() < deadline:
                for task in self.running.values():
                    task.stopped = task.stopped or "returned"
                self.changed.wait(timeout=0.1)
            tasks = list(self.running.values())
        left = [{**task.ref, "is": "returned"} for task in tasks if self.ends(task)]
        if left:
            call("tasks/complete", {"worker": self.name, "results": left}, patience=5)
            print(f"given back: {len(left)}", flush=True)


def failed(error, retry):
    failure = {"type": type(error).__name__, "message": str(error), "stack": "".join(traceback.format_exception(error))}
    return {"is": "failed", "failure": failure, **({} if retry else {"retry": False})}


def end_at_once(thrown):
    """A mistake in this file: whoever supervises the worker starts it again."""
    traceback.print_exception(thrown.exc_value)
    os._exit(1)


if __name__ == "__main__":
    Worker().run()
