"""When schedules are due."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
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


@given(
    hours=st.lists(st.integers(0, 23), min_size=1, max_size=4),
    minute=st.integers(0, 59),
    days=st.lists(st.integers(1, 28), min_size=1, max_size=4),
    offset=st.integers(0, 10**8),
)
def test_the_next_time_is_the_earliest_that_matches(
    hours: list[int], minute: int, days: list[int], offset: int
) -> None:
    expression = parse(f"cron({minute} {','.join(map(str, hours))} {','.join(map(str, days))} * ? *)")
    moment = START + timedelta(seconds=offset)
    due = expression.after(moment, START)
    assert due is not None
    assert due > moment
    earlier = moment.replace(second=0, microsecond=0) + timedelta(minutes=1)
    step = timedelta(hours=1)
    candidate = earlier.replace(minute=minute)
    while candidate < due:
        assert candidate < earlier or not (candidate.hour in hours and candidate.day in days)
        candidate += step
    assert (due.minute, due.hour in hours, due.day in days) == (minute, True, True)
