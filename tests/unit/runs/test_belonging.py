"""A run reaches the executions of its own mover's task, and nothing else (I6); what outlives a mover is let go (I4)."""

from __future__ import annotations

from typing import Any

import pytest

from datamover_common.kube.objects import metadata_of, part_of
from datamover_crds.contract import CLAIM_ANNOTATION, EXECUTION_ANNOTATION, FINALIZER
from datamover_operator.movers.kind import MOVER
from datamover_operator.runs.kind import RUN
from datamover_operator.runs.plan.started import as_started
from tests.unit.runs.stage import Stage


def _taking(stage: Stage, arn: str, **spec: Any) -> None:  # noqa: ANN401 - a spec's members
    stage.add_run("thief", annotations={EXECUTION_ANNOTATION: arn}, **spec)


@pytest.mark.parametrize("spec", [{"cancel": True}, {"bytesPerSecond": 1}, {}], ids=["cancel", "limit", "read"])
def test_an_annotation_gives_no_access_to_another_movers_execution(ready: Stage, spec: dict[str, Any]) -> None:
    ready.add_mover("victim")
    ready.add_run("theirs", "victim")
    ready.go(6)
    arn = str(ready.run("theirs").status.execution_arn)
    ready.sky.touched.clear()
    _taking(ready, arn, **spec)
    ready.delete(RUN, "theirs")  # so that nobody else asks about it
    ready.go(0)
    ready.sky.touched.clear()
    ready.go(20)
    found = ready.run("thief").status
    assert (found.phase, found.reason) == ("Rejected", "NotItsExecution")
    assert arn in str(found.message)
    assert ready.mover().status.current_run is None
    assert ready.calls("CancelTaskExecution") == 1
    assert ready.calls("UpdateTaskExecution") == 0


def test_an_execution_of_nobodys_task_is_never_asked_about(ready: Stage) -> None:
    arn = "arn:aws:datasync:eu-central-1:111122223333:task/task-0aaaaaaaaaaaaaaaa/execution/exec-0aaaaaaaaaaaaaaaa"
    _taking(ready, arn, cancel=True)
    ready.go(20)
    assert ready.run("thief").status.phase == "Rejected"
    assert ready.sky.touched == []


def test_an_execution_of_the_movers_own_task_counts(ready: Stage) -> None:
    arn = ready.sky.start(str(ready.mover().status.task_arn))
    _taking(ready, arn)
    ready.go(20)
    assert ready.run("thief").status.phase == "Transferring"
    assert FINALIZER in ready.run("thief").metadata.finalizers
    ready.go(60)
    assert ready.run("thief").status.phase == "Succeeded"
    assert ready.run("thief").metadata.finalizers == ()


def test_two_runs_that_record_one_execution_both_end(ready: Stage) -> None:
    arn = ready.sky.start(str(ready.mover().status.task_arn))
    for name in ("one", "two"):
        ready.add_run(name, annotations={EXECUTION_ANNOTATION: arn})
        ready.go(12)
    ready.go(60)
    assert [ready.run(name).status.phase for name in ("one", "two")] == ["Succeeded", "Succeeded"]
    assert ready.mover().status.current_run is None


def test_news_wake_every_run_that_records_an_execution(ready: Stage) -> None:
    arn = ready.sky.start(str(ready.mover().status.task_arn))
    for name in ("one", "two"):
        ready.add_run(name, annotations={EXECUTION_ANNOTATION: arn})
    ready.go(12)
    ready._pass_until(ready.tick + 60)
    process = ready.processes[0]
    ready._guarded(process.poll)
    woken = {uid for desk, uid in process.agenda.due if desk is RUN}
    assert woken >= {ready.run(name).metadata.uid for name in ("one", "two")}


def test_one_that_records_an_execution_late_is_woken_too(ready: Stage) -> None:
    arn = ready.sky.start(str(ready.mover().status.task_arn))
    ready.go(62)
    assert len(ready.runs) == 1
    ready.add_run("late", annotations={EXECUTION_ANNOTATION: arn})
    ready.go(12)
    assert ready.run("late").status.phase == "Succeeded"


# a mover that goes and leaves its task


@pytest.mark.parametrize("orphaned", [False, True], ids=["", "run-deleted-first"])
def test_a_mover_that_leaves_its_task_cancels_nothing(stage: Stage, orphaned: bool) -> None:
    stage.add_mover("m", deletionPolicy="Retain")
    stage.add_run()
    stage.go(6)
    arn = str(stage.run().status.execution_arn)
    stage.delete(MOVER, "m")
    if orphaned:
        stage.delete(RUN, "r")
    stage.go(6)
    assert stage.movers == []
    assert stage.runs == [], "the run goes with its mover, without waiting for anything"
    assert stage.calls("CancelTaskExecution") == 0
    assert stage.sky.status(stage.sky.started[arn]) == "TRANSFERRING"


def test_a_mover_that_only_looks_after_its_task_cancels_nothing(stage: Stage) -> None:
    stage.add_mover("base", deletionPolicy="Retain")
    task = str(stage.mover("base").status.task_arn)
    stage.delete(MOVER, "base")
    stage.go(1)
    stage.sky.items[task].tags.clear()
    mover = stage.add_mover("m", adopt={"taskArn": task, "own": False})
    assert "task" not in mover.status.bookkeeping.owned
    stage.add_run()
    stage.go(6)
    stage.delete(MOVER, "m")
    stage.go(10)
    assert stage.movers == []
    assert stage.runs == []
    assert stage.calls("CancelTaskExecution") == 0


def test_a_mover_that_takes_its_task_along_cancels_first(ready: Stage) -> None:
    ready.add_run()
    ready.go(6)
    ready.delete(MOVER, "m")
    ready.go(30)
    assert ready.movers == []
    assert ready.runs == []
    writes = ready.sky.writes
    assert writes.index("CancelTaskExecution") < writes.index("DeleteTask")


# another mover of the same name


def _replace(stage: Stage) -> str:
    """An active run whose mover is gone and replaced by one that has adopted the task; no garbage collector came by."""
    task = str(stage.mover().status.task_arn)
    ref = MOVER.named("team-a", "m")
    raw = stage.kube.objects.pop(ref)
    stage.kube.changes.append((MOVER, "DELETED", raw))
    stage.add_mover("m", adopt={"taskArn": task, "own": True})
    return task


def test_an_old_run_does_not_act_on_a_new_mover(ready: Stage) -> None:
    ready.add_run()
    ready.go(6)
    _replace(ready)
    ready.go(6)
    found = ready.run().status
    assert (found.phase, found.reason) == ("Unknown", "MoverGone")
    assert ready.run().metadata.finalizers == ()
    holder = ready.mover().status.current_run
    assert holder is None or holder.uid != ready.run().metadata.uid
    ready.delete(RUN, "r")
    ready.go(20)
    assert ready.calls("CancelTaskExecution") == 0


def test_a_claimed_run_without_a_status_is_not_started_for_a_new_mover(ready: Stage) -> None:
    ready.add_run()
    ready.go(70)
    _replace(ready)
    annotations = {CLAIM_ANNOTATION: ready.run().metadata.annotations[CLAIM_ANNOTATION]}
    ready.delete(RUN, "r")
    ready.add_run(annotations=annotations)
    ready.go(200)
    assert ready.run().status.phase == "Unknown"
    assert ready.calls("StartTaskExecution") == 1


def test_a_run_keeps_what_it_was_started_with_when_its_mover_changes(ready: Stage) -> None:
    before = ready.mover()
    ready.add_run()
    ready.go(12)
    assert ready.calls("StartTaskExecution") == 1
    ready.change(MOVER, "m", destination={"s3": {"s3BucketArn": "arn:aws:s3:::elsewhere"}})
    assert ready.mover().spec.destination != before.spec.destination
    assert as_started(ready.run(), ready.mover()).spec.destination == before.spec.destination


def test_a_run_that_waits_for_its_mover_is_rejected_with_it(ready: Stage) -> None:
    ready.change(MOVER, "m", suspend=True)
    ready.go(5)
    ready.add_run()
    ready.go(5)
    assert ready.run().status.phase == "Pending"
    _replace(ready)
    ready.go(5)
    found = ready.run().status
    assert (found.phase, found.reason) == ("Rejected", "MoverReplaced")


def test_runs_that_end_before_they_start_go_with_their_mover(ready: Stage) -> None:
    ready.add_run("cancelled", cancel=True)
    ready.add_run("first")
    ready.go(6)
    ready.add_run("second")
    ready.go(6)
    ready.delete(MOVER, "m")
    ready.go(0)
    ready.add_run("late")
    ready.go(6)
    phases = {name: ready.run(name).status.phase for name in ready.runs}
    assert phases["cancelled"] == "Cancelled"
    assert phases["second"] == phases["late"] == "Rejected"
    ready.go(100)
    assert (ready.movers, ready.runs) == ([], [])


def test_a_run_of_an_earlier_version_that_has_ended_without_an_owner_gets_one(ready: Stage) -> None:
    ready.add_run("first", cancel=True)
    ready.go(1)
    path = RUN.named("team-a", "first")
    raw = ready.kube.objects[path]
    meta = {key: value for key, value in metadata_of(raw).items() if key != "ownerReferences"}
    ready.kube.put(path, raw | {"metadata": meta})
    ready.restart()
    ready.go(1)
    assert [owner.uid for owner in ready.run("first").metadata.owner_references] == [ready.mover().metadata.uid]


@pytest.mark.parametrize("marked", [True, False])
def test_a_status_that_names_anothers_task_starts_nothing_on_it(ready: Stage, marked: bool) -> None:
    ready.add_mover("victim", destination={"s3": {"s3BucketArn": "arn:aws:s3:::theirs"}})
    theirs = str(ready.mover("victim").status.task_arn)
    if not marked:
        ready.sky.items[theirs].tags.clear()
    path = MOVER.named("team-a", "m")
    raw = ready.kube.objects[path]
    ready.kube.put(path, raw | {"status": part_of(raw, "status") | {"taskArn": theirs}})
    ready.add_run("r")
    ready.go(30)
    assert ready.sky.of_task(theirs) == []
    assert ready.run("r").status.phase == "Pending" or ready.mover().status.task_arn != theirs


@pytest.mark.parametrize("spec", [{"cancel": True}, {"bytesPerSecond": 1}], ids=["cancel", "limit"])
def test_a_status_that_names_anothers_task_gives_no_access_to_its_executions(
    ready: Stage, spec: dict[str, Any]
) -> None:
    ready.add_mover("victim")
    ready.add_run("theirs", "victim")
    ready.go(6)
    arn = str(ready.run("theirs").status.execution_arn)
    path = MOVER.named("team-a", "m")
    raw = ready.kube.objects[path]
    ready.kube.put(
        path, raw | {"status": part_of(raw, "status") | {"taskArn": arn.split("/execution/", maxsplit=1)[0]}}
    )
    _taking(ready, arn, **spec)
    ready.go(20)
    assert ready.calls("CancelTaskExecution") == 0
    assert ready.calls("UpdateTaskExecution") == 0
