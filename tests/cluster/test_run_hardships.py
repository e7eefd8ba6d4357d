"""Runs on the whole stack where something is in the way: lost, foreign, forged, refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from tests.support.api import Api
from tests.support.emulator import Emulator, Json
from tests.support.kubectl import Kubectl
from tests.support.movers import NOTHING, World, condition_of
from tests.support.operator_process import Operators
from tests.support.waiting import eventually

ACTIVE = ("Launching", "Preparing", "Transferring")
DENIED = {"error": {"code": "AccessDeniedException", "message": "not authorized to start", "status": 400}}


def held(world: World) -> Any:  # noqa: ANN401 - a Fault
    """Executions come as far as to transfer, and no further."""
    return world.emulator.fault(state="TRANSFERRING", hold="before")


def started(world: World) -> int:
    return len(world.emulator.journal(operation="StartTaskExecution"))


def cancelled(world: World) -> list[str]:
    return [each["params"]["TaskExecutionArn"] for each in world.emulator.journal(operation="CancelTaskExecution")]


# lost


def test_the_status_of_a_mover_and_its_run_is_lost_and_comes_back(ready: World) -> None:
    with held(ready):
        ready.run("r1")
        before = ready.wait_phase("r1", *ACTIVE)["status"]["executionArn"]
        for kind, name in (("DataMover", "m"), ("DataMoverRun", "r1")):
            ready.patch(kind, name, {"status": None}, subresource="/status")
        assert ready.wait_phase("r1", *ACTIVE)["status"]["executionArn"] == before
        ready.wait_ready()
    ready.wait_phase("r1", "Succeeded")
    ready.patch("DataMoverRun", "r1", {"status": None}, subresource="/status")
    assert ready.wait_phase("r1", "Succeeded")["status"]["executionArn"] == before
    eventually(lambda: _has_no_run(ready))
    assert started(ready) == 1
    assert len(ready.list("DataMoverRun")) == 1


def test_what_was_exported_and_applied_again_starts_nothing(ready: World, kubectl: Kubectl) -> None:
    ready.patch("DataMover", "m", {"spec": {"deletionPolicy": "Retain", "trigger": {"manual": "once"}}})
    triggered = eventually(lambda: ready.list("DataMoverRun"))[0]["metadata"]["name"]
    ready.wait_phase(triggered, "Succeeded")
    eventually(lambda: _has_no_run(ready))
    ready.run("r1")
    ready.wait_phase("r1", "Succeeded")
    eventually(lambda: _has_no_run(ready))
    mover = _exported(kubectl, "datamover", "m")
    runs = [_exported(kubectl, "datamoverrun", name) for name in ("r1", triggered)]
    task = mover["status"]["taskArn"]
    ready.delete("DataMover", "m")
    ready.wait_gone("DataMover", "m")
    for run in runs:
        ready.wait_gone("DataMoverRun", run["metadata"]["name"])

    mover["spec"]["adopt"] = {"taskArn": task}
    for each in (*runs, mover):
        kubectl("apply", "-f", "-", stdin=yaml.safe_dump(each))
    assert ready.wait_ready()["status"]["taskArn"] == task
    for run in runs:
        found = ready.wait_phase(run["metadata"]["name"], "Unknown")
        assert found["status"]["reason"] == "MoverGone"
    ready.run("new")
    ready.wait_phase("new", "Succeeded")
    assert started(ready) == 3


def _exported(kubectl: Kubectl, kind: str, name: str) -> Json:
    """What a person keeps of an object to apply it elsewhere."""
    found: Json = yaml.safe_load(kubectl("get", kind, name, "-o", "yaml"))
    for member in ("uid", "ownerReferences", "resourceVersion"):
        found["metadata"].pop(member, None)
    return found


def _has_no_run(world: World) -> bool:
    found = world.get("DataMover", "m")
    return found is not None and "currentRun" not in found["status"] and "lastRun" in found["status"]


# foreign and forged


def test_deleting_the_record_of_a_foreign_execution_cancels_it(ready: World) -> None:
    mover = ready.wait_ready()
    with held(ready):
        arn = ready.aws("datasync").start_task_execution(TaskArn=mover["status"]["taskArn"])["TaskExecutionArn"]
        name = eventually(lambda: ready.list("DataMoverRun"))[0]["metadata"]["name"]
        ready.wait_phase(name, *ACTIVE)
        ready.delete("DataMoverRun", name)
        eventually(lambda: cancelled(ready))
    ready.wait_gone("DataMoverRun", name)
    assert cancelled(ready) == [arn]
    ready.run("r1")
    ready.wait_phase("r1", "Succeeded")
    assert [each["metadata"]["name"] for each in ready.list("DataMoverRun")] == ["r1"]


def test_no_annotation_reaches_another_movers_execution(ready: World) -> None:
    ready.bucket("src2", {"b.txt": b"beta"})
    ready.bucket("dst2")
    ready.s3_mover("other", source="src2", destination="dst2")
    ready.wait_ready("other")
    with held(ready):
        ready.run("r1")
        arn = ready.wait_phase("r1", *ACTIVE)["status"]["executionArn"]
        spec: dict[str, object] = {"moverRef": {"name": "other"}, "cancel": True, "bytesPerSecond": 1}
        ready.create("DataMoverRun", "forged", spec, annotations={"datamover.io/execution-arn": arn})
        found = ready.wait_phase("forged", "Rejected")
        assert found["status"]["reason"] == "NotItsExecution"
        assert arn in found["status"]["message"]
    ready.wait_phase("r1", "Succeeded")
    assert cancelled(ready) == []
    assert ready.emulator.journal(operation="UpdateTaskExecution") == []


# what a mover leaves


def test_a_mover_deleted_with_retain_leaves_its_execution_alone(ready: World) -> None:
    with held(ready):
        ready.run("r1")
        arn = ready.wait_phase("r1", *ACTIVE)["status"]["executionArn"]
        ready.patch("DataMover", "m", {"spec": {"deletionPolicy": "Retain"}})
        ready.delete("DataMover", "m")
        ready.wait_gone("DataMover", "m")
        ready.wait_gone("DataMoverRun", "r1")
        assert cancelled(ready) == []
    datasync = ready.aws("datasync")
    eventually(lambda: datasync.describe_task_execution(TaskExecutionArn=arn)["Status"] == "SUCCESS")


def test_a_namespace_goes_with_its_mover_and_what_runs(
    api: Api, emulator: Emulator, namespace: str, operator: Operators, kubeconfig: Path
) -> None:
    """Its role bindings may go first: the operator has to have its rights from elsewhere, as the chart grants them."""
    world = World(api, emulator, namespace)
    world.bucket("src", {"a.txt": b"alpha"})
    world.bucket("dst")
    world.grant_all()
    operator(kubeconfig=kubeconfig)
    world.s3_mover()
    world.wait_ready()
    with held(world), world.emulator.fault("CancelTaskExecution", hold="before") as cancellation:
        world.run("r1")
        world.wait_phase("r1", *ACTIVE)
        api.delete(f"/api/v1/namespaces/{namespace}")
        cancellation.wait_held()
        world.patch("DataMover", "m", {"spec": {"trigger": {"manual": "too late"}}})
        cancellation.release()
    world.wait_gone("DataMover", "m")
    world.wait_gone("DataMoverRun", "r1")
    assert world.leftovers() == NOTHING


def test_runs_that_end_before_they_start_go_with_their_mover(ready: World) -> None:
    with held(ready):
        ready.run("r1")
        ready.wait_phase("r1", *ACTIVE)
        ready.run("cancelled", cancel=True)
        ready.run("second")
        ready.wait_phase("cancelled", "Cancelled")
        ready.wait_phase("second", "Rejected")
    with ready.emulator.fault("DeleteTask", hold="before") as deletion:
        ready.delete("DataMover", "m")
        deletion.wait_held()
        ready.run("late")
        ready.wait_phase("late", "Rejected")
    for name in ("r1", "cancelled", "second", "late"):
        ready.wait_gone("DataMoverRun", name)
    assert ready.leftovers() == NOTHING


# refused


def test_a_start_that_is_denied_is_made_when_it_is_allowed(ready: World) -> None:
    with ready.emulator.fault("StartTaskExecution", count=None, **DENIED) as fault:
        ready.run("r1")
        found = ready.wait_condition("DataMoverRun", "r1", "Stalled", reason="AccessDenied")
        assert found["status"]["phase"] == "Pending"
        assert "not authorized to start" in found["status"]["message"]
        fault.wait_hit(2)
    ready.wait_phase("r1", "Succeeded")
    task = ready.wait_ready()["status"]["taskArn"]
    assert len(ready.aws("datasync").list_task_executions(TaskArn=task)["TaskExecutions"]) == 1


def test_a_limit_that_is_refused_is_told_and_another_one_holds(ready: World) -> None:
    with held(ready):
        ready.run("r1")
        ready.wait_phase("r1", *ACTIVE)
        told = "Invalid SyncOption value. Option: BytesPerSecond"
        refusal = {"code": "InvalidRequestException", "message": told, "status": 400}
        with ready.emulator.fault("UpdateTaskExecution", error=refusal):
            ready.patch("DataMoverRun", "r1", {"spec": {"bytesPerSecond": 1}})
            found = ready.wait_condition("DataMoverRun", "r1", "Stalled", reason="Refused")
        assert told in found["status"]["message"]
        eventually(lambda: any(told in each["note"] for each in _events(ready)))
        ready.patch("DataMoverRun", "r1", {"spec": {"bytesPerSecond": 1_000_000}})
        eventually(lambda: len(ready.emulator.journal(operation="UpdateTaskExecution")) >= 2)
        eventually(lambda: _is_unhindered(ready))
    ready.wait_phase("r1", "Succeeded")
    assert len(ready.emulator.journal(operation="UpdateTaskExecution")) == 2


def _is_unhindered(world: World) -> bool:
    stalled = condition_of(world.get("DataMoverRun", "r1") or {}, "Stalled")
    return stalled is not None and stalled["status"] == "False"


def _events(world: World) -> list[Json]:
    found: list[Json] = world.api.get(f"/apis/events.k8s.io/v1/namespaces/{world.namespace}/events")["items"]
    return found
