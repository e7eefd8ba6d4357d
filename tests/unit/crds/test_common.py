"""Times and lengths of time."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datamover_crds import from_duration, from_timestamp, to_timestamp
from datamover_crds.schedules import SCHEDULE_PATTERN


def test_times_are_utc_with_milliseconds() -> None:
    instant = datetime(2025, 1, 31, 13, 0, 0, 123_456, tzinfo=timezone(timedelta(hours=1)))
    assert to_timestamp(instant) == "2025-01-31T12:00:00.123Z"


@given(st.datetimes(timezones=st.just(UTC)))
def test_times_survive_a_round_trip_to_the_millisecond(instant: datetime) -> None:
    back = from_timestamp(to_timestamp(instant))
    assert timedelta(0) <= instant - back < timedelta(milliseconds=1)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("720h", timedelta(days=30)),
        ("1d12h", timedelta(hours=36)),
        ("1d2h3m4s", timedelta(days=1, hours=2, minutes=3, seconds=4)),
        ("0s", timedelta(0)),
        ("99999d9999999h9999999m9999999s", timedelta(days=99999, hours=9999999, minutes=9999999, seconds=9999999)),
    ],
)
def test_lengths_of_time(text: str, expected: timedelta) -> None:
    assert from_duration(text) == expected


@pytest.mark.parametrize(
    "expression",
    [
        "cron(0 12 ? * SUN,WED *)",
        "cron(59 23 * * ? *)",
        "cron(05 0/6 1,15 jan-MAR ? 2026-2030)",
        "cron(0 18 LW * ? *)",
        "cron(0 18 15W * ? *)",
        "cron(15 10 ? * 6L *)",
        "cron(0 9 ? * 2#1 *)",
        "rate(1 hour)",
        "rate(60 minutes)",
        "rate(999999999 days)",
    ],
)
def test_schedules_that_eventbridge_takes(expression: str) -> None:
    assert re.fullmatch(SCHEDULE_PATTERN, expression)


@pytest.mark.parametrize(
    "expression",
    [
        "cron(0 12 ? * SUN)",
        "cron(0 12 ? * SUN * *)",
        "cron(0 12 * * * *)",
        "cron(0 12 ? * ? *)",
        "cron(0/30 * * * ? *)",
        "cron(0,30 * * * ? *)",
        "cron(* * * * ? *)",
        "cron(60 0 * * ? *)",
        "cron(0 24 * * ? *)",
        "cron(0 0 32 * ? *)",
        "cron(0 0 ? 13 MON *)",
        "cron(0 0 ? * 8 *)",
        "cron(0 0 ? * 2#6 *)",
        "cron(0  0 * * ? *)",
        "cron 0 0 * * ? *",
        "rate(59 minutes)",
        "rate(0 hours)",
        "rate(1 week)",
        "rate(1.5 hours)",
        "rate(-1 days)",
        "Rate(1 day)",
        "rate(1 day) ",
        "at(2030-01-01T00:00:00)",
        "",
    ],
)
def test_schedules_that_are_refused(expression: str) -> None:
    assert not re.fullmatch(SCHEDULE_PATTERN, expression)
