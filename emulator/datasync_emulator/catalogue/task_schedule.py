"""A task's schedule, as requests give it and descriptions show it. Pure."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from datasync_emulator.catalogue.records import Schedule
from datasync_emulator.messages import JsonObject

ScheduleCheck = Callable[[str], None]
"""Raises ApiError for an expression that DataSync refuses."""


def read(given: JsonObject | None, now: datetime, check: ScheduleCheck) -> Schedule | None:
    """Read a Schedule structure; an empty expression clears the schedule.

    Raises:
        ApiError: as `check` does.
    """
    if not given or not given["ScheduleExpression"]:
        return None
    check(given["ScheduleExpression"])
    enabled = given.get("Status", "ENABLED") == "ENABLED"
    return Schedule(given["ScheduleExpression"], enabled, now, None if enabled else "USER")


def same(one: Schedule | None, other: Schedule | None) -> bool:
    """Whether a schedule is merely sent again, so that it goes on as it was."""
    if one is None or other is None:
        return one is other
    return (one.expression, one.enabled) == (other.expression, other.enabled)


def describe(schedule: Schedule | None) -> JsonObject:
    """Give the members of DescribeTask that are about the schedule."""
    if schedule is None:
        return {}
    details = {
        "StatusUpdateTime": schedule.changed,
        "DisabledBy": schedule.disabled_by,
        "DisabledReason": schedule.disabled_reason,
    }
    status = "ENABLED" if schedule.enabled else "DISABLED"
    return {
        "Schedule": {"ScheduleExpression": schedule.expression, "Status": status},
        "ScheduleDetails": {name: value for name, value in details.items() if value is not None},
    }
