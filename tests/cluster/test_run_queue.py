"""Runs that ask to wait in DataSync's queue, on the whole stack."""

from __future__ import annotations

from typing import Any

from tests.support.emulator import Json
from tests.support.movers import NOTHING, World
from tests.support.waiting import eventually

QUEUE: dict[str, Any] = {"overrideOptions": {"taskQueueing": "ENABLED"}}
ACTIVE = ("Launching", "Preparing", "Transferring")


def names(world: World) -> tuple[str, list[str]]:
    """The run that holds the mover, and those in the queue behind it."""
    status = mover(world)["status"]
    queued = [each["name"] for each in status.get("queuedRuns", [])]
    return status.get("currentRun", {}).get("name", ""), queued


def mover(world: World) -> Json:
    found = world.get("DataMover", "m")
    assert found is not None
    return found


def test_queued_runs_start_in_turn(ready: World) -> None:
    with ready.emulator.fault(state="TRANSFERRING", hold="before"):
        ready.run("first")
        ready.wait_phase("first", *ACTIVE)
        ready.run("second", **QUEUE)
        ready.wait_phase("second", "Queued")
        eventually(lambda: names(ready) == ("first", ["second"]))
    ready.wait_phase("first", "Succeeded")
    ready.wait_phase("second", "Succeeded")
    eventually(lambda: names(ready) == ("", []))
    assert len(ready.emulator.journal(operation="StartTaskExecution")) == 2


def test_a_queued_run_is_cancelled_and_the_others_go_on(ready: World) -> None:
    with ready.emulator.fault(state="TRANSFERRING", hold="before"):
        ready.run("first")
        ready.wait_phase("first", *ACTIVE)
        for name in ("cancelled", "deleted"):
            ready.run(name, **QUEUE)
            ready.wait_phase(name, "Queued")
        ready.patch("DataMoverRun", "cancelled", {"spec": {"cancel": True}})
        ready.delete("DataMoverRun", "deleted")
        ready.wait_phase("cancelled", "Cancelled")
        ready.wait_gone("DataMoverRun", "deleted")
    ready.wait_phase("first", "Succeeded")
    eventually(lambda: names(ready) == ("", []))
    assert len(ready.list("DataMoverRun")) == 2


def test_a_mover_goes_with_its_whole_queue(ready: World) -> None:
    with ready.emulator.fault(state="TRANSFERRING", hold="before"):
        ready.run("first")
        ready.wait_phase("first", *ACTIVE)
        ready.run("second", **QUEUE)
        ready.wait_phase("second", "Queued")
        ready.delete("DataMover", "m")
        eventually(lambda: len(ready.emulator.journal(operation="CancelTaskExecution")) >= 2)
    ready.wait_gone("DataMover", "m")
    assert ready.leftovers() == NOTHING
    for name in ("first", "second"):
        ready.wait_gone("DataMoverRun", name)
