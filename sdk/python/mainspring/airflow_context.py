"""Calls an Airflow callable as Airflow would: with its arguments, and with those of its context that it asks for."""

import asyncio
import inspect
import subprocess
import threading
from datetime import datetime, timezone

from .airflow_assets import Asset, InletEvents, OutletEvents, TaskStateStore, triggering
from .airflow_operators import DONE_HERE
from .airflow_sensors import not_yet
from .jobs import Abort, Skip

_current = threading.local()
#: Exit code of a command that skips its task: Airflow's `skip_on_exit_code`.
SKIPS = 99


class Pushed(dict):
    """Results under names."""


class TaskInstance:
    """`ti`: results of tasks before it, by the names that the importer found in the callable; what it pushes becomes a part of its output."""

    def __init__(self, context, results, task):
        self.dag_id = context.get("dag")
        self.task_id = context.get("task")
        self.run_id = context.get("run")
        self.try_number = task.attempt
        self.max_tries = task.attempts - 1
        self.map_index = -1
        self.task = task
        self._results = results
        self.pushed = {}

    def xcom_push(self, key, value, **_):
        self.pushed[key] = value

    def xcom_pull(self, task_ids=None, key="return_value", default=None, **_):
        if isinstance(task_ids, (list, tuple)):
            return [self.xcom_pull(one, key, default=default) for one in task_ids]
        if task_ids not in self._results:
            raise Abort(f"the result of {task_ids!r} was not handed over: add it to `results` in the input of this task")
        found = self._results[task_ids]
        if isinstance(found, dict) and set(found) == {"xcom"}:
            return found["xcom"].get(key, default)
        return found if key == "return_value" else found.get(key, default) if isinstance(found, dict) else default


class Part(dict):
    """`dag_run.conf`, `dag.dag_id`: by attribute and by key."""

    def __getattr__(self, name):
        try:
            return self[name]
        except KeyError:
            raise AttributeError(name) from None


def current_context():
    found = getattr(_current, "context", None)
    if found is None:
        raise RuntimeError("there is no context outside of a task")
    return found


def call_with_context(function, input, task, is_sensor=False, is_bash=False, is_asset=False):
    """`input`: `args`, `kwargs`, `spread` (more of these), `context`, `results`, `templates_dict`, `pushes`, `poke`."""
    context = context_of(input, task)
    args, kwargs = list(input.get("args") or []), {**(input.get("kwargs") or {}), **(input.get("spread") or {})}
    if is_asset:  # `self` is the asset that it makes, other names are assets that it reads
        names = [name for name in inspect.signature(function).parameters if name not in context or name == "self"]
        kwargs = {name: context if name == "context" else Asset(function.__name__ if name == "self" else name) for name in names}
    _current.context = context
    try:
        output = function(*args, **kwargs, **wanted(function, args, kwargs, context))
    finally:
        _current.context = None
    if inspect.iscoroutine(output):
        output = asyncio.run(output)
    if inspect.isgenerator(output):
        output = context["outlet_events"].take(output)
    context["outlet_events"].tell(task)
    if is_sensor:
        done = getattr(output, "is_done", output)
        if not done:
            raise not_yet(input)
        return getattr(output, "xcom_value", output if output is not True else None)
    if is_bash:
        return bash(output, task)
    if input.get("pushes"):
        return {"xcom": {**context["ti"].pushed, "return_value": output}}
    return output


def call_operator(does, input, task):
    """An operator of the file, or one that is known here: made anew with what the file gave it and what the input says."""
    context = context_of(input, task)
    arguments = {**does.given, **(input.get("kwargs") or {}), **(input.get("spread") or {})}
    known = DONE_HERE.get(does.made.__name__)
    _current.context = context
    try:
        if known is not None:
            act, waits = known
            output = act(arguments, context)
        else:
            made = does.made(task_id=(input.get("context") or {}).get("task"), **arguments)
            waits = not hasattr(does.made, "execute") and hasattr(does.made, "poke")
            output = next(getattr(made, name) for name in ("execute", "poke", "choose_branch") if hasattr(does.made, name))(context)
    finally:
        _current.context = None
    if waits:
        if not getattr(output, "is_done", output):
            raise not_yet(input)
        return getattr(output, "xcom_value", None)
    context["outlet_events"].tell(task)
    return {"xcom": {**context["ti"].pushed, "return_value": output}} if input.get("pushes") else output


def context_of(input, task):
    said = input.get("context") or {}
    logical = moment(said.get("logical_date"))
    interval = said.get("interval") or {}
    start, end = moment(interval.get("start")) or logical, moment(interval.get("end")) or logical
    params = Part({**(said.get("defaults") or {}), **(said.get("params") or {})})
    ti = TaskInstance(said, input.get("results") or {}, task)
    found = {
        "params": params, "ti": ti, "task_instance": ti, "run_id": said.get("run"), "dag": Part(dag_id=said.get("dag")), "task": Part(task_id=said.get("task")),
        "dag_run": Part(conf=params, run_id=said.get("run"), logical_date=logical, execution_date=logical, data_interval_start=start, data_interval_end=end),
        "templates_dict": input.get("templates_dict"), "data_interval_start": start, "data_interval_end": end, "outlet_events": OutletEvents(), "inlet_events": InletEvents(),
        "task_instance_key_str": "__".join(str(one) for one in (said.get("dag"), said.get("task"), logical.strftime("%Y%m%d") if logical else "")),
        "task_state_store": TaskStateStore(task), "partition_key": said.get("partition"),
    }
    for name in ("triggering_asset_events", "triggering_dataset_events"):
        found[name] = triggering(said.get("assetEvents"))
    found["dag_run"]["partition_key"] = said.get("partition")
    if logical is not None:
        found.update({
            "logical_date": logical, "execution_date": logical, "ds": logical.strftime("%Y-%m-%d"), "ds_nodash": logical.strftime("%Y%m%d"), "ts": logical.isoformat(),
            "ts_nodash": logical.strftime("%Y%m%dT%H%M%S"), "ts_nodash_with_tz": logical.strftime("%Y%m%dT%H%M%S%z"),
        })
    return found


def wanted(function, args, kwargs, context):
    """Of the context: what it has parameters for; all of it where it takes any name."""
    parameters = inspect.signature(function).parameters
    if any(one.kind is one.VAR_KEYWORD for one in parameters.values()):
        positional = list(parameters)[: len(args)]
        return {name: value for name, value in context.items() if name not in kwargs and name not in positional}
    taken = set(list(parameters)[: len(args)]) | set(kwargs)
    return {name: context[name] for name, one in parameters.items() if name in context and name not in taken and one.kind in (one.POSITIONAL_OR_KEYWORD, one.KEYWORD_ONLY)}


def moment(text):
    if not isinstance(text, str):
        return None
    try:
        at = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        return None
    at = at if at.tzinfo else at.replace(tzinfo=timezone.utc)
    try:
        import pendulum

        return pendulum.instance(at)
    except ImportError:
        return at


def bash(command, task):
    """`@task.bash`: the callable gives the command; its result is the last line that this prints."""
    ended = subprocess.run(["/bin/bash", "-c", command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    for line in ended.stdout.splitlines():
        task.log.info(line)
    if ended.returncode == SKIPS:
        raise Skip(f"the command ended with {SKIPS}")
    if ended.returncode != 0:
        raise RuntimeError(f"the command ended with {ended.returncode}")
    lines = ended.stdout.splitlines()
    return lines[-1] if lines else ""
