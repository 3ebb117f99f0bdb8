"""What Airflow's sensors wait for, as jobs that are snoozed until it is there: they hold no slot meanwhile."""

import glob
import os
import subprocess
import urllib.error
import urllib.parse
import urllib.request
from datetime import datetime, timedelta, timezone

from .jobs import Abort, Snooze, job


def not_yet(input):
    return Snooze(max(0.1, float(input.get("poke", 60))))


def _at(text):
    at = datetime.fromisoformat(str(text).replace("Z", "+00:00"))
    return at if at.tzinfo else at.replace(tzinfo=timezone.utc)


def _until(moment):
    left = (moment - datetime.now(timezone.utc)).total_seconds()
    if left > 0:
        raise Snooze(left)


@job("airflow.TimeDeltaSensor")
def time_delta(input):
    """Until so many seconds after the end of the run's interval."""
    _until(_at(input["after"]) + timedelta(seconds=float(input["seconds"])))


@job("airflow.DateTimeSensor")
def date_time(input):
    _until(_at(input["until"]))


@job("airflow.WaitSensor")
def wait(input, task):
    if task.checkpoint is None:
        task.save((datetime.now(timezone.utc) + timedelta(seconds=float(input["seconds"]))).isoformat())
    _until(_at(task.checkpoint))


@job("airflow.FileSensor")
def file(input):
    found = sorted(glob.glob(input["path"], recursive=bool(input.get("recursive"))))
    for path in found:
        if os.path.isfile(path) or any(files for _, _, files in os.walk(path)):
            return path
    raise not_yet(input)


@job("airflow.BashSensor")
def bash(input, task):
    ended = subprocess.run(["/bin/bash", "-c", input["command"]], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    for line in ended.stdout.splitlines():
        task.log.info(line)
    if ended.returncode != 0:
        raise not_yet(input)


@job("airflow.HttpSensor")
def http(input, task):
    """Until the address answers 2xx; 404 is "not yet"."""
    if not str(input["url"]).startswith(("http://", "https://")):
        raise Abort(f"{input['url']!r} is no address: put the connection's before it")
    try:
        with urllib.request.urlopen(urllib.request.Request(input["url"], method=input.get("method") or "GET"), timeout=30) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        if error.code != 404:
            raise
        task.log.info("not yet", status=error.code)
    except OSError as error:
        task.log.warn("no answer", error=str(error))
    raise not_yet(input)


@job("airflow.ExternalTaskSensor")
def external_task(input, task):
    """Until the run of another DAG for the same time, or one so many seconds before, has completed."""
    client = task._worker.client
    nominal = (_at(input["nominal"]) - timedelta(seconds=float(input.get("seconds") or 0))).astimezone(timezone.utc)
    http = client.http
    page = http.call("GET", http.path("runs") + f"?definition={urllib.parse.quote(input['dag'], safe='')}&limit=1000")
    for run in page["runs"]:
        at = (run.get("trigger") or {}).get("nominalAt")
        if at is not None and _at(at) == nominal and run["state"] == "completed":
            return run["id"]
    raise not_yet(input)


JOBS = [time_delta, date_time, wait, file, bash, http, external_task]
