"""When DataSync's schedule starts a described task next."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from datamover_crds import from_timestamp
from datamover_crds.schedules import parse
from datamover_operator.controller.plan.conditions import timestamp

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime


def next_start(task: Mapping[str, object] | None, after: datetime) -> str | None:
    """The first start later than `after`, as a timestamp.

    None where there is no schedule, or none that is enabled, that ever starts again, or that can be read. DataSync
    does not tell where a rate counts from; taken is ScheduleDetails.StatusUpdateTime (when the schedule was set or
    enabled), else the task's creation, so that the answer stays the same until its time has come.
    """
    schedule = task.get("schedule") if task is not None else None
    if task is None or not isinstance(schedule, dict) or schedule.get("status") == "DISABLED":
        return None
    try:
        expression, anchor = parse(str(schedule.get("scheduleExpression", ""))), _anchor(task)
    except ValueError:
        return None
    due = expression.after(after, anchor)
    return timestamp(_whole_second(due)) if due is not None else None


def _anchor(task: Mapping[str, object]) -> datetime:
    """Raises ValueError where the task tells no time."""
    details = task.get("scheduleDetails")
    known = details.get("statusUpdateTime") if isinstance(details, dict) else None
    return from_timestamp(str(known or task.get("creationTime")))


def _whole_second(due: datetime) -> datetime:
    """As everything in a status; rounded up, so that it never lies before the real start."""
    return due if due.microsecond == 0 else due.replace(microsecond=0) + timedelta(seconds=1)
