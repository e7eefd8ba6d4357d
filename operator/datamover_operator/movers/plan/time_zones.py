"""Schedules in a time zone, told to DataSync in UTC, which is all that it knows.

The expression follows the offset that holds at the next start, so it is another one after the clocks have changed: it
is compared at each look at the mover, of which there is one after each start. Where no expression says the same (a
start moves to another day in UTC, or the new expression would start once more before the clocks change) the next start
alone is told, and the one after it when that is over.

A time that the clocks skip is taken by the offset before the change, and of a time that comes twice the first one.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from datamover_crds import DataMoverSpec
from datamover_crds.schedules import WEEKDAYS, Cron, ScheduleError, parse

_DAY = 24 * 60
_EVERY_DAY = frozenset({"*", "?"})


def is_time_zone(name: str) -> bool:
    """Whether a time zone of this name is known (IANA's names)."""
    try:
        ZoneInfo(name)
    except (ValueError, OSError, KeyError):  # ZoneInfoNotFoundError is a KeyError
        return False
    return True


def expression_in_utc(spec: DataMoverSpec, now: datetime) -> str | None:
    """The schedule expression to tell DataSync; None where there is none, or none in a time zone."""
    schedule = spec.schedule
    if schedule is None or schedule.time_zone is None or not is_time_zone(schedule.time_zone):
        return None
    try:
        cron = parse(schedule.schedule_expression)
    except ScheduleError:
        return None
    zone = ZoneInfo(schedule.time_zone)
    start = _next_start(cron, zone, now) if isinstance(cron, Cron) else None
    if start is None or not isinstance(cron, Cron):
        return None
    offset = start.utcoffset() or timedelta()
    fields = schedule.schedule_expression.removeprefix("cron(").removesuffix(")").upper().split(" ")
    shifted = _shifted(cron, fields, int(offset.total_seconds() // 60))
    return shifted if shifted is not None and parse(shifted).after(now, now) == start else _only(start)


def _next_start(cron: Cron, zone: ZoneInfo, now: datetime) -> datetime | None:
    """The next start, in the zone. The expression counts in the zone's wall-clock time, which passes for UTC here."""
    wall = now.astimezone(zone).replace(tzinfo=UTC)
    for _ in range(2):  # where the clocks are put back, a start may lie behind us by the wall clock alone
        due = cron.after(wall, wall)
        if due is None:
            return None
        start = due.replace(tzinfo=zone)
        if start.astimezone(UTC) > now:
            return start
        wall = due
    return None


def _shifted(cron: Cron, fields: list[str], offset: int) -> str | None:
    """The expression, `offset` minutes earlier; None where no expression says that."""
    moments = [hour * 60 + cron.minute - offset for hour in cron.hours]
    days = {moment // _DAY for moment in moments}
    _, _, day_of_month, months, day_of_week, years = fields
    is_daily = {day_of_month, day_of_week} <= _EVERY_DAY and months == years == "*"
    if days != {0} and not is_daily:
        is_weekly = day_of_month == "?" and months == years == "*" and len(days) == 1
        weekdays = _weekdays(day_of_week) if is_weekly else None
        if weekdays is None:
            return None
        (shift,) = days
        day_of_week = ",".join(str((day - 1 + shift) % WEEKDAYS.high + 1) for day in weekdays)
    hours = "*" if is_daily and len(moments) == 24 else _list(moment % _DAY // 60 for moment in moments)  # noqa: PLR2004
    return f"cron({moments[0] % 60} {hours} {day_of_month} {months} {day_of_week} {years})"


def _weekdays(field: str) -> tuple[int, ...] | None:
    """The days of the week that a field lists; None where it counts weeks of the month."""
    try:
        return WEEKDAYS.numbers(field)
    except ScheduleError:
        return None


def _list(hours: Iterable[int]) -> str:
    return ",".join(str(hour) for hour in sorted(set(hours)))


def _only(start: datetime) -> str:
    """One start."""
    at = start.astimezone(UTC)
    return f"cron({at.minute} {at.hour} {at.day} {at.month} ? {at.year})"
