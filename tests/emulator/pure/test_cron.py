"""When schedules are due."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datasync_emulator.errors import ApiError
from datasync_emulator.executions.cron import parse

START = datetime(2024, 2, 27, 13, 30, tzinfo=UTC)  # a Tuesday, in a leap year


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("cron(0 12 * * ? *)", ["2024-02-28T12:00", "2024-02-29T12:00", "2024-03-01T12:00"]),
        ("cron(45 13,20 * * ? *)", ["2024-02-27T13:45", "2024-02-27T20:45", "2024-02-28T13:45"]),
        ("cron(30 13 * * ? *)", ["2024-02-28T13:30", "2024-02-29T13:30"]),
        ("cron(0 8-20/6 ? * MON-FRI *)", ["2024-02-27T14:00", "2024-02-27T20:00", "2024-02-28T08:00"]),
        ("cron(0 0 1 * ? *)", ["2024-03-01T00:00", "2024-04-01T00:00"]),
        ("cron(0 0 L * ? *)", ["2024-02-29T00:00", "2024-03-31T00:00", "2024-04-30T00:00"]),
        ("cron(0 0 31 * ? *)", ["2024-03-31T00:00", "2024-05-31T00:00"]),
        ("cron(0 0 29 2 ? *)", ["2024-02-29T00:00", "2028-02-29T00:00"]),
        ("cron(0 0 ? * SUN *)", ["2024-03-03T00:00", "2024-03-10T00:00"]),
        ("cron(0 0 ? * 1 *)", ["2024-03-03T00:00"]),
        ("cron(0 0 ? * 6L *)", ["2024-03-29T00:00", "2024-04-26T00:00"]),
        ("cron(0 0 ? * L *)", ["2024-03-02T00:00"]),
        ("cron(0 0 ? * TUE#2 *)", ["2024-03-12T00:00", "2024-04-09T00:00"]),
        ("cron(0 0 2W * ? *)", ["2024-03-01T00:00", "2024-04-02T00:00"]),
        ("cron(0 0 1W * ? *)", ["2024-03-01T00:00", "2024-04-01T00:00", "2024-05-01T00:00", "2024-06-03T00:00"]),
        ("cron(0 0 31W * ? *)", ["2024-03-29T00:00", "2024-05-31T00:00"]),
        ("cron(0 0 1 JAN,jul ? 2025/2)", ["2025-01-01T00:00", "2025-07-01T00:00", "2027-01-01T00:00"]),
        ("cron(0 */8 * * ? *)", ["2024-02-27T16:00", "2024-02-28T00:00", "2024-02-28T08:00"]),
        ("cron(0/60 * * * ? *)", ["2024-02-27T14:00", "2024-02-27T15:00", "2024-02-27T16:00"]),
        ("cron(*/90 12 * * ? *)", ["2024-02-28T12:00", "2024-02-29T12:00"]),
        ("cron(0 12 ? * 3#1 *)", ["2024-03-05T12:00", "2024-04-02T12:00"]),
        ("cron(0 12 ? * mon,WED-FRI *)", ["2024-02-28T12:00", "2024-02-29T12:00", "2024-03-01T12:00"]),
        ("cron(0 12 ? * MONL *)", ["2024-03-25T12:00", "2024-04-29T12:00"]),
        ("cron(0 12 1-7/3 * ? *)", ["2024-03-01T12:00", "2024-03-04T12:00", "2024-03-07T12:00", "2024-04-01T12:00"]),
        ("cron(0 12 29 2 ? 2097-2104)", ["2104-02-29T12:00"]),
        ("rate(1 hour)", ["2024-02-27T14:30", "2024-02-27T15:30"]),
        ("rate(90 minutes)", ["2024-02-27T15:00", "2024-02-27T16:30"]),
        ("rate(7 days)", ["2024-03-05T13:30"]),
    ],
)
def test_due_times(expression: str, expected: list[str]) -> None:
    parsed, moment, due = parse(expression), START, []
    for _ in expected:
        following = parsed.after(moment, START)
        assert following is not None
        moment = following
        due.append(moment.strftime("%Y-%m-%dT%H:%M"))
    assert due == expected


def test_what_is_over_is_never_due() -> None:
    assert parse("cron(0 0 1 1 ? 2020)").after(START, START) is None


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        ("", "write cron("),
        ("at(2024-01-01T00:00:00)", "write cron("),
        ("cron(0 12 * * ?)", "write cron("),
        ("rate(1 hours)", "the unit is"),
        ("rate(2 hour)", "the unit is"),
        ("rate(0 hours)", "the unit is"),
        ("rate(59 minutes)", "at least 1 hour apart"),
        ("cron(* 12 * * ? *)", "at least 1 hour apart"),
        ("cron(0/30 12 * * ? *)", "at least 1 hour apart"),
        ("cron(60 12 * * ? *)", "minutes: '60' is not a number from 0 to 59"),
        ("cron(0 24 * * ? *)", "hours: '24' is not a number from 0 to 23"),
        ("cron(0 12 * * * *)", "exactly one of day-of-month and day-of-week must be ?"),
        ("cron(0 12 ? * ? *)", "exactly one of day-of-month and day-of-week must be ?"),
        ("cron(0 12 0 * ? *)", "day-of-month: '0' is not a number from 1 to 31"),
        ("cron(0 12 * FOO ? *)", "month: 'FOO' is not a number from 1 to 12"),
        ("cron(0 12 ? * 8 *)", "day-of-week: '8' is not a number from 1 to 7"),
        ("cron(0 12 ? * MON#6 *)", "day-of-week: '6' is not a number from 1 to 5"),
        ("cron(0 12 5-1 * ? *)", "day-of-month: 5-1 runs backwards"),
        ("cron(0 12 * * ? 1969)", "year: '1969' is not a number from 1970 to 2199"),
    ],
)
def test_expressions_that_are_refused(expression: str, reason: str) -> None:
    with pytest.raises(ApiError) as refused:
        parse(expression)
    assert refused.value.code == "InvalidRequestException"
    assert reason in refused.value.message


# A second reading of the grammar, minute by minute, that shares nothing with the first.

DAY_NAMES = {name: number for number, name in enumerate(["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"], start=1)}


def is_due(expression: str, moment: datetime) -> bool:
    """Whether a cron expression matches a minute."""
    minutes, hours, dom, month, dow, year = expression.removeprefix("cron(").removesuffix(")").split(" ")
    return (
        in_field(minutes, moment.minute, 0)
        and in_field(hours, moment.hour, 0)
        and in_field(month, moment.month, 1)
        and in_field(year, moment.year, 1970)
        and (dom == "?" or day_of_month_matches(dom, moment))
        and (dow == "?" or day_of_week_matches(dow, moment))
    )


def in_field(field: str, value: int, lowest: int) -> bool:
    for part in field.split(","):
        span, _, step = part.partition("/")
        first, _, last = span.replace("*", f"{lowest}-9999").partition("-")
        low, high = int(first), int(last or (9999 if step else first))
        if low <= value <= high and (value - low) % int(step or 1) == 0:
            return True
    return False


def day_of_month_matches(field: str, moment: datetime) -> bool:
    if field == "L":
        return (moment + timedelta(days=1)).day == 1
    if field.endswith("W"):
        wanted = int(field[:-1])
        month = [moment.replace(day=1) + timedelta(days=n) for n in range(31)]
        weekdays = [day for day in month if day.month == moment.month and day.weekday() < 5]
        exists = any(day.month == moment.month and day.day == wanted for day in month)
        return exists and min(weekdays, key=lambda day: abs(day.day - wanted)).day == moment.day
    return in_field(field, moment.day, 1)


def day_of_week_matches(field: str, moment: datetime) -> bool:
    for name, number in DAY_NAMES.items():
        field = field.replace(name, str(number))
    today = moment.isoweekday() % 7 + 1
    if field == "L":
        return today == 7
    if field.endswith("L"):
        return today == int(field[:-1]) and (moment + timedelta(days=7)).month != moment.month
    if "#" in field:
        wanted, week = field.split("#")
        return today == int(wanted) and (moment.day + 6) // 7 == int(week)
    return in_field(field, today, 1)


def fields(low: int, high: int) -> st.SearchStrategy[str]:
    number = st.integers(low, high)
    spans = st.tuples(number, number).map(lambda ends: f"{min(ends)}-{max(ends)}")
    stepped = st.tuples(spans | number.map(str) | st.just("*"), st.integers(1, 70)).map(
        lambda pair: "/".join(map(str, pair))
    )
    return st.lists(number.map(str) | spans | stepped, min_size=1, max_size=3).map(",".join) | st.just("*")


weekdays = st.integers(1, 7).map(str) | st.sampled_from([*DAY_NAMES])
days = st.one_of(
    st.tuples(fields(1, 31) | st.just("L") | st.integers(1, 31).map(lambda day: f"{day}W"), st.just("?")),
    st.tuples(
        st.just("?"),
        fields(1, 7)
        | st.just("L")
        | weekdays.map(lambda day: f"{day}L")
        | st.tuples(weekdays, st.integers(1, 5)).map(lambda pair: f"{pair[0]}#{pair[1]}"),
    ),
)


@settings(max_examples=200, deadline=None)
@given(
    minute=st.integers(0, 59),
    hours=fields(0, 23),
    day=days,
    month=fields(1, 12),
    offset=st.integers(0, 3 * 365 * 24 * 60),
)
def test_two_readings_of_the_grammar_agree(
    minute: int, hours: str, day: tuple[str, str], month: str, offset: int
) -> None:
    expression = f"cron({minute} {hours} {day[0]} {month} {day[1]} *)"
    moment = START + timedelta(minutes=offset)
    due = parse(expression).after(moment, START)
    candidate = moment.replace(minute=minute) - timedelta(hours=1)
    end = moment + timedelta(days=60)
    expected = None
    while expected is None and (candidate := candidate + timedelta(hours=1)) <= end:
        if candidate > moment and is_due(expression, candidate):
            expected = candidate
    assert (due if due is not None and due <= end else None) == expected


@given(minutes=fields(0, 59))
def test_less_than_an_hour_apart_is_refused(minutes: str) -> None:
    moment = START.replace(minute=0)
    times = [minute for minute in range(60) if in_field(minutes, minute, 0)]
    expression = f"cron({minutes} * * * ? *)"
    if len(times) == 1:
        assert parse(expression).after(moment - timedelta(minutes=1), START) == moment + timedelta(minutes=times[0])
    else:
        with pytest.raises(ApiError, match="at least 1 hour apart"):
            parse(expression)
