"""Runs that come while another one is active, and runs that take too long."""

from __future__ import annotations

from typing import Any

import pytest

from datamover_crds.contract import CANCEL_ANNOTATION
from datamover_operator.movers.kind import MOVER
from datamover_operator.movers.plan.names import trigger_run_name
from datamover_operator.runs.kind import RUN
from tests.unit.runs.stage import Stage


def phase(stage: Stage, name: str) -> tuple[str | None, str | None]:
    status = stage.run(name).status
    return status.phase, status.reason


def token(stage: Stage, text: str) -> str:
    stage.change(MOVER, "m", trigger={"manual": text})
    return trigger_run_name("m", text)


def test_forbid_rejects_tokens_too(stage: Stage) -> None:
    stage.add_mover(concurrencyPolicy="Forbid")
    stage.add_run()
    stage.go(1)
    name = token(stage, "during")
    stage.go(10)
    assert phase(stage, name) == ("Rejected", "AlreadyRunning")


def test_queue_starts_all_in_the_order_of_their_creation(stage: Stage) -> None:
    stage.add_mover(concurrencyPolicy="Queue")
    names = ["c", "b", "a"]
    for name in names:
        stage.add_run(name)
        stage.go(2)
    assert phase(stage, "b") == phase(stage, "a") == ("Pending", "WaitingForRun")
    stage.restart()
    stage.go(400)
    starts = [str(stage.run(name).status.start_time) for name in names]
    assert starts == sorted(starts)
    assert [phase(stage, name)[0] for name in names] == ["Succeeded"] * 3


def test_a_queue_goes_on_when_the_first_in_it_is_cancelled_or_deleted(stage: Stage) -> None:
    stage.add_mover(concurrencyPolicy="Queue")
    for name in ("a", "b", "c", "d"):
        stage.add_run(name)
        stage.go(2)
    stage.change(RUN, "b", cancel=True)
    stage.delete(RUN, "c")
    stage.go(200)
    assert phase(stage, "b") == ("Cancelled", "Cancelled")
    assert phase(stage, "d")[0] == "Succeeded"


def test_replace_cancels_the_active_run_and_starts_the_newest(stage: Stage) -> None:
    stage.add_mover(concurrencyPolicy="Replace", retry={"on": ["Failed", "TimedOut", "Unknown"]})
    stage.add_run("old")
    stage.go(10)
    for name in ("second", "third"):
        stage.add_run(name)
        stage.go(1)
    stage.go(20)
    assert phase(stage, "old") == ("Cancelled", "Replaced")
    assert "'second'" in str(stage.run("old").status.message)
    assert phase(stage, "second") == ("Rejected", "Superseded")
    assert phase(stage, "third")[0] == "Transferring"
    stage.go(200)
    assert phase(stage, "third")[0] == "Succeeded"
    assert sorted(stage.runs) == ["old", "second", "third"]
    assert stage.calls("CancelTaskExecution") == 1


def test_a_cancel_annotation_that_no_one_can_read_cancels_all_the_same(stage: Stage) -> None:
    stage.add_mover()
    stage.add_run("r", annotations={CANCEL_ANNOTATION: "{"})
    stage.go(5)
    assert phase(stage, "r") == ("Cancelled", "Cancelled")
    assert stage.starts.total() == 0


@pytest.mark.parametrize(
    ("timeouts", "reason"),
    [({"total": "5m"}, "TotalTimeout"), ({"noProgress": "5m", "total": "1h"}, "NoProgress")],
)
def test_a_run_that_takes_too_long_is_told_of_and_goes_on(stage: Stage, timeouts: dict[str, Any], reason: str) -> None:
    stage.add_mover(timeouts=timeouts)
    stage.sky.stuck = True
    stage.add_run("r")
    stage.go(290)
    assert [each.type for each in stage.run("r").status.conditions] == ["Ready", "Reconciling", "Stalled"]
    writes = len(stage.kube.writes)
    stage.go(30)
    overdue = stage.run("r").status.conditions[-1]
    assert (overdue.type, overdue.status, overdue.reason) == ("Overdue", "True", reason)
    assert "5m" in overdue.message
    assert [reason for reason, _ in stage.told.events].count("Overdue") == 1
    assert len(stage.kube.writes) == writes + 1
    stage.go(600)
    assert len(stage.kube.writes) == writes + 1
    assert phase(stage, "r")[0] == "Transferring"


def test_a_run_that_takes_too_long_is_cancelled_where_asked_and_repeated(stage: Stage) -> None:
    stage.add_mover(timeouts={"total": "2m", "action": "Cancel"}, retry={"limit": 1, "backoff": {"initial": "10s"}})
    stage.sky.stuck = True
    stage.add_run("r")
    stage.go(115)
    stage.sky.stuck = False
    stage.go(30)
    assert phase(stage, "r") == ("Cancelled", "TimedOut")
    assert "spec.timeouts.total" in str(stage.run("r").status.message)
    stage.go(120)
    assert phase(stage, "r-retry-1")[0] == "Succeeded"
    assert stage.calls("CancelTaskExecution") == 1


def test_a_run_is_in_time_as_long_as_it_goes_on(stage: Stage) -> None:
    stage.add_mover(timeouts={"noProgress": "61s", "launching": "1m", "total": "2m"})
    stage.add_run("r")
    stage.go(70)
    assert phase(stage, "r")[0] == "Succeeded"
    assert "Overdue" not in dict(stage.told.events)
