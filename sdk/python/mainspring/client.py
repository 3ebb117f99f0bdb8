"""Starting runs and waiting for them."""

import os
import time
import uuid

from .http import Http
from .jobs import Job, wire_options
from .large import whole

CLOSED = ("completed", "failed", "cancelled", "timed_out", "terminated", "skipped")
WAIT_SECONDS = 30


class RunEnded(Exception):
    """The run ended otherwise than completed; `run` is what the server says of it."""

    def __init__(self, run):
        failure = run.get("failure") or {}
        why = f": {failure.get('type')}: {failure.get('message')}" if failure else ""
        super().__init__(f"{run['definition']} {run['id']} {run['state']}{why}")
        self.run = run


class RunFailed(RunEnded):
    pass


class RunCancelled(RunEnded):
    pass


class RunTimedOut(RunEnded):
    pass


ENDS = {"cancelled": RunCancelled, "terminated": RunCancelled, "timed_out": RunTimedOut}


class Client:
    """A namespace of a server. Defaults: `MAINSPRING_URL` (several nodes with commas), `MAINSPRING_NAMESPACE`, `MAINSPRING_API_KEY`."""

    def __init__(self, url=None, namespace=None, api_key=None):
        url = url or os.environ.get("MAINSPRING_URL") or "http://127.0.0.1:7575"
        namespace = namespace or os.environ.get("MAINSPRING_NAMESPACE") or "default"
        self.http = Http(url, namespace, api_key or os.environ.get("MAINSPRING_API_KEY") or None)

    def register(self, jobs):
        """Tells the server of these jobs. The same again changes nothing."""
        self.http.call("POST", self.http.path("definitions"), {"definitions": [job.definition for job in jobs]}, patience=None)

    def start(self, job, input=None, *, call_key=None, **options):
        """Starts a run of a job, or of the definition of this name. `options` as in docs/jobs.md: `key`, `unique`, `delay`, `at`, `priority`, `tags`, ..."""
        if isinstance(job, Job):
            self.register([job])
        answer = self.http.call("POST", self.http.path("runs"), _start(job, input, options), call_key=call_key or uuid.uuid4().hex)
        return Run(self, answer["run"])

    def start_many(self, job, inputs, **options):
        """Starts one run for each input: all of them, or none."""
        if isinstance(job, Job):
            self.register([job])
        body = {"runs": [_start(job, one, options) for one in inputs]}
        answer = self.http.call("POST", self.http.path("runs", "batch"), body, call_key=uuid.uuid4().hex)
        return [Run(self, one["run"]) for one in answer["runs"]]

    def run(self, id):
        return Run(self, id)


class Run:
    def __init__(self, client, id):
        self.id = id
        self._http = client.http

    def get(self, wait=0):
        """What the server says of it; with `wait` as soon as it is closed, or as it is after so many seconds."""
        query = f"?wait={int(wait * 1000)}ms" if wait else ""
        return self._http.call("GET", self._http.path("runs", self.id) + query, wait=wait)

    def result(self, timeout=None):
        """Its output, once it has completed. Raises `RunFailed`, `RunCancelled`, `RunTimedOut`; `TimeoutError` when it is open after so many seconds."""
        until = None if timeout is None else time.monotonic() + timeout
        while True:
            left = WAIT_SECONDS if until is None else min(WAIT_SECONDS, until - time.monotonic())
            if left <= 0:
                raise TimeoutError(f"{self.id} is still open after {timeout} s")
            run = self.get(wait=left)
            if run["state"] == "completed":
                return whole(self._http, run.get("output"))
            if run["state"] in CLOSED:
                raise ENDS.get(run["state"], RunFailed)(run)

    def cancel(self, why=None):
        self._http.call("POST", self._http.path("runs", self.id, "cancel"), {"why": why} if why else {}, call_key=uuid.uuid4().hex)


def _start(job, input, options):
    said = {"definition": job.name if isinstance(job, Job) else job, **wire_options(options)}
    return said if input is None else {**said, "input": input}
