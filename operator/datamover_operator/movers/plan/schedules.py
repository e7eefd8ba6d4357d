"""When DataSync's schedule starts a task next: EventBridge's cron(…) and rate(…), in UTC.

Sources: EventBridge user guide, "Cron expressions" and "Rate expressions"; TaskSchedule in the DataSync API reference.
No library fits: EventBridge's days of the week are 1-7 from Sunday, and it has years, `?`, L, W and #.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from datamover_crds import from_timestamp
from datamover_operator.controller.plan.conditions import timestamp

_RATE = re.compile(r"rate\(([0-9]{1,9}) (minute|hour|day)s?\)")
_CRON = re.compile(r"cron\((\S+) (\S+) (\S+) (\S+) (\S+) (\S+)\)")
_SPAN = re.compile(r"(?P<every>\*)|(?P<first>\w+)(-(?P<last>\w+))?")
_NEAREST = re.compile(r"([0-9]{1,2})W")
_LAST = re.compile(r"([1-7]|[A-Z]{3})L")
_NTH = re.compile(r"([1-7]|[A-Z]{3})#([1-5])")
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_WEEKDAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_DECEMBER = 12
_SATURDAY, _SUNDAY = 6, 7


def next_start(task: Mapping[str, object] | None, after: datetime) -> str | None:
    """The first start later than `after` by the schedule of a described task, as a timestamp.

    None where there is no schedule, or none that is enabled, that ever starts again, or that can be read. DataSync
    does not tell where a rate counts from; taken is ScheduleDetails.StatusUpdateTime (when the schedule was set or
    enabled), else the task's creation, so that the answer stays the same until its time has come.
    """
    schedule = task.get("schedule") if task is not None else None
    if task is None or not isinstance(schedule, dict) or schedule.get("status") == "DISABLED":
        return None
    expression = str(schedule.get("scheduleExpression", ""))
    try:
        if rate := _RATE.fullmatch(expression):
            every = timedelta(**{f"{rate[2]}s": int(rate[1])})
            return timestamp(_next_of_rate(every, _anchor(task), after))
        if cron := _CRON.fullmatch(expression):
            starts = _starts(_Cron.parse(*cron.groups()), after.astimezone(UTC))
            return next((timestamp(start) for start in starts if start > after), None)
    except (ValueError, ArithmeticError):  # beyond what AWS accepts, or beyond the calendar
        pass
    return None


def _anchor(task: Mapping[str, object]) -> datetime:
    details = task.get("scheduleDetails")
    known = details.get("statusUpdateTime") if isinstance(details, dict) else None
    return from_timestamp(str(known or task.get("creationTime")))


def _next_of_rate(every: timedelta, anchor: datetime, after: datetime) -> datetime:
    """Whole seconds, as everything in a status; rounded up, so that it never lies before the real start."""
    due = anchor + every * ((after - anchor) // every + 1)
    return due if due.microsecond == 0 else due.replace(microsecond=0) + timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class _Cron:
    """A cron expression with its numbers spelled out; the fields of days are left as they are."""

    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    day_of_month: str
    months: tuple[int, ...]
    day_of_week: str
    years: tuple[int, ...]

    @classmethod
    def parse(cls, *fields: str) -> _Cron:
        """Read the six fields. Raises ValueError."""
        minutes, hours, day_of_month, months, day_of_week, years = (field.upper() for field in fields)
        return cls(
            minutes=_numbers(minutes, 0, 59),
            hours=_numbers(hours, 0, 23),
            day_of_month=day_of_month,
            months=_numbers(months, 1, _DECEMBER, _MONTHS),
            day_of_week=day_of_week,
            years=_numbers(years, 1970, 2199),
        )


def _starts(cron: _Cron, after: datetime) -> Iterator[datetime]:
    """Every start from the beginning of `after`'s day on, in order."""
    today = after.date()
    months = ((year, month) for year in cron.years for month in cron.months)
    for year, month in months:
        if (year, month) < (today.year, today.month):
            continue
        for day in _days(cron, year, month):
            if day < today:
                continue
            for hour in cron.hours:
                yield from (datetime.combine(day, time(hour, minute), UTC) for minute in cron.minutes)


def _days(cron: _Cron, year: int, month: int) -> list[date]:
    """The days of a month on which the task starts."""
    last = calendar.monthrange(year, month)[1]
    if cron.day_of_month == "?":
        return [day for day in _dates(year, month) if _is_due_by_weekday(cron.day_of_week, day, last)]
    if cron.day_of_month == "L":
        return [date(year, month, last)]
    if cron.day_of_month == "LW":
        return [max(day for day in _dates(year, month) if day.isoweekday() < _SATURDAY)]
    if nearest := _NEAREST.fullmatch(cron.day_of_month):
        return [_nearest_weekday(date(year, month, int(nearest[1])), last)] if int(nearest[1]) <= last else []
    numbers = _numbers(cron.day_of_month, 1, 31)
    return [day for day in _dates(year, month) if day.day in numbers]


def _dates(year: int, month: int) -> list[date]:
    return [date(year, month, day) for day in range(1, calendar.monthrange(year, month)[1] + 1)]


def _is_due_by_weekday(field: str, day: date, last: int) -> bool:
    weekday = day.isoweekday() % 7 + 1
    if field == "L":
        return weekday == len(_WEEKDAYS)
    if final := _LAST.fullmatch(field):
        return weekday == _number(final[1], 1, _WEEKDAYS) and day.day + 7 > last
    if nth := _NTH.fullmatch(field):
        return weekday == _number(nth[1], 1, _WEEKDAYS) and (day.day - 1) // 7 + 1 == int(nth[2])
    return weekday in _numbers(field, 1, 7, _WEEKDAYS)


def _nearest_weekday(day: date, last: int) -> date:
    """The Monday to Friday nearest to a day, within its month."""
    if day.isoweekday() == _SATURDAY:
        return day - timedelta(days=1) if day.day > 1 else day + timedelta(days=2)
    if day.isoweekday() == _SUNDAY:
        return day + timedelta(days=1) if day.day < last else day - timedelta(days=2)
    return day


def _numbers(field: str, low: int, high: int, words: tuple[str, ...] = ()) -> tuple[int, ...]:
    """The numbers that a list of `*`, `5`, `1-5`, `MON-FRI`, `0/6` and `*/2` names; a range may run over the end."""
    found: set[int] = set()
    for item in field.split(","):
        span, slash, step = item.partition("/")
        parts = _SPAN.fullmatch(span)
        if parts is None:
            raise ValueError(field)
        first = low if parts["every"] else _number(parts["first"], low, words)
        last = _number(parts["last"], low, words) if parts["last"] else high if parts["every"] or slash else first
        if not (low <= first <= high and low <= last <= high):
            raise ValueError(field)
        size = high - low + 1
        end = last if first <= last else last + size
        found |= {low + (number - low) % size for number in range(first, end + 1, int(step) if slash else 1)}
    return tuple(sorted(found))


def _number(text: str, low: int, words: tuple[str, ...] = ()) -> int:
    return low + words.index(text) if text in words else int(text)
