"""Times and lengths of time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datamover_crds import from_duration, from_timestamp, to_timestamp


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
