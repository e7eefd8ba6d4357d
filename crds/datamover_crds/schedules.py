"""When DataSync's schedule starts a task: EventBridge's cron(…) and rate(…), in UTC, at least one hour apart.

    parse("cron(0 3 ? * MON-FRI *)").after(now)

Sources: API_TaskSchedule; EventBridge user guide, "Cron expressions" and "Rate expressions". The console takes `LW` and
names in any case, too, as Quartz does, whose grammar this is. Whether AWS takes a range that runs over the end, such as
`FRI-MON`, is not documented: it is read as Quartz reads it, and AWS has the last word.

No library fits: EventBridge's days of the week are 1-7 from Sunday, and it has years, `?`, L, W and #.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Final, Literal

Part = Literal["form", "minutes", "hours", "days", "months", "years", "unit", "spacing"]
"""What can be wrong with an expression."""

CHARACTERS: Final = "[0-9A-Za-z*?,/#-]"
_CRON: Final = re.compile(f"cron[(]({CHARACTERS}+(?: {CHARACTERS}+){{5}})[)]")
_RATE: Final = re.compile("rate[(]([1-9][0-9]{0,8}) (minute|hour|day)(s?)[)]")
_ELEMENT: Final = re.compile("(?:[*]|([0-9A-Z]+)(?:-([0-9A-Z]+))?)(?:/([1-9][0-9]{0,3}))?")
_HOUR: Final = timedelta(hours=1)
_SATURDAY, _SUNDAY = 6, 7
_WEEK: Final = 7

DayTest = Callable[[date], bool]


class ScheduleError(ValueError):
    """An expression that DataSync does not take; `parts` says in what."""

    def __init__(self, *parts: Part) -> None:
        """Tell each part that is wrong."""
        super().__init__(f"wrong in a schedule expression: {', '.join(parts)}")
        self.parts = parts


@dataclass(frozen=True, slots=True)
class Field:
    """The numbers that stand in a field, and their names."""

    part: Part
    low: int
    high: int
    words: tuple[str, ...] = ()

    def number(self, text: str) -> int:
        """Read a number or a name, in capitals. Raises ScheduleError."""
        if text in self.words:
            return self.low + self.words.index(text)
        if not (text.isdecimal() and len(text) <= len(str(self.high)) and self.low <= int(text) <= self.high):
            raise ScheduleError(self.part)
        return int(text)

    def numbers(self, text: str) -> tuple[int, ...]:
        """Read a list of `*`, `5`, `1-5`, `MON-FRI`, `0/6` and `*/2`, in order. Raises ScheduleError."""
        return tuple(sorted({number for element in text.split(",") for number in self._element(element)}))

    def _element(self, text: str) -> Iterator[int]:
        found = _ELEMENT.fullmatch(text)
        if found is None:
            raise ScheduleError(self.part)
        start, end, step = found.groups()
        first = self.low if start is None else self.number(start)
        is_open = end is None and (start is None or step is not None)
        last = self.high if is_open else first if end is None else self.number(end)
        size = self.high - self.low + 1
        for number in range(first, last + (size if last < first else 0) + 1, int(step or 1)):
            yield self.low + (number - self.low) % size


MINUTES: Final = Field("minutes", 0, 59)
HOURS: Final = Field("hours", 0, 23)
DAYS: Final = Field("days", 1, 31)
MONTH_NAMES: Final = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
MONTHS: Final = Field("months", 1, 12, MONTH_NAMES)
WEEKDAY_NAMES: Final = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
WEEKDAYS: Final = Field("days", 1, 7, WEEKDAY_NAMES)
YEARS: Final = Field("years", 1970, 2199)


@dataclass(frozen=True, slots=True)
class Rate:
    """Every so often, counted from when the schedule was set."""

    every: timedelta

    def after(self, moment: datetime, anchor: datetime) -> datetime | None:
        """The first start later than `moment`; None beyond the calendar."""
        try:
            return anchor + self.every * ((moment - anchor) // self.every + 1)
        except OverflowError:
            return None


@dataclass(frozen=True, slots=True)
class Cron:
    """At one minute of certain hours, on certain days."""

    minute: int
    hours: tuple[int, ...]
    months: tuple[int, ...]
    years: tuple[int, ...]
    is_due_on: DayTest

    def after(self, moment: datetime, anchor: datetime) -> datetime | None:  # noqa: ARG002 - counts from nothing
        """The first start later than `moment`; None where there is none."""
        starts = (
            datetime.combine(day, time(hour, self.minute), UTC)
            for day in self._days(moment.astimezone(UTC).date())
            for hour in self.hours
        )
        return next((start for start in starts if start > moment), None)

    def _days(self, first: date) -> Iterator[date]:
        """The days from the first one on that a start is due on, in order."""
        for year, month in ((year, month) for year in self.years for month in self.months):
            if (year, month) < (first.year, first.month):
                continue
            for number in range(1, calendar.monthrange(year, month)[1] + 1):
                day = date(year, month, number)
                if day >= first and self.is_due_on(day):
                    yield day


Schedule = Rate | Cron


@lru_cache(maxsize=4096)
def parse(expression: str) -> Schedule:
    """Read an expression. Raises ScheduleError."""
    if rate := _RATE.fullmatch(expression):
        return _rate(int(rate[1]), rate[2], plural=bool(rate[3]))
    if cron := _CRON.fullmatch(expression):
        return _cron(cron[1].upper().split(" "))
    raise ScheduleError("form")


@lru_cache(maxsize=4096)
def problems(expression: str) -> frozenset[Part]:
    """What is wrong with an expression."""
    try:
        parse(expression)
    except ScheduleError as error:
        return frozenset(error.parts)
    return frozenset()


def _rate(value: int, unit: str, *, plural: bool) -> Rate:
    if plural is (value == 1):
        raise ScheduleError("unit")
    every = timedelta(**{f"{unit}s": value})
    if every < _HOUR:
        raise ScheduleError("spacing")
    return Rate(every)


def _cron(fields: Sequence[str]) -> Cron:
    minutes, hours, day_of_month, months, day_of_week, years = fields
    wrong: list[Part] = []

    def read(field: Field, text: str) -> tuple[int, ...]:
        try:
            return field.numbers(text)
        except ScheduleError as error:
            wrong.extend(error.parts)
            return ()

    at = read(MINUTES, minutes)
    if len(at) > 1:
        wrong.append("spacing")
    rest = read(HOURS, hours), read(MONTHS, months), read(YEARS, years)
    try:
        is_due_on = _day_test(day_of_month, day_of_week)
    except ScheduleError as error:
        raise ScheduleError(*wrong, *error.parts) from None
    if wrong:
        raise ScheduleError(*wrong)
    return Cron(at[0], *rest, is_due_on)


def _day_test(day_of_month: str, day_of_week: str) -> DayTest:
    """Exactly one of the two is `?`."""
    if (day_of_month == "?") is (day_of_week == "?"):
        raise ScheduleError("days")
    return _day_of_week(day_of_week) if day_of_month == "?" else _day_of_month(day_of_month)


def _day_of_month(field: str) -> DayTest:
    if field == "L":
        return lambda day: day.day == _last_of(day)
    if field == "LW":
        return lambda day: day == _nearest_weekday(day.replace(day=_last_of(day)))
    if field.endswith("W"):
        wanted = DAYS.number(field.removesuffix("W"))
        return lambda day: wanted <= _last_of(day) and day == _nearest_weekday(day.replace(day=wanted))
    days = DAYS.numbers(field)
    return lambda day: day.day in days


def _day_of_week(field: str) -> DayTest:
    weekday, hash_sign, nth = field.partition("#")
    if hash_sign:
        wanted, week = WEEKDAYS.number(weekday), Field("days", 1, 5).number(nth)
        return lambda day: _weekday(day) == wanted and (day.day - 1) // _WEEK + 1 == week
    if field == "L":
        return lambda day: _weekday(day) == WEEKDAYS.high
    if field.endswith("L"):
        last = WEEKDAYS.number(field.removesuffix("L"))
        return lambda day: _weekday(day) == last and day.day + _WEEK > _last_of(day)
    days = WEEKDAYS.numbers(field)
    return lambda day: _weekday(day) in days


def _weekday(day: date) -> int:
    """1 is Sunday, 7 Saturday."""
    return day.isoweekday() % 7 + 1


def _last_of(day: date) -> int:
    return calendar.monthrange(day.year, day.month)[1]


def _nearest_weekday(day: date) -> date:
    """The Monday to Friday nearest to a day, within its month."""
    if day.isoweekday() == _SATURDAY:
        return day - timedelta(days=1) if day.day > 1 else day + timedelta(days=2)
    if day.isoweekday() == _SUNDAY:
        return day + timedelta(days=1) if day.day < _last_of(day) else day - timedelta(days=2)
    return day
