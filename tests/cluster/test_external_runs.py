"""What people do to executions in the AWS console, and what the run objects say of it."""

from __future__ import annotations

from tests.support.emulator import Json
from tests.support.movers import World
from tests.support.waiting import eventually

BROKEN = {"error": {"code": "ServiceUnavailable", "status": 503}}
ACTIVE = ("Launching", "Preparing", "Transferring")


def executions(world: World) -> dict[str, str]:
    """The executions of all tasks, with their states."""
    listed = world.aws("datasync").list_task_executions()["TaskExecutions"]
    return {each["TaskExecutionArn"]: each["Status"] for each in listed}


def test_an_execution_that_is_over_before_anybody_sees_it_run_is_recorded(ready: World) -> None:
    task = ready.wait_ready()["status"]["taskArn"]
    with ready.emulator.fault("ListTasks", count=None, **BROKEN):  # which alone shows tasks that run
        seen = ready.listings()
        eventually(lambda: ready.listings() >= seen + 2, what="it knows what there was before")
        arn = ready.aws("datasync").start_task_execution(TaskArn=task)["TaskExecutionArn"]
        found: Json = eventually(lambda: ready.list("DataMoverRun"), what="a run is recorded")[0]
        ready.wait_phase(found["metadata"]["name"], "Succeeded")
    (found,) = ready.list("DataMoverRun")
    assert found["metadata"]["labels"]["datamover.io/origin"] == "external"
    assert found["status"]["executionArn"] == arn
    assert found["status"]["counters"]["bytesTransferred"] == len(b"alpha")


def test_a_run_that_is_cancelled_in_the_console_ends_as_cancelled(ready: World) -> None:
    with (
        ready.emulator.fault(state="TRANSFERRING", hold="before"),
        ready.emulator.fault(state="CANCELLING", hold="before"),
    ):
        ready.run("r1")
        arn = ready.wait_phase("r1", *ACTIVE)["status"]["executionArn"]
        ready.aws("datasync").cancel_task_execution(TaskExecutionArn=arn)
        ready.wait_phase("r1", "Cancelling")
    ready.wait_phase("r1", "Cancelled")


def test_a_run_that_was_cancelled_before_anybody_looked_says_what_may_have_happened(ready: World) -> None:
    with ready.emulator.fault(state="TRANSFERRING", hold="before") as held:
        ready.run("r1")
        held.wait_held()
        arn = ready.wait_phase("r1", *ACTIVE)["status"]["executionArn"]
        with ready.emulator.fault("DescribeTaskExecution", count=None, **BROKEN):
            ready.aws("datasync").cancel_task_execution(TaskExecutionArn=arn)
            held.release()
            eventually(lambda: executions(ready)[arn] == "ERROR", what="it has ended")
    found = ready.wait_phase("r1", "Failed")
    assert "cancelled outside this cluster" in found["status"]["message"]


def test_a_run_whose_task_is_deleted_before_its_end_was_recorded_keeps_what_was_known(ready: World) -> None:
    with ready.emulator.fault(state="TRANSFERRING", hold="before") as held:
        ready.run("r1")
        held.wait_held()
        known = ready.wait_phase("r1", "Transferring", "Preparing")["status"]
        arn, datasync = known["executionArn"], ready.aws("datasync")
        with ready.emulator.fault("DescribeTaskExecution", count=None, **BROKEN):
            held.release()
            eventually(lambda: executions(ready)[arn] == "SUCCESS", what="it has ended")
            datasync.delete_task(TaskArn=arn.rpartition("/execution/")[0])
    found = ready.wait_phase("r1", "Unknown")["status"]
    assert found["executionArn"] == arn
    assert found["startTime"] == known["startTime"]
    assert found["counters"].keys() >= known["counters"].keys()
    assert found["reason"] in {"ExecutionGone", "TaskGone"}
    eventually(lambda: ready.wait_ready()["status"]["taskArn"] not in arn, what="the mover has another task")
