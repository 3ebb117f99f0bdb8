"""Names of Airflow, of `datetime` and of pendulum."""

from datetime import datetime, timezone, timedelta

from values import Duration, Moment

DAG_NAMES = {"DAG"}
TASK_DECORATORS = {
    "task", "task.python", "task.bash", "task.branch", "task.short_circuit", "task.sensor", "task.virtualenv", "task.external_python", "task.branch_virtualenv",
    "task.branch_external_python", "task.docker", "task.kubernetes", "task.run_if", "task.skip_if", "task.kubernetes_cmd", "task.stub", "task.pyspark", "task.llm",
}
ASSETS = {"Asset", "Dataset"}
THINGS = {
    "Param", "AssetAlias", "DatasetAlias", "AssetAny", "AssetAll", "DatasetAny", "DatasetAll", "AssetOrTimeSchedule", "DatasetOrTimeSchedule",
    "CronDataIntervalTimetable", "CronTriggerTimetable", "DeltaDataIntervalTimetable", "DeltaTriggerTimetable", "MultipleCronTriggerTimetable",
    "ContinuousTimetable", "EventsTimetable", "AssetWatcher", "PartitionedAssetTimetable", "CronPartitionTimetable", "Variable",
    "PartitionedAtRuntime", "DeadlineAlert", "AsyncCallback", "SyncCallback",
}


def is_operator(symbol):
    name = symbol.name
    return name.endswith(("Operator", "Sensor", "SensorAsync", "Transfer", "ExternalTaskMarker", "BranchOperator")) and name[:1].isupper() and not name.startswith("Base")


def duration_of(symbol, arguments, options):
    if symbol.name not in ("timedelta", "duration"):
        return None
    names = ("days", "seconds", "microseconds", "milliseconds", "minutes", "hours", "weeks")
    given = {**dict(zip(names, arguments)), **options}
    if not all(isinstance(value, (int, float)) for value in given.values()) or not set(given) <= set(names):
        return None
    try:
        return Duration(timedelta(**given).total_seconds())
    except OverflowError:
        return None


def time_of(symbol, arguments, options):
    """`datetime.time(15, 0)`, `pendulum.time(15)`: of a day, as text."""
    if symbol.path not in ("datetime.time", "pendulum.time"):
        return None
    parts = {**dict(zip(("hour", "minute", "second"), arguments)), **options}
    if not set(parts) <= {"hour", "minute", "second"} or not all(isinstance(value, int) for value in parts.values()):
        return None
    return ":".join(f"{parts.get(name, 0):02}" for name in ("hour", "minute", "second"))


def moment_of(symbol, arguments, options):
    """`datetime(2021, 1, 1)`, `pendulum.datetime(2021, 1, 1, tz="UTC")`, `timezone.datetime(...)`. Without a zone it is UTC, as in Airflow."""
    if symbol.name == "parse" and arguments and isinstance(arguments[0], str):
        return Moment(arguments[0])
    if symbol.name not in ("datetime", "DateTime"):
        return None
    zone = options.get("tz", options.get("tzinfo"))
    parts = {**dict(zip(("year", "month", "day", "hour", "minute", "second"), arguments)), **options}
    parts = {name: value for name, value in parts.items() if name in ("year", "month", "day", "hour", "minute", "second")}
    if not all(isinstance(value, int) for value in parts.values()):
        return None
    try:
        at = datetime(**{"month": 1, "day": 1, **parts}, tzinfo=timezone.utc)
    except (TypeError, ValueError):
        return None
    name = zone if isinstance(zone, str) else None
    if zone is not None and name is None:
        name = next((one for one in getattr(zone, "arguments", []) if isinstance(one, str)), None)
    return Moment(at.strftime("%Y-%m-%dT%H:%M:%S"), name)
