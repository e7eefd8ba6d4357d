"""What is remembered of the executions that are under way."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from datamover_crds import JsonObject
from datamover_operator.runs.executions import ExecutionCache

ARN = "arn:aws:datasync:eu-central-1:111122223333:task/task-00000000000000001/execution/exec-00000000000000001"
NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)


def described(bytes_per_second: int) -> JsonObject:
    return {"status": "TRANSFERRING", "options": {"bytesPerSecond": bytes_per_second, "verifyMode": "NONE"}}


@pytest.mark.parametrize(
    ("asked", "shown"),
    [
        pytest.param(9.0, 5, id="was on its way when the limit was set"),
        pytest.param(11.0, 7, id="was asked for after it: somebody else has set another limit"),
    ],
)
def test_a_limit_is_not_hidden_by_a_description_that_was_asked_for_before_it(asked: float, shown: int) -> None:
    cache = ExecutionCache()
    cache.put(ARN, described(-1), NOW, 1.0)
    cache.limited(ARN, 5, 10.0)
    assert cache.get(ARN) == described(5)
    cache.put(ARN, described(7), NOW, asked)
    assert cache.get(ARN) == described(shown)


def test_a_limit_goes_with_its_execution() -> None:
    cache = ExecutionCache()
    cache.limited(ARN, 5, 10.0)
    cache.keep_only(set())
    cache.put(ARN, described(7), NOW, 1.0)
    assert cache.get(ARN) == described(7)


def test_a_description_that_a_later_one_has_overtaken_says_nothing() -> None:
    cache, over = ExecutionCache(), {"status": "SUCCESS"}
    assert cache.put(ARN, dict(over), NOW, 2.0)
    assert not cache.put(ARN, described(7), NOW, 1.0)
    assert cache.get(ARN) == over
