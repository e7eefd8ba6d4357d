"""What AWS does not carry out for a run is told, rests, and is tried again; a run starts at most once (I5, I7)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from datamover_crds.contract import CLAIM_ANNOTATION, is_true
from datamover_operator.aws.failure import FailureKind
from datamover_operator.movers.kind import MOVER
from datamover_operator.runs.kind import RUN
from tests.unit.movers.sky import error
from tests.unit.runs.sky import REFUSED_LIMIT
from tests.unit.runs.stage import SETTINGS, Stage

PASSING = [FailureKind.THROTTLED, FailureKind.UNAVAILABLE, FailureKind.NOT_FOUND]
LASTING = [FailureKind.DENIED, FailureKind.ROLE_NOT_ASSUMABLE]
FINAL = [FailureKind.REFUSED, FailureKind.CONFLICT]


@contextmanager
def failing(stage: Stage, operation: str, kind: FailureKind) -> Iterator[Callable[[], int]]:
    """Let every call of an operation fail before it has any effect; gives how often it has been tried."""
    tries = 0

    def fail(asked: str) -> None:
        nonlocal tries
        if asked == operation:
            tries += 1
            raise error(kind, operation)

    stage.sky.before = fail
    try:
        yield lambda: tries
    finally:
        stage.sky.before = lambda _: None


@pytest.mark.parametrize("kind", PASSING + LASTING)
def test_a_start_that_may_pass_waits_and_is_tried_again(ready: Stage, kind: FailureKind) -> None:
    with failing(ready, "StartTaskExecution", kind) as tries:
        ready.add_run()
        ready.go(300)
        assert 5 <= tries() <= 12, "with back-off"
        run, mover = ready.run(), ready.mover()
        assert run.status.phase == "Pending"
        assert "StartTaskExecution fails" in str(run.status.message)
        assert is_true(run.status.conditions, "Stalled") == (kind in LASTING)
        assert CLAIM_ANNOTATION not in run.metadata.annotations
        assert mover.status.current_run is None, "others may run meanwhile"
    ready.go(61)
    assert ready.run().status.phase in {"Launching", "Transferring"}
    ready.go(70)
    assert ready.run().status.phase == "Succeeded"
    assert len(ready.sky.started) == 1


def test_a_start_that_has_waited_says_so_no_longer_before_it_is_first_described(ready: Stage) -> None:
    with failing(ready, "StartTaskExecution", FailureKind.THROTTLED):
        ready.add_run()
        ready.go(30)
        assert "StartTaskExecution fails" in str(ready.run().status.message)
    with failing(ready, "DescribeTaskExecution", FailureKind.THROTTLED):
        ready.go(61)
        status = ready.run().status
        assert status.execution_arn is not None
        assert (status.phase, status.reason, status.message) == ("Launching", None, None)
    ready.go(70)
    assert ready.run().status.phase == "Succeeded"


@pytest.mark.parametrize("kind", LASTING)
def test_what_somebody_has_to_change_is_told_in_one_event(ready: Stage, kind: FailureKind) -> None:
    with failing(ready, "StartTaskExecution", kind):
        ready.add_run()
        ready.go(300)
    told = [note for _, note in ready.told.events if "StartTaskExecution" in note]
    assert told == [told[0], f"run 'r': {told[0]}"], "once on the run, and once on its mover"


@pytest.mark.parametrize("kind", FINAL)
def test_a_start_that_is_refused_is_rejected(ready: Stage, kind: FailureKind) -> None:
    with failing(ready, "StartTaskExecution", kind) as tries:
        ready.add_run()
        ready.go(30)
    assert tries() == 1
    assert ready.run().status.phase == "Rejected"
    assert ready.mover().status.current_run is None
    assert ready.run().metadata.finalizers == ()


def test_a_start_beside_a_foreign_execution_is_told_as_such(ready: Stage) -> None:
    ready.sky.start(str(ready.mover().status.task_arn))
    ready.add_run()
    ready.go(1)
    assert (ready.run().status.phase, ready.run().status.reason) == ("Rejected", "AlreadyRunning")


def test_a_run_whose_start_waits_keeps_no_change_from_the_mover(ready: Stage) -> None:
    with failing(ready, "StartTaskExecution", FailureKind.ROLE_NOT_ASSUMABLE):
        ready.add_run()
        ready.go(3)
        ready.change(MOVER, "m", options={"logLevel": "BASIC"})
        ready.go(20)
        assert ready.mover().status.observed_generation == 2
        assert is_true(ready.mover().status.conditions, "Ready")


def test_a_run_whose_start_waits_can_be_cancelled(ready: Stage) -> None:
    with failing(ready, "StartTaskExecution", FailureKind.DENIED):
        ready.add_run()
        ready.go(3)
        ready.change(RUN, "r", cancel=True)
        ready.go(0)
        assert ready.run().status.phase == "Cancelled"


def test_a_task_that_is_gone_at_the_start_is_made_anew_first(ready: Stage) -> None:
    del ready.sky.items[str(ready.mover().status.task_arn)]
    ready.add_run()
    ready.go(30)
    assert ready.run().status.phase == "Transferring"
    assert len(ready.sky.of("task")) == 1


def test_a_limit_that_is_refused_is_told_and_rests(ready: Stage) -> None:
    ready.sky.started.clear()
    ready.add_run()
    ready.go(6)
    ready.change(RUN, "r", bytesPerSecond=REFUSED_LIMIT)
    ready.go(40)
    run = ready.run()
    assert run.status.phase == "Transferring"
    assert run.status.observed_generation == 2
    assert is_true(run.status.conditions, "Stalled")
    assert "UpdateTaskExecution fails" in str(run.status.message)
    assert len([note for _, note in ready.told.events if "UpdateTaskExecution" in note]) == 1
    assert ready.calls("UpdateTaskExecution") == 1
    ready.change(RUN, "r", bytesPerSecond=5)
    ready.go(3)
    assert next(iter(ready.sky.started.values())).options["bytesPerSecond"] == 5
    assert ready.calls("UpdateTaskExecution") == 2
    assert not is_true(ready.run().status.conditions, "Stalled")
    assert "UpdateTaskExecution" not in str(ready.run().status.message)
    ready.go(60)
    assert ready.run().status.phase == "Succeeded"


def test_progress_is_recorded_while_a_limit_is_refused(ready: Stage) -> None:
    ready.add_run()
    ready.go(6)
    ready.change(RUN, "r", bytesPerSecond=REFUSED_LIMIT)
    ready.go(60)
    assert ready.run().status.phase == "Succeeded"


def test_a_cancel_that_is_denied_is_told_and_tried_again(ready: Stage) -> None:
    ready.add_run()
    ready.go(6)
    with failing(ready, "CancelTaskExecution", FailureKind.DENIED) as tries:
        ready.change(RUN, "r", cancel=True)
        ready.go(20)
        assert tries() == 1
        assert ready.run().status.phase == "Cancelling"
        assert is_true(ready.run().status.conditions, "Stalled")
        assert any("CancelTaskExecution" in note for _, note in ready.told.events)
    ready.go(60)
    assert ready.run().status.phase == "Succeeded", "it ended before"


@pytest.mark.parametrize("kind", [FailureKind.THROTTLED, FailureKind.CONFLICT])
def test_a_cancel_that_does_not_get_through_is_sent_again(ready: Stage, kind: FailureKind) -> None:
    ready.add_run()
    ready.go(6)
    with failing(ready, "CancelTaskExecution", kind) as tries:
        ready.change(RUN, "r", cancel=True)
        ready.go(8)
        assert 2 <= tries() <= 5
    ready.go(20)
    assert ready.run().status.phase == "Cancelled"


def test_a_cancel_that_comes_too_late_is_no_trouble(ready: Stage) -> None:
    ready.add_run()
    ready.go(59.5)
    ready.sky.before = lambda operation: ready._pass_until(ready.tick + 2) if "Cancel" in operation else None
    ready.change(RUN, "r", cancel=True)
    ready.go(0)
    assert ready.run().status.phase == "Succeeded"
    assert not any("CancelTaskExecution" in note for _, note in ready.told.events)


def test_what_can_not_be_looked_up_is_told(ready: Stage) -> None:
    def lose(operation: str) -> None:
        if operation == "StartTaskExecution":
            raise error(FailureKind.UNKNOWN_OUTCOME, operation)

    ready.sky.after = lose
    with failing(ready, "ListTaskExecutions", FailureKind.DENIED):
        ready.add_run()
        ready.go(100)
        assert ready.run().status.phase == "Pending"
        assert "ListTaskExecutions fails" in str(ready.run().status.message)
    ready.go(70)
    assert ready.run().status.phase == "Succeeded"
    assert len(ready.sky.started) == 1


def test_a_start_in_doubt_is_looked_at_when_it_may_be_settled(ready: Stage) -> None:
    """It has made nothing; that is known after the settling time, not at some look after it."""
    with failing(ready, "StartTaskExecution", FailureKind.UNKNOWN_OUTCOME) as tries:
        ready.add_run()
        ready.go(1 + SETTINGS.settling_seconds + 1)
        assert ready.run().status.phase == "Unknown"
        assert tries() == 1
