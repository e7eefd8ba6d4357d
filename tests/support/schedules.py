"""Schedule expressions, good and bad, and a slow reading of them that shares nothing with the others."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Final, get_args

from hypothesis import strategies as st

from datamover_crds.schedule_rules import SCHEDULE_RULES
from datamover_crds.schedules import Part

# Fields, and the first start after 2025-01-15T12:30:10Z, a Wednesday.
DUE: Final[list[tuple[str, str | None]]] = [
    ("0 4 * * ? *", "2025-01-16T04:00"),
    ("30 12 * * ? *", "2025-01-16T12:30"),
    ("31 12 * * ? *", "2025-01-15T12:31"),
    ("0 * * * ? *", "2025-01-15T13:00"),
    ("0/60 * * * ? *", "2025-01-15T13:00"),
    ("*/60 * * * ? *", "2025-01-15T13:00"),
    ("45/15 * * * ? *", "2025-01-15T12:45"),
    ("20-40/21 * * * ? *", "2025-01-15T13:20"),
    ("0 0/6 * * ? *", "2025-01-15T18:00"),
    ("0 5/10 * * ? *", "2025-01-15T15:00"),
    ("15 */8 * * ? *", "2025-01-15T16:15"),
    ("0 9-17/4 * * ? *", "2025-01-15T13:00"),
    ("0 22-2 * * ? *", "2025-01-15T22:00"),
    ("0 1,23 * * ? *", "2025-01-15T23:00"),
    ("0 10 1 * ? *", "2025-02-01T10:00"),
    ("0 10 1,20 * ? *", "2025-01-20T10:00"),
    ("0 10 31 * ? *", "2025-01-31T10:00"),
    ("0 10 31 2-4 ? *", "2025-03-31T10:00"),
    ("0 10 29 FEB ? *", "2028-02-29T10:00"),
    ("0 10 L * ? *", "2025-01-31T10:00"),
    ("0 10 l feb ? *", "2025-02-28T10:00"),
    ("0 10 LW 5 ? *", "2025-05-30T10:00"),
    ("0 10 15W * ? *", "2025-02-14T10:00"),  # the 15th is today and over; February's is a Saturday
    ("0 10 16w 2 ? *", "2025-02-17T10:00"),  # a Sunday
    ("0 10 1W 2 ? *", "2025-02-03T10:00"),  # a Saturday, and Friday is of another month
    ("0 10 31W 8 ? *", "2025-08-29T10:00"),  # a Sunday, and Monday is of another month
    ("0 10 31W 2-3 ? *", "2025-03-31T10:00"),
    ("0 10 ? * MON *", "2025-01-20T10:00"),
    ("0 10 ? * 2 *", "2025-01-20T10:00"),
    ("0 10 ? * 1 *", "2025-01-19T10:00"),
    ("0 10 ? * 7 *", "2025-01-18T10:00"),
    ("0 18 ? * MON-FRI *", "2025-01-15T18:00"),
    ("0 10 ? * sat,sun *", "2025-01-18T10:00"),
    ("0 10 ? * FRI-MON *", "2025-01-17T10:00"),
    ("0 10 ? * L *", "2025-01-18T10:00"),
    ("0 10 ? * 6L *", "2025-01-31T10:00"),
    ("0 10 ? * FRIL *", "2025-01-31T10:00"),
    ("0 10 ? * 3#1 *", "2025-02-04T10:00"),
    ("0 10 ? * 3#2 *", "2025-02-11T10:00"),
    ("0 10 ? * WED#5 *", "2025-01-29T10:00"),
    ("0 10 ? 2/3 THU *", "2025-02-06T10:00"),
    ("0 10 1 1 ? 2027", "2027-01-01T10:00"),
    ("0 10 1 1 ? 2024,2026-2030/4", "2026-01-01T10:00"),
    ("0 10 1 1 ? 2199", "2199-01-01T10:00"),
    ("0 10 1 1 ? 2024", None),
    ("0 10 30 2 ? *", None),
    ("0 10 * * ? 2025", "2025-01-16T10:00"),
]

GOOD: Final = [
    *(f"cron({fields})" for fields, _ in DUE if not any(span in fields for span in ("22-2", "FRI-MON"))),
    "cron(05 00 01 01 ? 1970)",
    "cron(59 23 * JAN-DEC ? 1970-2199)",
    "cron(5,5 1,1 1,1 1,1 ? 2030,2030)",
    "cron(30-30 9-9 * * ? *)",
    "cron(0/9999 0/24 1/31 1/12 ? 2025/9999)",
    "cron(0 9 ? JAN,mar-MAY,9/2 SUN,2-4,FRI/1 2026-2030/2,2040)",
    "rate(1 hour)",
    "rate(2 hours)",
    "rate(1 day)",
    "rate(7 days)",
    "rate(60 minutes)",
    "rate(999999999 days)",
]

BAD: Final[list[tuple[str, set[Part]]]] = [
    ("0 4 * * *", {"form"}),
    ("cron(0 4 * * ?)", {"form"}),
    ("cron(0 4 * * ? * *)", {"form"}),
    ("cron(0  4 * * ? *)", {"form"}),
    ("cron(0 4 * * ? *) ", {"form"}),
    ("cron(0 4 * * ? *)\n", {"form"}),
    ("cron(\u0660 4 * * ? *)", {"form"}),
    ("Cron(0 4 * * ? *)", {"form"}),
    ("at(2030-01-01T00:00:00)", {"form"}),
    ("rate(1 week)", {"form"}),
    ("rate(0 hours)", {"form"}),
    ("rate(1.5 hours)", {"form"}),
    ("rate(1hour)", {"form"}),
    ("@daily", {"form"}),
    ("cron 0 4 * * ? *", {"form"}),
    ("rate(-1 days)", {"form"}),
    ("Rate(1 day)", {"form"}),
    ("cron(60 4 * * ? *)", {"minutes"}),
    ("cron(0/0 4 * * ? *)", {"minutes"}),
    ("cron(5- 4 * * ? *)", {"minutes"}),
    ("cron(? 4 * * ? *)", {"minutes"}),
    ("cron(0 24 * * ? *)", {"hours"}),
    ("cron(0 8-25 * * ? *)", {"hours"}),
    ("cron(0 4 * * * *)", {"days"}),
    ("cron(0 4 ? * ? *)", {"days"}),
    ("cron(0 4 0 * ? *)", {"days"}),
    ("cron(0 4 32 * ? *)", {"days"}),
    ("cron(0 4 32W * ? *)", {"days"}),
    ("cron(0 4 1,L * ? *)", {"days"}),
    ("cron(0 4 W * ? *)", {"days"}),
    ("cron(0 4 ? * 0 *)", {"days"}),
    ("cron(0 4 ? * 8 *)", {"days"}),
    ("cron(0 4 ? * 3#6 *)", {"days"}),
    ("cron(0 4 ? * 3#1,6#3 *)", {"days"}),
    ("cron(0 4 ? * MONDAY *)", {"days"}),
    ("cron(0 4 1 13 ? *)", {"months"}),
    ("cron(0 4 1 JUNE ? *)", {"months"}),
    ("cron(0 4 1 ? ? *)", {"months"}),
    ("cron(0 4 * * ? 1969)", {"years"}),
    ("cron(0 4 * * ? 2200)", {"years"}),
    ("cron(0 4 * * ? 26)", {"years"}),
    ("cron(* 4 * * ? *)", {"spacing"}),
    ("cron(0/59 4 * * ? *)", {"spacing"}),
    ("cron(0,30 4 * * ? *)", {"spacing"}),
    ("cron(0-1 4 * * ? *)", {"spacing"}),
    ("cron(20-41/21 4 * * ? *)", {"spacing"}),
    ("rate(59 minutes)", {"spacing"}),
    ("rate(1 minute)", {"spacing"}),
    ("rate(1 hours)", {"unit"}),
    ("rate(2 hour)", {"unit"}),
    ("rate(60 minute)", {"unit"}),
    ("cron(0/5 25 * 13 * 1)", {"spacing", "hours", "days", "months", "years"}),
]


def said(*parts: Part) -> str:
    """What the first of the rules that are broken says."""
    return next(rule.message for part, rule in zip(get_args(Part), SCHEDULE_RULES, strict=True) if part in parts)


_WEEKDAYS: Final = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_MONTHS: Final = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")


def _fields(low: int, high: int, words: tuple[str, ...] = ()) -> st.SearchStrategy[str]:
    number = st.one_of(st.integers(low, high).map(str), *([st.sampled_from(words)] if words else []))
    span = st.tuples(number, number).map("-".join)
    step = st.integers(1, 75).map(str)
    stepped = st.tuples(span | number | st.just("*"), step).map("/".join)
    return st.just("*") | st.lists(number | span | stepped, min_size=1, max_size=3).map(",".join)


@st.composite
def expressions(draw: st.DrawFn) -> str:
    """Mostly what DataSync takes; one in four has a part that is drawn from anything."""
    if draw(st.integers(0, 9)) == 0:
        return f"rate({draw(st.sampled_from((0, 1, 2, 59, 60, 61, 1440)))} {draw(st.sampled_from(_UNITS))})"
    weekday = st.integers(1, 7).map(str) | st.sampled_from(_WEEKDAYS)
    month_days = _fields(1, 31) | st.sampled_from(("L", "LW")) | st.integers(1, 31).map("{}W".format)
    week_days = (
        _fields(1, 7, _WEEKDAYS)
        | st.just("L")
        | weekday.map("{}L".format)
        | st.tuples(weekday, st.integers(1, 5).map(str)).map("#".join)
    )
    minute = st.integers(0, 59)
    fields = [
        draw(minute.map(str) | minute.map(lambda first: f"{first}/{60 - first}") | minute.map("{0}-{0},{0}".format)),
        draw(_fields(0, 23)),
        *draw(st.tuples(month_days, st.just("?")) | st.tuples(st.just("?"), week_days)),
        draw(st.just("*") | _fields(2024, 2030)),
    ]
    fields.insert(3, draw(_fields(1, 12, _MONTHS)))
    if draw(st.integers(0, 3)) == 0:
        fields[draw(st.integers(0, 5))] = draw(
            _fields(0, 62) | st.text("0123456789*?,-/#LWMON", min_size=1, max_size=6)
        )
    return f"cron({' '.join(fields)})"


_UNITS: Final = ("minute", "minutes", "hour", "hours", "day", "days", "weeks")


def runs_over_the_end(expression: str) -> bool:
    """Whether a good expression holds a range such as FRI-MON."""
    plain = _as_numbers(_as_numbers(expression.upper(), _WEEKDAYS), _MONTHS)
    return any(int(first) > int(last) for first, last in re.findall("([0-9]+)-([0-9]+)", plain))


def is_due(expression: str, moment: datetime) -> bool:
    """Whether a good cron expression starts a task at a minute."""
    minutes, hours, dom, months, dow, years = expression.removeprefix("cron(").removesuffix(")").upper().split(" ")
    return (
        _holds(minutes, moment.minute, 0, 59)
        and _holds(hours, moment.hour, 0, 23)
        and _holds(_as_numbers(months, _MONTHS), moment.month, 1, 12)
        and _holds(years, moment.year, 1970, 2199)
        and (dom == "?" or _is_day_of_month(dom, moment))
        and (dow == "?" or _is_day_of_week(_as_numbers(dow, _WEEKDAYS), moment))
    )


def _as_numbers(field: str, words: tuple[str, ...]) -> str:
    for number, word in enumerate(words, start=1):
        field = field.replace(word, str(number))
    return field


def _holds(field: str, value: int, low: int, high: int) -> bool:
    for part in field.split(","):
        span, _, step = part.partition("/")
        first, _, last = span.replace("*", f"{low}-{high}").partition("-")
        start, end, size = int(first), int(last or (high if step else first)), high - low + 1
        covered = range(start, end + (size if end < start else 0) + 1, int(step or 1))
        if value in covered or value + size in covered:
            return True
    return False


def _is_day_of_month(field: str, moment: datetime) -> bool:
    month = [day for n in range(31) if (day := moment.replace(day=1) + timedelta(days=n)).month == moment.month]
    if field == "L":
        return moment == month[-1]
    if field.endswith("W"):
        wanted = len(month) if field == "LW" else int(field[:-1])
        working = [day for day in month if day.isoweekday() < 6]
        return wanted <= len(month) and min(working, key=lambda day: abs(day.day - wanted)) == moment
    return _holds(field, moment.day, 1, 31)


def _is_day_of_week(field: str, moment: datetime) -> bool:
    today = moment.isoweekday() % 7 + 1
    if field == "L":
        return today == 7
    if field.endswith("L"):
        return today == int(field[:-1]) and (moment + timedelta(days=7)).month != moment.month
    if "#" in field:
        wanted, week = field.split("#")
        return today == int(wanted) and (moment.day + 6) // 7 == int(week)
    return _holds(field, today, 1, 7)
