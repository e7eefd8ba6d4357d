"""Run objects that the mover makes, and what a run keeps from it: names, finalizers, the history, changes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from datamover_common.kube.errors import KubeError
from datamover_common.kube.objects import metadata_of
from datamover_crds.contract import FINALIZER, is_true
from datamover_operator.aws.failure import FailureKind
from datamover_operator.movers.kind import MOVER
from datamover_operator.movers.plan.names import execution_run_name, trigger_run_name
from datamover_operator.runs.kind import RUN
from tests.unit.movers.sky import error
from tests.unit.runs.stage import NAMESPACE, SPEC, Stage

QUEUE: dict[str, Any] = {"overrideOptions": {"taskQueueing": "ENABLED"}}


def _task(stage: Stage) -> str:
    return str(stage.mover().status.task_arn)


def _foreign(stage: Stage) -> tuple[str, str]:
    """An execution that somebody else has started, once it is recorded: its ARN, and the run's name."""
    arn = stage.sky.start(_task(stage))
    stage.go(37)
    return arn, execution_run_name("m", arn)


# what others have started


def test_deleting_the_record_of_a_foreign_execution_cancels_it(ready: Stage) -> None:
    arn, name = _foreign(ready)
    assert FINALIZER in ready.run(name).metadata.finalizers
    ready.delete(RUN, name)
    ready.go(200)
    assert ready.sky.started[arn].cancelled is not None
    assert ready.runs == [], "and it does not come back"


def test_what_a_foreign_execution_has_come_to_is_recorded_and_let_go(ready: Stage) -> None:
    _, name = _foreign(ready)
    ready.go(60)
    assert ready.run(name).status.phase == "Succeeded"
    assert ready.run(name).metadata.finalizers == ()


def test_a_foreign_execution_before_one_of_ours_is_recorded(ready: Stage) -> None:
    """The task's most recent execution is ours."""
    ready.sky.names_queued = True
    arn = ready.sky.start(_task(ready))
    ready.go(2)
    ready.add_run(**QUEUE)
    ready.go(40)
    assert ready.run(execution_run_name("m", arn)).status.phase == "Transferring"
    ready.go(100)
    assert ready.run().status.phase == "Succeeded"
    assert len(ready.runs) == 2


def test_a_foreign_execution_that_ended_before_one_of_ours_is_recorded(ready: Stage) -> None:
    ready.add_run("before")
    ready.go(100)
    arn = ready.sky.start(_task(ready))
    ready._pass_until(ready.tick + 61)
    ready.add_run()
    ready.go(40)
    assert set(ready.runs) == {"before", "r", execution_run_name("m", arn)}
    assert ready.run(execution_run_name("m", arn)).status.phase == "Succeeded"


@pytest.mark.parametrize("is_newest_first", [False, True])
def test_of_a_long_history_only_the_most_recent_are_looked_at(stage: Stage, is_newest_first: bool) -> None:
    stage.sky.is_newest_first = is_newest_first
    stage.add_mover(runHistory={"limit": 3})
    arns = []
    for _ in range(20):
        arns.append(stage.sky.start(_task(stage)))
        stage._pass_until(stage.tick + 100)
    stage.sky.touched.clear()
    stage.go(20)
    assert set(stage.runs) == {execution_run_name("m", arn) for arn in arns[-3:]}
    looked_at = {arn for operation, arn in stage.sky.touched if operation == "DescribeTaskExecution"}
    assert len(looked_at) <= 5
    stage.go(100)
    stage.sky.touched.clear()
    stage.go(100)
    assert stage.sky.touched == [], "what has been looked through is left alone"


def test_runs_deleted_before_a_listing_comes_through_do_not_come_back(ready: Stage) -> None:
    def fail(operation: str) -> None:
        if operation == "ListTaskExecutions":
            raise error(FailureKind.UNAVAILABLE, operation)

    ready.sky.before = fail
    for name in ("r1", "r2", "r3"):
        ready.add_run(name, **QUEUE)
        ready.go(2)
    ready.go(250)
    for name in ("r1", "r2", "r3"):
        assert ready.run(name).status.phase == "Succeeded"
        ready.delete(RUN, name)
    ready.go(60)
    ready.sky.before = lambda _: None
    ready.go(300)
    assert ready.runs == []


def test_deleting_the_record_of_a_queued_execution_cancels_it(ready: Stage) -> None:
    ready.add_run()
    ready.go(6)
    ready.add_run("queued", **QUEUE)
    ready.go(6)
    assert ready.run("queued").status.phase == "Queued"
    arn = str(ready.run("queued").status.execution_arn)
    ready.delete(RUN, "queued")
    ready.go(12)
    assert ready.sky.started[arn].cancelled is not None
    assert ready.runs == ["r"]
    ready.go(100)
    assert ready.runs == ["r"], "and it does not come back"


def test_a_deleted_record_stays_away_also_when_an_earlier_execution_ends_later(ready: Stage) -> None:
    ready.add_run()
    ready.go(6)
    arn = ready.sky.start(_task(ready))
    ready.add_run("queued", annotations={"datamover.io/execution-arn": arn})
    ready.go(12)
    ready.delete(RUN, "queued")
    ready.go(200)
    assert ready.runs == ["r"]


def test_pruning_an_older_run_brings_no_younger_one_back(ready: Stage) -> None:
    ready.add_run(origin="rest")
    ready.go(70)
    _, name = _foreign(ready)
    ready.delete(RUN, name)
    ready.go(60)
    before = ready.mover().status.bookkeeping.pruned_before
    ready.change(MOVER, "m", runHistory={"limit": 0})
    ready.go(20)
    assert ready.runs == []
    assert ready.mover().status.bookkeeping.pruned_before == before


# queueing


def test_a_queued_run_starts_when_its_turn_comes(ready: Stage) -> None:
    ready.add_run()
    ready.go(6)
    ready.add_run("second", **QUEUE)
    ready.go(6)
    status = ready.mover().status
    assert [ref.name for ref in status.queued_runs] == ["second"]
    ready.go(130)
    assert [ready.run(name).status.phase for name in ("r", "second")] == ["Succeeded", "Succeeded"]
    assert ready.mover().status.current_run is None
    assert ready.mover().status.queued_runs == ()


def test_two_operators_of_which_one_knows_less_do_not_write_for_ever(ready: Stage) -> None:
    ready.operator()
    ready.add_run()
    ready.go(6)
    ready.add_run("second", **QUEUE)
    ready.go(20)
    ready.processes[1].next_poll += 4
    ready.go(200)
    assert [ready.run(name).status.phase for name in ("r", "second")] == ["Succeeded", "Succeeded"]
    assert len(ready.sky.started) == 2


@pytest.mark.parametrize("duration", [0, -1500], ids=["", "a-negative-duration"])
def test_a_queued_run_can_be_cancelled(ready: Stage, duration: int) -> None:
    ready.add_run()
    ready.go(6)
    ready.add_run("second", **QUEUE)
    ready.go(6)
    ready.sky.started[str(ready.run("second").status.execution_arn)].result = {"totalDuration": duration}
    ready.change(RUN, "second", cancel=True)
    ready.go(12)
    assert ready.run("second").status.phase == "Cancelled"
    assert ready.mover().status.queued_runs == ()


# the end


def _succeed(stage: Stage) -> str:
    stage.go(100)
    return "Succeeded"


def _cancel(stage: Stage) -> str:
    stage.change(RUN, "r", cancel=True)
    stage.go(30)
    return "Cancelled"


def _fail(stage: Stage) -> str:
    next(iter(stage.sky.started.values())).cancelled = stage.sky.now
    stage.go(30)
    return "Failed"


def _vanish(stage: Stage) -> str:
    stage.sky.started.clear()
    stage.go(30)
    return "Unknown"


def _lose_task(stage: Stage) -> str:
    task = _task(stage)
    del stage.sky.items[task]
    stage.go(60)
    return "Unknown"


@pytest.mark.parametrize("end", [_succeed, _cancel, _fail, _vanish, _lose_task])
def test_the_mover_and_the_object_are_let_go_whatever_the_end(ready: Stage, end: Callable[[Stage], str]) -> None:
    ready.add_run()
    ready.go(6)
    assert ready.run().metadata.finalizers == (FINALIZER,)
    assert end(ready) == ready.run().status.phase
    assert ready.run().metadata.finalizers == ()
    assert ready.mover().status.current_run is None


def test_a_mover_that_has_lost_its_status_notes_the_end_of_its_run(ready: Stage) -> None:
    ready.add_run()
    ready.go(6)
    ready._pass_until(ready.tick + 60)
    ready._guarded(ready.processes[0].poll)
    ready.wipe(MOVER, "m")
    ready.go(1)
    last = ready.mover().status.last_run
    assert last is not None
    assert (last.name, last.phase) == ("r", "Succeeded")
    assert ready.mover().status.current_run is None


@pytest.mark.parametrize("policy", ["Delete", "Retain"])
def test_an_ended_run_goes_with_its_mover_also_where_its_last_writes_are_lost(ready: Stage, policy: str) -> None:
    ready.add_run()
    ready.go(6)
    ready.change(MOVER, "m", deletionPolicy=policy)
    ready.delete(MOVER, "m")

    def lose(operation: str) -> None:
        ready.kube.after = lambda _: None
        raise KubeError(0, "Unreachable", operation)

    ready.kube.after = lose
    ready.go(60)
    assert ready.movers == []
    assert ready.runs == []


# changes


def test_a_change_waits_for_a_start_whose_outcome_is_not_known(ready: Stage) -> None:
    def lose(operation: str) -> None:
        if operation == "StartTaskExecution":
            raise error(FailureKind.UNKNOWN_OUTCOME, operation)

    ready.sky.before = lose
    ready.add_run()
    ready.go(1)
    ready.change(MOVER, "m", source={"s3": {"s3BucketArn": "arn:aws:s3:::elsewhere"}})
    ready.go(20)
    assert ready.calls("CreateLocation") == 2, "the start may still have been sent to the task as it is"
    ready.go(120)
    assert ready.run().status.phase == "Unknown"
    assert is_true(ready.mover().status.conditions, "Ready")
    assert ready.calls("CreateLocation") == 3


def test_a_run_that_meets_an_obstacle_after_its_claim_gives_the_mover_back(ready: Stage) -> None:
    """Else the changed mover would wait for the run, and the run for the mover."""

    def change(operation: str) -> None:
        if operation == "patch" and ready.mover().status.current_run is not None:
            ready.kube.after = lambda _: None
            ready.change(MOVER, "m", suspend=True)

    ready.kube.after = change
    ready.add_run()
    ready.go(30)
    ready.change(MOVER, "m", suspend=False)
    ready.go(100)
    assert ready.run().status.phase == "Succeeded"
    assert ready.mover().status.current_run is None
    assert len(ready.sky.started) == 1


# names


def test_a_trigger_whose_runs_name_is_taken_is_told(ready: Stage) -> None:
    ready.add_mover("other", suspend=True)
    name = trigger_run_name("m", "go")
    ready.add_run(name, "other")
    ready.change(MOVER, "m", trigger={"manual": "go"})
    ready.go(60)
    stalled = next(each for each in ready.mover().status.conditions if each.type == "Stalled")
    assert stalled.status == "True"
    assert name in stalled.message
    assert "spec.trigger.manual" in stalled.message
    assert ready.kube.writes.count("create") <= 3
    ready.change(MOVER, "m", trigger={"manual": "again"})
    ready.go(20)
    assert is_true(ready.mover().status.conditions, "Ready")
    assert ready.run(trigger_run_name("m", "again")).status.phase == "Transferring"


def test_a_token_counts_anew_for_a_mover_made_anew(ready: Stage) -> None:
    """A run of the earlier mover that has not gone yet is not this one's."""
    ready.change(MOVER, "m", trigger={"manual": "go"})
    ready.go(100)
    name = trigger_run_name("m", "go")
    ref = RUN.named(NAMESPACE, name)
    kept = ready.kube.objects[ref]
    ready.kube.put(ref, kept | {"metadata": metadata_of(kept) | {"finalizers": ["example.com/keep"]}})
    ready.delete(MOVER, "m")
    ready.go(30)
    assert ready.movers == []
    ready.create(MOVER, "m", SPEC | {"trigger": {"manual": "go"}})
    ready.go(20)
    ready.kube.drop(ref)
    ready.go(30)
    assert ready.run(name).status.phase == "Transferring"


def test_a_namespace_that_goes_needs_no_new_runs(ready: Stage) -> None:
    def refuse(operation: str) -> None:
        if operation == "create":
            raise KubeError(403, "Forbidden", "it is being terminated", ["NamespaceTerminating"])

    ready.kube.before = refuse
    ready.sky.start(_task(ready))
    ready.change(MOVER, "m", trigger={"manual": "go"})
    ready.go(40)
    assert is_true(ready.mover().status.conditions, "Ready")
    ready.delete(MOVER, "m")
    ready.go(60)
    assert ready.movers == []
    assert ready.sky.of("task") == []


# the history


def test_what_was_pruned_stays_away(stage: Stage) -> None:
    stage.add_mover(runHistory={"limit": 0})
    task = _task(stage)
    for _ in range(3):
        stage.sky.start(task)
        stage.go(100)
    assert stage.runs == []
    starts = [each.created for each in stage.sky.started.values()]
    pruned = stage.mover().status.bookkeeping.pruned_before
    assert pruned is not None
    assert pruned.startswith(max(starts).strftime("%Y-%m-%dT%H:%M:%S"))
