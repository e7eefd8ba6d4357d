"""When a schedule starts, as EventBridge's documentation explains its expressions, and what is wrong with others.

Four readings of the grammar stand beside each other: the models' parser, the patterns and CEL that the API server
checks, the emulator's, and a slow one here, minute by minute.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from datamover_crds.schedule_rules import CRON_FORM, CRON_PARTS, HOURLY_RATE, RATE_FORM, RATE_PARTS
from datamover_crds.schedules import Part, ScheduleError, parse, problems
from datasync_emulator.errors import ApiError
from datasync_emulator.executions import cron as emulated
from tests.support.schedules import BAD, DUE, GOOD, expressions, is_due, runs_over_the_end

NOW = datetime(2025, 1, 15, 12, 30, 10, tzinfo=UTC)  # a Wednesday
SET = datetime(2025, 1, 1, 6, 20, 30, tzinfo=UTC)
MOMENTS = st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


@pytest.mark.parametrize(("fields", "expected"), DUE)
def test_cron(fields: str, expected: str | None) -> None:
    due = parse(f"cron({fields})").after(NOW, SET)
    assert (due.strftime("%Y-%m-%dT%H:%M") if due is not None else None) == expected


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("rate(1 hour)", datetime(2025, 1, 15, 13, 20, 30, tzinfo=UTC)),
        ("rate(90 minutes)", datetime(2025, 1, 15, 13, 50, 30, tzinfo=UTC)),
        ("rate(12 hours)", datetime(2025, 1, 15, 18, 20, 30, tzinfo=UTC)),
        ("rate(1 day)", datetime(2025, 1, 16, 6, 20, 30, tzinfo=UTC)),
        ("rate(30 days)", datetime(2025, 1, 31, 6, 20, 30, tzinfo=UTC)),
        ("rate(999999999 days)", None),
    ],
)
def test_a_rate_counts_from_when_it_was_set(expression: str, expected: datetime | None) -> None:
    assert parse(expression).after(NOW, SET) == expected


@pytest.mark.parametrize("expression", GOOD)
def test_what_eventbridge_takes(expression: str) -> None:
    assert problems(expression) == frozenset()
    emulated.check(expression)


@pytest.mark.parametrize(("expression", "parts"), BAD)
def test_each_part_that_is_wrong_is_told(expression: str, parts: set[Part]) -> None:
    assert problems(expression) == parts
    with pytest.raises(ScheduleError) as refused:
        parse(expression)
    assert set(refused.value.parts) == parts
    with pytest.raises(ApiError):
        emulated.check(expression)


@given(expressions())
@example("rate(1 minutes)")
@settings(max_examples=300, deadline=None)
def test_the_api_servers_patterns_say_what_the_parser_says(expression: str) -> None:
    found = problems(expression)
    is_cron, is_rate = re.fullmatch(CRON_FORM, expression), re.fullmatch(RATE_FORM, expression)
    assert ("form" in found) is not bool(is_cron or is_rate)
    for patterns, holds in ((CRON_PARTS, is_cron), (RATE_PARTS, is_rate)):
        for part, pattern in patterns.items():
            assert (part in found) is bool(holds and not re.fullmatch(pattern, expression)), part
    if is_rate and not found - {"spacing"}:
        assert ("spacing" in found) is (re.fullmatch(HOURLY_RATE, expression) is None)


@given(expressions(), MOMENTS)
@settings(max_examples=200, deadline=None)
def test_the_emulator_agrees(expression: str, now: datetime) -> None:
    """Apart from ranges that run over the end, which it refuses."""
    if problems(expression):
        with pytest.raises(ApiError):
            emulated.parse(expression)
    elif not runs_over_the_end(expression):
        assert parse(expression).after(now, SET) == emulated.parse(expression).after(now, SET)


@given(expressions(), MOMENTS)
@settings(max_examples=120, deadline=None)
def test_a_slow_reading_agrees(expression: str, now: datetime) -> None:
    """Every minute until the next start, 60 days at most, is not due; the start itself is."""
    if problems(expression) or not expression.startswith("cron("):
        return
    due = parse(expression).after(now, SET)
    end = now + timedelta(days=60)
    minute = int(re.findall("[0-9]+", expression.replace("cron(*", "cron(0"))[0])
    hour = now.replace(minute=minute, second=0, microsecond=0)
    expected = None
    while expected is None and hour <= end:
        if hour > now and is_due(expression, hour):
            expected = hour
        hour += timedelta(hours=1)
    assert (due if due is not None and due <= end else None) == expected


@given(expressions(), MOMENTS)
@settings(max_examples=120, deadline=None)
def test_starts_are_an_hour_apart(expression: str, now: datetime) -> None:
    if problems(expression):
        return
    schedule = parse(expression)
    first = schedule.after(now, SET)
    second = schedule.after(first, SET) if first is not None else None
    assert second is None or first is None or second - first >= timedelta(hours=1)


@given(expressions(), MOMENTS, st.timedeltas(timedelta(0), timedelta(days=400)))
@settings(max_examples=100, deadline=None)
def test_the_next_start_stays_until_its_time_has_come(expression: str, now: datetime, later: timedelta) -> None:
    due = None if problems(expression) else parse(expression).after(now, SET)
    if due is None:
        return
    assert now < due
    assert parse(expression).after(min(now + later, due - timedelta(seconds=1)), SET) == due
