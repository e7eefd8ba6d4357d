"""Runs that ended badly are repeated by new runs, and ended runs go when their time is over."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from datamover_crds import Backoff, DataMoverRunStatus, Retry, RunResult
from datamover_crds.contract import RETRIED_ANNOTATION
from datamover_operator.movers.kind import MOVER
from datamover_operator.runs.kind import RUN
from datamover_operator.runs.plan.retries import delay_of, retry_cause
from tests.unit.runs.stage import Stage

RETRY: dict[str, Any] = {"limit": 2, "backoff": {"initial": "30s", "factor": 4, "max": "1m"}}
MISMATCH = RunResult(transfer_status="SUCCESS", verify_status="ERROR")


@pytest.mark.parametrize(
    ("status", "cause"),
    [
        (DataMoverRunStatus(phase="Succeeded"), None),
        (DataMoverRunStatus(phase="Failed"), "Failed"),
        (DataMoverRunStatus(phase="Failed", result=MISMATCH), "VerificationMismatch"),
        (DataMoverRunStatus(phase="Failed", result=RunResult(transfer_status="ERROR")), "Failed"),
        (DataMoverRunStatus(phase="Cancelled", reason="Cancelled"), None),
        (DataMoverRunStatus(phase="Cancelled", reason="Replaced"), None),
        (DataMoverRunStatus(phase="Cancelled", reason="TimedOut"), "TimedOut"),
        (DataMoverRunStatus(phase="Rejected", reason="AlreadyRunning"), None),
        (DataMoverRunStatus(phase="Unknown"), "Unknown"),
    ],
)
def test_what_a_run_is_retried_for(status: DataMoverRunStatus, cause: str | None) -> None:
    assert retry_cause(status) == cause


@pytest.mark.parametrize(
    ("backoff", "minutes"),
    [
        (Backoff(), [1, 2, 4, 8, 16, 32, 60, 60]),
        (Backoff(initial="10m", factor=1), [10, 10, 10]),
        (Backoff(initial="2h"), [60]),
        (Backoff(initial="99999d", factor=10, max="99999d"), [36500 * 24 * 60]),
    ],
)
def test_the_delays_grow_up_to_the_longest(backoff: Backoff, minutes: list[int]) -> None:
    policy = Retry(backoff=backoff)
    delays = [delay_of(policy, attempt) for attempt in range(1, len(minutes) + 1)]
    assert delays == [timedelta(minutes=each) for each in minutes]


def fail_all(stage: Stage, *statuses: str) -> None:
    """Let every execution from now on end in these statuses, then SUCCESS."""
    stage.sky.outcomes = list(statuses)


def test_a_failed_run_is_repeated_with_what_it_overrode_until_it_succeeds(stage: Stage) -> None:
    stage.add_mover(retry=RETRY)
    fail_all(stage, "ERROR", "ERROR")
    stage.add_run("first", excludes=[{"value": "*.tmp"}], bytesPerSecond=1000)
    stage.go(70)
    first = stage.run("first")
    assert first.status.phase == "Failed"
    assert first.status.next_retry_time is not None
    assert stage.runs == ["first"]
    stage.go(30)
    again = stage.run("first-retry-1")
    assert again.spec.retry_of is not None
    assert (again.spec.retry_of.name, again.spec.retry_of.attempt) == ("first", 1)
    assert (again.spec.excludes, again.spec.bytes_per_second) == (first.spec.excludes, 1000)
    assert stage.run("first").status.retried_by == "first-retry-1"
    assert stage.run("first").status.next_retry_time is None
    stage.go(300)
    assert sorted(stage.runs) == ["first", "first-retry-1", "first-retry-2"]
    third = stage.run("first-retry-2")
    assert third.status.phase == "Succeeded"
    assert third.spec.retry_of is not None
    assert (third.spec.retry_of.name, third.spec.retry_of.attempt) == ("first-retry-1", 2)


def test_after_the_limit_nothing_is_repeated(stage: Stage) -> None:
    stage.add_mover(retry=RETRY)
    fail_all(stage, *["ERROR"] * 9)
    stage.add_run("first")
    stage.go(3600)
    assert sorted(stage.runs) == ["first", "first-retry-1", "first-retry-2"]


def test_a_restart_or_a_lost_status_does_not_repeat_a_run_twice(stage: Stage) -> None:
    stage.add_mover(retry=RETRY)
    fail_all(stage, "ERROR")
    stage.add_run("first")
    stage.go(80)
    stage.restart()
    stage.go(30)
    assert sorted(stage.runs) == ["first", "first-retry-1"]
    assert stage.run("first").metadata.annotations[RETRIED_ANNOTATION] == "first-retry-1"
    stage.go(100)
    stage.delete(RUN, "first-retry-1")
    stage.go(5)
    stage.wipe(RUN, "first")
    stage.restart()
    stage.go(300)
    assert stage.runs == ["first"]
    assert stage.starts.total() == 2


@pytest.mark.parametrize(
    ("change", "status"),
    [({"on": ["TimedOut"]}, "Failed"), ({"limit": 0}, "Failed")],
    ids=["another cause", "no retries"],
)
def test_what_the_policy_does_not_name_is_not_repeated(stage: Stage, change: dict[str, Any], status: str) -> None:
    stage.add_mover(retry=RETRY | change)
    fail_all(stage, "ERROR")
    stage.add_run("first")
    stage.go(600)
    assert (stage.runs, stage.run("first").status.phase) == (["first"], status)


def test_a_cancelled_run_is_not_repeated(stage: Stage) -> None:
    stage.add_mover(retry=RETRY)
    stage.add_run("first")
    stage.go(5)
    stage.change(RUN, "first", cancel=True)
    stage.go(600)
    assert (stage.runs, stage.run("first").status.phase) == (["first"], "Cancelled")


def test_no_run_is_repeated_once_a_later_one_has_succeeded(stage: Stage) -> None:
    stage.add_mover(retry={"backoff": {"initial": "10m"}})
    fail_all(stage, "ERROR")
    stage.add_run("first")
    stage.go(70)
    stage.add_run("second")
    stage.go(1200)
    assert sorted(stage.runs) == ["first", "second"]


def test_a_retry_waits_for_an_active_run(stage: Stage) -> None:
    stage.add_mover(retry=RETRY)
    fail_all(stage, "ERROR")
    stage.add_run("first")
    stage.go(80)
    stage.add_run("second")
    stage.go(20)
    assert stage.run("first-retry-1").status.reason == "WaitingForRun"
    stage.go(120)
    assert stage.run("first-retry-1").status.phase == "Succeeded"


def test_an_ended_run_goes_when_its_time_is_over(stage: Stage) -> None:
    stage.add_mover(ttlAfterFinished="10m")
    stage.add_run("mine")
    stage.add_run("short", ttlAfterFinished="30s")
    stage.go(120)
    assert stage.runs == ["mine"]
    stage.go(500)
    assert stage.runs == ["mine"]
    stage.go(60)
    assert stage.runs == []
    stage.restart()
    stage.go(100)
    assert stage.runs == []


def test_a_run_that_is_to_be_repeated_stays_until_then(stage: Stage) -> None:
    stage.add_mover(ttlAfterFinished="10s", retry={"limit": 1, "backoff": {"initial": "1m"}})
    fail_all(stage, "ERROR")
    stage.add_run("first")
    stage.go(110)
    assert stage.runs == ["first"]
    stage.go(30)
    assert "first-retry-1" in stage.runs
    stage.go(200)
    assert stage.runs == []
    assert stage.starts.total() == 2


@pytest.mark.parametrize(
    ("history", "kept"),
    [
        ({"limit": 10, "succeededLimit": 1}, ["a0", "a1", "b1"]),
        ({"limit": 10, "failedLimit": 1}, ["a1", "b0", "b1"]),
        ({"limit": 10, "failedLimit": 0, "succeededLimit": 1}, ["b1"]),
        ({"limit": 1, "failedLimit": 5}, ["b1"]),
    ],
)
def test_succeeded_and_failed_runs_have_limits_of_their_own(
    stage: Stage, history: dict[str, Any], kept: list[str]
) -> None:
    stage.add_mover()
    fail_all(stage, "ERROR", "SUCCESS", "ERROR", "SUCCESS")
    for name in ("a0", "b0", "a1", "b1"):
        stage.add_run(name, origin="ci")
        stage.go(70)
    stage.change(MOVER, "m", runHistory=history)
    stage.go(10)
    assert sorted(stage.runs) == kept
