"""Small operators of Airflow that the Python worker does itself, under their names there; arguments as Airflow's documentation has them."""

import enum
from datetime import date, datetime, time, timedelta, timezone

from .jobs import Abort


class WeekDay(enum.IntEnum):
    MONDAY = 1
    TUESDAY = 2
    WEDNESDAY = 3
    THURSDAY = 4
    FRIDAY = 5
    SATURDAY = 6
    SUNDAY = 7

    @classmethod
    def get_weekday_number(cls, name):
        return cls[name.upper()]

    @classmethod
    def convert(cls, day):
        return cls[day.upper()] if isinstance(day, str) else cls(day)


def branch_date_time(arguments, context):
    """True between its two times, of a day or of the calendar."""
    now = _now(arguments, context)
    lower, upper = (_moment(arguments.get(name), now) for name in ("target_lower", "target_upper"))
    if lower is not None and upper is not None and upper < lower and not isinstance(_parsed(arguments["target_upper"]), datetime):
        upper += timedelta(days=1)
    return _branch(arguments, (upper is None or now <= upper) and (lower is None or now >= lower))


def branch_day_of_week(arguments, context):
    return _branch(arguments, _is_day(arguments, context))


def day_of_week(arguments, context):
    return _is_day(arguments, context)


def time_of_day(arguments, context):
    """From this time of the day on at which its run began."""
    target = _parsed(arguments.get("target_time"))
    if not isinstance(target, time):
        raise Abort("target_time is no time of a day")
    began = context["dag_run"].get("start_date") or datetime.now(timezone.utc)
    return datetime.now(timezone.utc) >= datetime.combine(began.date(), target, tzinfo=target.tzinfo or timezone.utc)


def latest_only(arguments, context):
    """Passes in the newest interval alone; a run that a person started has none."""
    start, end = context.get("data_interval_start"), context.get("data_interval_end")
    if start is None or end is None or start == end:
        return True
    return end < datetime.now(timezone.utc) <= end + (end - start)


def trigger_dag_run(arguments, context):
    run = context["ti"].task.start(arguments["trigger_dag_id"], arguments.get("conf"))
    return run.id


def _branch(arguments, holds):
    return arguments.get("follow_task_ids_if_true" if holds else "follow_task_ids_if_false")


def _is_day(arguments, context):
    days = arguments.get("week_day")
    days = [days] if isinstance(days, (str, int)) else days
    return _now(arguments, context).isoweekday() in {int(WeekDay.convert(one)) for one in days}


def _now(arguments, context):
    logical = any(arguments.get(name) for name in ("use_task_logical_date", "use_task_execution_date", "use_task_execution_day"))
    return (logical and context.get("logical_date")) or datetime.now(timezone.utc)


def _parsed(value):
    if isinstance(value, str):
        return time.fromisoformat(value) if ":" in value[:3] else datetime.fromisoformat(value.replace("Z", "+00:00"))
    return value


def _moment(value, now):
    value = _parsed(value)
    if isinstance(value, time):
        value = datetime.combine(now.date(), value)
    elif isinstance(value, date) and not isinstance(value, datetime):
        value = datetime.combine(value, time())
    return value if value is None or value.tzinfo else value.replace(tzinfo=timezone.utc)


#: By class, with whether it waits until it is true.
DONE_HERE = {
    "BranchDateTimeOperator": (branch_date_time, False), "BranchDayOfWeekOperator": (branch_day_of_week, False), "DayOfWeekSensor": (day_of_week, True),
    "TimeSensor": (time_of_day, True), "TimeSensorAsync": (time_of_day, True), "LatestOnlyOperator": (latest_only, False),
    "TriggerDagRunOperator": (trigger_dag_run, False),
}
