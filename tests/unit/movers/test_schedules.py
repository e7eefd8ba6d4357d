"""When the schedule of a described task starts it next."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from pydantic import JsonValue

from datamover_crds import JsonObject
from datamover_operator.movers.plan.schedules import next_start

NOW = datetime(2025, 1, 15, 12, 30, 10, tzinfo=UTC)
CREATED = "2025-01-01T06:20:30.500Z"


def scheduled(expression: str, **members: JsonValue) -> JsonObject:
    task: JsonObject = {"schedule": {"scheduleExpression": expression, "status": "ENABLED"}, "creationTime": CREATED}
    return task | members


def test_cron() -> None:
    assert next_start(scheduled("cron(0 10 ? * 3#2 *)"), NOW) == "2025-02-11T10:00:00Z"


def test_a_rate_counts_from_the_tasks_creation_and_is_never_told_too_early() -> None:
    assert next_start(scheduled("rate(12 hours)"), NOW) == "2025-01-15T18:20:31Z"


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
        scheduled("at(2025-02-01T00:00:00)"),
        scheduled("rate(999999999 days)"),
        scheduled("cron(0 10 30 2 ? *)"),
    ],
)
def test_no_next_start(task: JsonObject | None) -> None:
    assert next_start(task, NOW) is None
