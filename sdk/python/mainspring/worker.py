"""Asks for tasks, does them in threads, and says how they ended: docs/worker-protocol.md."""

import os
import signal
import socket
import threading
import time
import traceback
from collections import deque

from .client import Client
from .http import Http, Refused, Unreachable
from .jobs import Abort, RetryAfter, Snooze
from .large import RESULT_BYTES_MAX, keep, whole
from .outbox import Logs, Results
from .printed import bound_to
from .streams import Streams
from .task import PAYLOAD_BYTES_MAX, Stopped, Task, payload

POLL_SECONDS = 20
TASKS_PER_CALL_MAX = 1_000
DELIVERIES_REMEMBERED = 20_000
#: A handler's time is looked at with the leases: every 5 seconds at least.
LEASE_SECONDS_WATCHED = 15.0
#: A poll under way when the worker stops gets so long to answer.
LAST_ANSWER_SECONDS = 0.25
FAILURE_CHARACTERS_MAX = 16 * 1024


class Worker:
    """Serves `jobs`, `slots` at a time, each in a thread.

    `queues`: only these. `labels`: what it has, for runs that ask for labels. `name`: for people. `grace`: seconds that handlers have to end once it stops;
    what has not ended then is given back, and another worker goes on with it.
    """

    def __init__(self, jobs, *, slots=10, url=None, namespace=None, api_key=None, queues=None, labels=None, name=None, grace=10.0, say=None):
        self.jobs = {job.name: job for job in jobs}
        if not self.jobs:
            raise ValueError("a worker needs at least one job")
        if len(self.jobs) < len(jobs):
            raise ValueError("two jobs have one name")
        self.slots = slots
        self.client = Client(url, namespace, api_key)
        http = self.client.http
        self._polling = Http(http.url, http.namespace, api_key or os.environ.get("MAINSPRING_API_KEY") or None)
        self.id = f"python-{socket.gethostname()}-{os.getpid()}-{os.urandom(4).hex()}"
        self._name = name or f"{socket.gethostname()}:{os.getpid()}"
        self._queues = queues
        self._labels = labels
        self._grace = grace
        self._say = say or (lambda text: None)
        self._running = {}  # delivery -> Task
        self._changed = threading.Condition()  # guards `_running` and `ended` of its tasks
        self._stopping = threading.Event()
        self._over = threading.Event()
        self.logs = Logs(http, self.id, self._over)
        self.streams = Streams(http, self.id, self._over)
        self._results = Results(http, self.id, self._over, self._answered)
        self._threads = []

    def run(self):
        """Works until SIGTERM or SIGINT; a second one ends it at once."""
        def asked(*_):
            if self._stopping.is_set():
                os._exit(1)
            self._stopping.set()

        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, asked)
        try:
            self.start()
        except Unreachable:
            return  # asked to stop before the server was there
        while not self._stopping.wait(1):
            pass
        self.stop()

    def start(self):
        """Registers the jobs, as soon as the server is there, and begins to work; returns then."""
        self.client.http.call("POST", self.client.http.path("definitions"), {"definitions": [job.definition for job in self.jobs.values()]},
                              patience=None, stop=self._stopping)
        for target in (self._poll, self._keep_leases, self.logs.run, self._results.run):
            thread = threading.Thread(target=target, daemon=True, name=f"mainspring {target.__name__}")
            thread.start()
            self._threads.append(thread)
        self._say(f"worker {self._name} serves {', '.join(self.jobs)} at {self.client.http.url}")

    def stop(self):
        """Takes no more; asks handlers to stop and waits for them; gives back what has not ended by then."""
        self._stopping.set()
        with self._changed:
            self._changed.notify_all()
        if self._threads:
            self._threads[0].join(LAST_ANSWER_SECONDS)
            self._polling.abort()
            self._threads[0].join(5)
        until = time.monotonic() + self._grace
        with self._changed:
            for task in self._running.values():
                task.ask_to_stop("returned")
            self._changed.wait_for(lambda: not self._running, timeout=max(0.0, until - time.monotonic()))
            left = [task for task in self._running.values() if not task.ended]
        for task in left:
            self._end(task, {"is": "returned"})
        if left:
            self._say(f"given back: {len(left)}")
        with self._changed:
            self._changed.wait_for(lambda: not self._running, timeout=5)
        self._over.set()
        self._say("stopped")

    # What is under way.

    def _poll(self):
        last = None
        seen, order = set(), deque()
        serves = [{"definition": job.name, "version": job.version} for job in self.jobs.values()]
        asked = {"worker": self.id, "workerName": self._name, "serves": serves, "slots": self.slots, "wait": POLL_SECONDS * 1000}
        if self._queues:
            asked["queues"] = list(self._queues)
        if self._labels:
            asked["labels"] = dict(self._labels)
        while not self._stopping.is_set():
            with self._changed:
                self._changed.wait_for(lambda: len(self._running) < self.slots or self._stopping.is_set())
                free = min(self.slots - len(self._running), TASKS_PER_CALL_MAX)
            if self._stopping.is_set():
                return
            sent_at = time.monotonic()
            try:
                # One try at a time: what a lost answer brought is given again to the next poll, which must be known to be later.
                polled = self._polling.call("POST", self._polling.path("tasks", "poll"), {**asked, "last": last, "max": free}, wait=POLL_SECONDS, patience=0)
            except (Refused, Unreachable) as error:
                if isinstance(error, Refused) and error.status not in (429, 502, 503, 504):
                    self._say(f"the server refuses to give work: {error}")
                self._stopping.wait(0.5)
                continue
            last = polled["answer"]  # names what arrived
            fresh = [one for one in polled["tasks"] if one["delivery"] not in seen]
            for one in fresh:
                seen.add(one["delivery"])
                order.append(one["delivery"])
            while len(order) > DELIVERIES_REMEMBERED:
                seen.discard(order.popleft())
            if not polled["tasks"] and time.monotonic() - sent_at < 1:
                self._stopping.wait(0.2)  # a server that stops answers at once and with nothing
            for task in self._certain([Task(one, self) for one in fresh], sent_at):
                self._begin(task)

    def _certain(self, tasks, sent_at):
        """Those that are this worker's: an answer may have been on its way for longer than a lease, and its tasks be others' by now. Then a beat asks; what it does
        not answer within a lease is dropped: given again by the server when the lease is over."""
        lease = min((task.lease_seconds for task in tasks), default=0)
        came_at = time.monotonic()
        while tasks and time.monotonic() - sent_at > lease / 3:
            if time.monotonic() - came_at > lease:
                return []
            sent_at = time.monotonic()
            answers = self._beat(tasks, lease / 3)
            if answers is None:
                sent_at -= lease
                self._stopping.wait(0.1)
                continue
            tasks = [task for task, answer in zip(tasks, answers) if answer != "lost"]
        for task in tasks:
            task.sure_at = sent_at
        return tasks

    def _begin(self, task):
        with self._changed:
            self._running[task.ref["delivery"]] = task
            self._changed.notify_all()
        if self._stopping.is_set():
            task.ask_to_stop("returned")
        threading.Thread(target=self._work, args=(task,), daemon=True, name=f"mainspring {task.definition} {task.run}").start()

    def _work(self, task):
        try:
            with bound_to(task):
                task.input = whole(self.client.http, task.input)
                output = self.jobs[task.definition].handle(task)
            task.flush()
            result = completed(task, output)
        except Stopped:
            result = self._stopped(task)
        except Snooze as asked:
            result = {"is": "snoozed", "delayMs": max(0, int(asked.seconds * 1000))}
        except RetryAfter as error:
            result = {**failed(error), "delayMs": max(0, int(error.seconds * 1000))}
        except BaseException as error:  # whatever a handler raises is its failure, `SystemExit` too
            result = failed(error, retry=not isinstance(error, Abort))
        if result["is"] != "completed":
            self._flush(task)
        self.client.http.close_thread()
        self._end(task, result)

    def _flush(self, task):
        """What a failed attempt wrote is there to be read too; that some was refused changes nothing any more."""
        try:
            task.flush()
        except Exception:
            pass

    def _stopped(self, task):
        if task.stopped == "cancelled":
            return {"is": "cancelled"}
        if task.stopped == "timed out":
            return failed(TimeoutError("the attempt's time is over"))
        return {"is": "returned"}

    def _end(self, task, result):
        """A result is told by its handler's thread, or given back when the worker stops: by the first of them."""
        with self._changed:
            if task.ended:
                return
            task.ended = True
        if task.stopped == "lost":  # it is another's by now
            self._say(f"lost: {task.run}")
            self._gone(task)
        else:
            self._results.add(task, result, self.logs.mark())

    def _answered(self, task, result, answer):
        self._say(f"{result['is']}: {answer} {task.run}")
        self._gone(task)

    def _gone(self, task):
        with self._changed:
            self._running.pop(task.ref["delivery"], None)
            self._changed.notify_all()

    # Leases.

    def _keep_leases(self):
        while not self._over.is_set():
            with self._changed:
                self._changed.wait_for(lambda: self._running, timeout=1)
                lease = min((task.lease_seconds for task in self._running.values()), default=None)
            if lease is None:
                continue
            self._over.wait(min(lease, LEASE_SECONDS_WATCHED) / 3)
            with self._changed:
                tasks = [task for task in self._running.values() if not task.ended]
            for task in tasks:
                if task.timeout_at is not None and time.monotonic() >= task.timeout_at:
                    task.ask_to_stop("timed out")
            for begin in range(0, len(tasks), TASKS_PER_CALL_MAX):
                part = tasks[begin : begin + TASKS_PER_CALL_MAX]
                answers = self._beat(part, lease / 3)
                for task, answer in zip(part, answers or ()):
                    if answer == "cancel":
                        task.ask_to_stop("cancelled")
                    elif answer == "lost":
                        task.ask_to_stop("lost")
            for task in tasks:
                if time.monotonic() - task.sure_at > task.lease_seconds:
                    task.ask_to_stop("lapsed")  # nobody has said so, and by now it may be another's

    def _beat(self, tasks, seconds):
        """The answers, or None where there was none in time."""
        beats = [task.beat() for task in tasks]
        sent_at = time.monotonic()
        try:
            http = self.client.http
            answers = http.call("POST", http.path("tasks", "heartbeat"), {"worker": self.id, "beats": beats}, patience=0, silence=max(seconds, 0.2))["beats"]
        except (Refused, Unreachable) as error:
            for task, beat in zip(tasks, beats):
                if not isinstance(error, Refused):
                    task.unsaid(beat)
            return None
        for task in tasks:
            task.sure_at = sent_at
        return answers


def completed(task, output):
    told = {**({"assets": task.assets} if task.assets else {}), **task.said}
    if output is None:
        return {"is": "completed", **told}
    try:
        text = payload(output, "output", RESULT_BYTES_MAX)
        if len(text) > PAYLOAD_BYTES_MAX:
            return {"is": "completed", "output": keep(task, text), **told}
    except ValueError as error:
        return failed(error, retry=False)  # the next attempt would return the same
    return {"is": "completed", "output": output, **told}


def failed(error, retry=True):
    """Bounded: the last part of a long stack says more than its first."""
    stack = "".join(traceback.format_exception(type(error), error, error.__traceback__))
    failure = {"type": type(error).__name__, "message": str(error)[:FAILURE_CHARACTERS_MAX], "stack": stack[-FAILURE_CHARACTERS_MAX:]}
    if isinstance(getattr(error, "code", None), str):
        failure["code"] = error.code[:200]
    return {"is": "failed", "failure": failure, **({} if retry else {"retry": False})}
