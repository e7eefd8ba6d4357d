"""Runs on the whole stack: started, watched, cancelled, rejected, recorded."""

from __future__ import annotations

import pytest

from tests.support.emulator import Json
from tests.support.movers import NOTHING, World
from tests.support.waiting import eventually


@pytest.fixture
def ready(ready: World) -> World:
    """A world with a Ready mover `m` from bucket src, which holds three objects, to bucket dst."""
    for key, body in {"b/c.txt": b"charlie", "b/d.tmp": b"delta"}.items():
        ready.aws("s3").put_object(Bucket="src", Key=key, Body=body)
    return ready


def test_a_run_copies_and_is_recorded(ready: World) -> None:
    ready.run("r1")
    found = ready.wait_phase("r1", "Succeeded")
    assert ready.objects("dst") == {"a.txt": b"alpha", "b/c.txt": b"charlie", "b/d.tmp": b"delta"}
    counters = found["status"]["counters"]
    assert counters["bytesTransferred"] == len(b"alpha") + len(b"charlie") + len(b"delta")
    assert found["status"]["progress"]["percent"] == 100
    mover = eventually(lambda: _last_run(ready))
    assert mover["status"]["lastRun"]["phase"] == "Succeeded"
    assert "currentRun" not in mover["status"]
    eventually(lambda: _freed(ready, "r1"))


def test_filters_and_options_hold_for_one_run_alone(ready: World) -> None:
    ready.run("r1", excludes=[{"filterType": "SIMPLE_PATTERN", "value": "*.tmp"}])
    ready.wait_phase("r1", "Succeeded")
    assert set(ready.objects("dst")) == {"a.txt", "b/c.txt"}


def test_a_trigger_token_starts_one_run(ready: World) -> None:
    ready.patch("DataMover", "m", {"spec": {"trigger": {"manual": "one"}}})
    runs = eventually(lambda: ready.list("DataMoverRun"))
    assert len(runs) == 1
    ready.wait_phase(runs[0]["metadata"]["name"], "Succeeded")
    found = eventually(lambda: _with_trigger(ready, "one"))
    assert found["metadata"]["annotations"]["datamover.io/last-trigger"] == "one"
    assert runs[0]["metadata"]["labels"]["datamover.io/origin"] == "trigger"
    assert len(ready.emulator.journal(operation="StartTaskExecution")) == 1


def test_a_second_start_is_rejected_while_one_is_active(ready: World) -> None:
    with ready.emulator.fault(state="TRANSFERRING", hold="before"):
        ready.run("r1")
        ready.wait_phase("r1", "Launching", "Preparing", "Transferring")
        ready.run("r2")
        assert ready.wait_phase("r2", "Rejected")["status"]["reason"] == "AlreadyRunning"
    ready.wait_phase("r1", "Succeeded")
    assert len(ready.emulator.journal(operation="StartTaskExecution")) == 1


def test_an_execution_started_in_the_console_is_recorded(ready: World) -> None:
    task = ready.get("DataMover", "m")
    assert task is not None
    with ready.emulator.fault(state="TRANSFERRING", hold="before"):
        ready.aws("datasync").start_task_execution(TaskArn=task["status"]["taskArn"])
        runs = eventually(lambda: ready.list("DataMoverRun"))
    assert runs[0]["metadata"]["labels"]["datamover.io/origin"] == "external"
    ready.wait_phase(runs[0]["metadata"]["name"], "Succeeded")


def _last_run(world: World) -> Json:
    found = world.get("DataMover", "m")
    assert found is not None
    assert "lastRun" in found["status"]
    return found


def _freed(world: World, name: str) -> Json:
    found = world.get("DataMoverRun", name)
    assert found is not None
    assert "finalizers" not in found["metadata"]
    return found


def _with_trigger(world: World, token: str) -> Json:
    found = world.get("DataMover", "m")
    assert found is not None
    assert found["status"].get("lastTrigger") == token
    return found


def test_cancelling_a_run_ends_it_as_cancelled(ready: World) -> None:
    with ready.emulator.fault(state="TRANSFERRING", hold="before"):
        ready.run("r1")
        ready.wait_phase("r1", "Launching", "Preparing", "Transferring")
        ready.patch("DataMoverRun", "r1", {"spec": {"cancel": True}})
        eventually(lambda: ready.emulator.journal(operation="CancelTaskExecution"))
    ready.wait_phase("r1", "Cancelled")
    assert len(ready.emulator.journal(operation="CancelTaskExecution")) == 1


def test_deleting_an_active_run_cancels_it(ready: World) -> None:
    with ready.emulator.fault(state="TRANSFERRING", hold="before"):
        ready.run("r1")
        ready.wait_phase("r1", "Launching", "Preparing", "Transferring")
        ready.delete("DataMoverRun", "r1")
        eventually(lambda: ready.emulator.journal(operation="CancelTaskExecution"))
    ready.wait_gone("DataMoverRun", "r1")


def test_deleting_a_mover_with_an_active_run_cancels_it_first(ready: World) -> None:
    with ready.emulator.fault(state="TRANSFERRING", hold="before"):
        ready.run("r1")
        ready.wait_phase("r1", "Launching", "Preparing", "Transferring")
        ready.delete("DataMover", "m")
        eventually(lambda: ready.emulator.journal(operation="CancelTaskExecution"))
    ready.wait_gone("DataMover", "m")
    assert ready.leftovers() == NOTHING
    assert ready.calls(reads=False).index("CancelTaskExecution") < ready.calls(reads=False).index("DeleteTask")


def test_the_bandwidth_limit_changes_while_a_run_is_active(ready: World) -> None:
    with ready.emulator.fault(state="TRANSFERRING", hold="before"):
        ready.run("r1")
        ready.wait_phase("r1", "Launching", "Preparing", "Transferring")
        ready.patch("DataMoverRun", "r1", {"spec": {"bytesPerSecond": 1_000_000}})
        eventually(lambda: ready.emulator.journal(operation="UpdateTaskExecution"))
    ready.wait_phase("r1", "Succeeded")
    asked = {
        each["params"]["Options"]["BytesPerSecond"] for each in ready.emulator.journal(operation="UpdateTaskExecution")
    }
    assert asked == {1_000_000}
