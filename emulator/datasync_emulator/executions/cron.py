"""When a schedule expression is due: EventBridge's cron(…) and rate(…), in UTC. Pure.

Source: EventBridge user guide, "Cron expressions" and "Rate expressions"; DataSync's own rules (user guide,
"Scheduling"): at least one hour apart, no at(…).
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from datasync_emulator.errors import ApiError, invalid_request

_MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]
_WEEKDAYS = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"]
_UNITS = {"minute": timedelta(minutes=1), "hour": timedelta(hours=1), "day": timedelta(days=1)}
_RATE = re.compile(r"rate\((\d{1,9}) (minute|hour|day)(s?)\)")
_CRON = re.compile(r"cron\((\S+) (\S+) (\S+) (\S+) (\S+) (\S+)\)")
_LAST_YEAR = 2199
_GREATEST_STEP = 9999  # a step beyond the field's range leaves its first value alone

DayTest = Callable[[date], bool]


@dataclass(frozen=True, slots=True)
class Rate:
    """Every so often, counted from when the schedule was set."""

    every: timedelta

    def after(self, moment: datetime, start: datetime) -> datetime | None:
        """The first due time later than `moment`."""
        return start + self.every * ((moment - start) // self.every + 1)


@dataclass(frozen=True, slots=True)
class Cron:
    """At one minute of certain hours, on the days of certain months and years that the day test accepts."""

    minute: int
    hours: tuple[int, ...]
    months: tuple[int, ...]
    years: tuple[int, ...]
    is_due_on: DayTest

    def after(self, moment: datetime, start: datetime) -> datetime | None:  # noqa: ARG002 - cron has no beginning
        """The first due time later than `moment`; None where there is none."""
        for day in self._days(moment.date()):
            for hour in self.hours:
                due = datetime(day.year, day.month, day.day, hour, self.minute, tzinfo=moment.tzinfo)
                if due > moment:
                    return due
        return None

    def _days(self, first: date) -> Iterator[date]:
        """The days from the first one on that it is due on."""
        for year in self.years:
            for month in self.months:
                if (year, month) < (first.year, first.month):
                    continue
                for number in range(1, calendar.monthrange(year, month)[1] + 1):
                    day = date(year, month, number)
                    if day >= first and self.is_due_on(day):
                        yield day


Expression = Rate | Cron


def parse(expression: str) -> Expression:
    """Read an expression.

    Raises:
        ApiError: InvalidRequestException naming what is wrong and what is accepted.
    """
    if rate := _RATE.fullmatch(expression):
        return _rate(expression, int(rate[1]), rate[2], plural=bool(rate[3]))
    if cron := _CRON.fullmatch(expression):
        try:
            return _cron(cron.groups())
        except ValueError as error:
            raise _refused(expression, str(error)) from None
    raise _refused(expression, "write cron(minutes hours day-of-month month day-of-week year) or rate(value unit)")


def check(expression: str) -> None:
    """Refuse what `parse` refuses."""
    parse(expression)


def _rate(expression: str, value: int, unit: str, *, plural: bool) -> Rate:
    if value < 1 or plural is (value == 1):
        raise _refused(expression, "the unit is minute, hour or day for 1, minutes, hours or days for more")
    every = value * _UNITS[unit]
    if every < timedelta(hours=1):
        raise _refused(expression, "a schedule must be at least 1 hour apart")
    return Rate(every)


def _cron(fields: Sequence[str]) -> Cron:
    minutes, hours, dom, month, dow, year = fields
    if (dom == "?") is (dow == "?"):
        message = "exactly one of day-of-month and day-of-week must be ?"
        raise ValueError(message)
    at = sorted(_numbers("minutes", minutes, 0, 59))
    if len(at) != 1:
        message = (
            f"minutes: {minutes} stands for {len(at)} minutes of the hour; a schedule must be at least 1 hour apart"
        )
        raise ValueError(message)
    months = _numbers("month", month, 1, 12, _MONTHS)
    years = _numbers("year", year, 1970, _LAST_YEAR)
    return Cron(
        minute=at[0],
        hours=tuple(sorted(_numbers("hours", hours, 0, 23))),
        months=tuple(sorted(months)),
        years=tuple(sorted(years)),
        is_due_on=_day_of_week(dow) if dom == "?" else _day_of_month(dom),
    )


def _numbers(name: str, field: str, low: int, high: int, words: list[str] | None = None) -> frozenset[int]:
    return frozenset(number for part in field.split(",") for number in _range(name, part, low, high, words))


def _range(name: str, part: str, low: int, high: int, words: list[str] | None) -> Iterator[int]:
    span, slash, step = part.partition("/")
    if span == "*":
        first, last = low, high
    else:
        start, dash, end = span.partition("-")
        first = _number(name, start, low, high, words)
        last = _number(name, end, low, high, words) if dash else (high if slash else first)
    if last < first:
        message = f"{name}: {part} runs backwards"
        raise ValueError(message)
    yield from range(first, last + 1, _number(name, step, 1, _GREATEST_STEP) if slash else 1)


def _number(name: str, text: str, low: int, high: int, words: list[str] | None = None) -> int:
    if words and text.upper() in words:
        return low + words.index(text.upper())
    if not re.fullmatch(r"\d{1,4}", text, re.ASCII) or not low <= int(text) <= high:
        message = f"{name}: '{text}' is not a number from {low} to {high}"
        raise ValueError(message)
    return int(text)


def _day_of_month(field: str) -> DayTest:
    if field.upper() == "L":
        return lambda day: day.day == _days_in(day)
    if field.upper() == "LW":
        return lambda day: day == _nearest_weekday(day, _days_in(day))
    if nearest := re.fullmatch(r"(\d{1,2})W", field, re.ASCII | re.IGNORECASE):
        wanted = _number("day-of-month", nearest[1], 1, 31)
        return lambda day: day == _nearest_weekday(day, wanted)
    days = _numbers("day-of-month", field, 1, 31)
    return lambda day: day.day in days


def _day_of_week(field: str) -> DayTest:
    if field.upper() == "L":
        return lambda day: _weekday(day) == len(_WEEKDAYS)
    if last := re.fullmatch(r"(\w+)L", field, re.ASCII | re.IGNORECASE):
        wanted = _number("day-of-week", last[1], 1, 7, _WEEKDAYS)
        return lambda day: _weekday(day) == wanted and day.day + 7 > _days_in(day)
    if nth := re.fullmatch(r"(\w+)#(\d)", field, re.ASCII):
        wanted, week = _number("day-of-week", nth[1], 1, 7, _WEEKDAYS), _number("day-of-week", nth[2], 1, 5)
        return lambda day: _weekday(day) == wanted and (day.day - 1) // 7 + 1 == week
    days = _numbers("day-of-week", field, 1, 7, _WEEKDAYS)
    return lambda day: _weekday(day) in days


def _weekday(day: date) -> int:
    """1 is Sunday, 7 Saturday."""
    return day.isoweekday() % 7 + 1


def _days_in(day: date) -> int:
    return calendar.monthrange(day.year, day.month)[1]


def _nearest_weekday(day: date, wanted: int) -> date | None:
    """The Monday to Friday nearest to the wanted day of the same month."""
    if wanted > _days_in(day):
        return None
    target = day.replace(day=wanted)
    shifts = {6: (-1, 2), 7: (1, -2)}.get(target.isoweekday(), (0,))
    for shift in shifts:
        moved = target + timedelta(days=shift)
        if moved.month == day.month:
            return moved
    return None


def _refused(expression: str, reason: str) -> ApiError:
    return invalid_request(f"Invalid schedule expression '{expression}': {reason}.")
