"""When a schedule starts next, as EventBridge's documentation explains its expressions."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import JsonValue

from datamover_crds import JsonObject, from_timestamp
from datamover_crds.schedules import SCHEDULE_PATTERN
from datamover_operator.movers.plan.schedules import next_start

NOW = datetime(2025, 1, 15, 12, 30, 10, tzinfo=UTC)  # a Wednesday
CREATED = "2025-01-01T06:20:30.500Z"


def scheduled(expression: str, **members: JsonValue) -> JsonObject:
    task: JsonObject = {"schedule": {"scheduleExpression": expression, "status": "ENABLED"}, "creationTime": CREATED}
    return task | members


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ("0 4 * * ? *", "2025-01-16T04:00:00Z"),
        ("30 12 * * ? *", "2025-01-16T12:30:00Z"),
        ("31 12 * * ? *", "2025-01-15T12:31:00Z"),
        ("0 * * * ? *", "2025-01-15T13:00:00Z"),
        ("0 0/6 * * ? *", "2025-01-15T18:00:00Z"),
        ("0 5/10 * * ? *", "2025-01-15T15:00:00Z"),
        ("15 */8 * * ? *", "2025-01-15T16:15:00Z"),
        ("0 9-17/4 * * ? *", "2025-01-15T13:00:00Z"),
        ("0 22-2 * * ? *", "2025-01-15T22:00:00Z"),
        ("0 1,23 * * ? *", "2025-01-15T23:00:00Z"),
        ("0 10 1 * ? *", "2025-02-01T10:00:00Z"),
        ("0 10 1,20 * ? *", "2025-01-20T10:00:00Z"),
        ("0 10 31 * ? *", "2025-01-31T10:00:00Z"),
        ("0 10 31 2-4 ? *", "2025-03-31T10:00:00Z"),
        ("0 10 29 FEB ? *", "2028-02-29T10:00:00Z"),
        ("0 10 L * ? *", "2025-01-31T10:00:00Z"),
        ("0 10 L feb ? *", "2025-02-28T10:00:00Z"),
        ("0 10 LW 5 ? *", "2025-05-30T10:00:00Z"),
        ("0 10 15W * ? *", "2025-02-14T10:00:00Z"),  # the 15th is today and over; February's is a Saturday
        ("0 10 16W 2 ? *", "2025-02-17T10:00:00Z"),  # a Sunday
        ("0 10 1W 2 ? *", "2025-02-03T10:00:00Z"),  # a Saturday, and Friday is of another month
        ("0 10 31W 8 ? *", "2025-08-29T10:00:00Z"),  # a Sunday, and Monday is of another month
        ("0 10 31W 2-3 ? *", "2025-03-31T10:00:00Z"),
        ("0 10 ? * MON *", "2025-01-20T10:00:00Z"),
        ("0 10 ? * 2 *", "2025-01-20T10:00:00Z"),
        ("0 10 ? * 1 *", "2025-01-19T10:00:00Z"),
        ("0 10 ? * 7 *", "2025-01-18T10:00:00Z"),
        ("0 18 ? * MON-FRI *", "2025-01-15T18:00:00Z"),
        ("0 10 ? * sat,sun *", "2025-01-18T10:00:00Z"),
        ("0 10 ? * FRI-MON *", "2025-01-17T10:00:00Z"),
        ("0 10 ? * L *", "2025-01-18T10:00:00Z"),
        ("0 10 ? * 6L *", "2025-01-31T10:00:00Z"),
        ("0 10 ? * FRIL *", "2025-01-31T10:00:00Z"),
        ("0 10 ? * 3#2 *", "2025-02-11T10:00:00Z"),
        ("0 10 ? * WED#5 *", "2025-01-29T10:00:00Z"),
        ("0 10 ? 2/3 THU *", "2025-02-06T10:00:00Z"),
        ("0 10 1 1 ? 2027", "2027-01-01T10:00:00Z"),
        ("0 10 1 1 ? 2024,2026-2030/4", "2026-01-01T10:00:00Z"),
        ("0 10 1 1 ? 2199", "2199-01-01T10:00:00Z"),
        ("0 10 1 1 ? 2024", None),
        ("0 10 30 2 ? *", None),
        ("0 10 * * ? 2025", "2025-01-16T10:00:00Z"),
        ("0 0/0 * * ? *", None),
        ("61 10 * * ? *", None),
        ("0 10 * MOON ? *", None),
        ("0 10 - * ? *", None),
    ],
)
def test_cron(fields: str, expected: str | None) -> None:
    assert next_start(scheduled(f"cron({fields})"), NOW) == expected


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("rate(1 hour)", "2025-01-15T13:20:31Z"),
        ("rate(12 hours)", "2025-01-15T18:20:31Z"),
        ("rate(90 minutes)", "2025-01-15T13:50:31Z"),
        ("rate(1 day)", "2025-01-16T06:20:31Z"),
        ("rate(30 days)", "2025-01-31T06:20:31Z"),
        ("rate(999999999 days)", None),
        ("rate(0 days)", None),
        ("at(2025-02-01T00:00:00)", None),
        ("", None),
    ],
)
def test_a_rate_counts_from_the_tasks_creation(expression: str, expected: str | None) -> None:
    assert next_start(scheduled(expression), NOW) == expected


def test_a_rate_counts_from_when_the_schedule_was_set_where_datasync_says_so() -> None:
    task = scheduled("rate(2 hours)", scheduleDetails={"statusUpdateTime": "2025-01-15T11:00:00.000Z"})
    assert next_start(task, NOW) == "2025-01-15T13:00:00Z"
    assert next_start(task, datetime(2025, 1, 15, 13, 0, tzinfo=UTC)) == "2025-01-15T15:00:00Z"


@pytest.mark.parametrize(
    "task",
    [
        None,
        {},
        {"schedule": {}},
        {"schedule": {"scheduleExpression": "cron(0 4 * * ? *)", "status": "DISABLED"}},
        {"schedule": {"scheduleExpression": "rate(1 hour)"}},
    ],
)
def test_no_next_start(task: JsonObject | None) -> None:
    assert next_start(task, NOW) is None


MOMENTS = st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
CRON = st.from_regex(re.compile(SCHEDULE_PATTERN, re.ASCII), fullmatch=True)


@given(CRON, MOMENTS, st.timedeltas(timedelta(0), timedelta(days=400)))
def test_the_next_start_stays_until_its_time_has_come(expression: str, now: datetime, later: timedelta) -> None:
    found = next_start(scheduled(expression), now)
    if found is None:
        return
    due = from_timestamp(found)
    assert now < due
    assert next_start(scheduled(expression), min(now + later, due - timedelta(seconds=1))) == found
    after = next_start(scheduled(expression), due)
    assert after is None or from_timestamp(after) > due
