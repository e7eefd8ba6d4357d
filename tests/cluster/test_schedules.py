"""A schedule that DataSync fires: the operator records the runs that it has not started."""

from __future__ import annotations

from datamover_crds.contract import ORIGIN_LABEL, SCHEDULE_ORIGIN
from tests.cluster.test_metrics import read
from tests.support.emulator import Json
from tests.support.movers import World, condition_of
from tests.support.operator_process import Operators
from tests.support.waiting import eventually


def test_a_scheduled_start_is_recorded_as_a_run_and_is_not_told_as_missed(world: World, operator: Operators) -> None:
    world.bucket("src", {"a.txt": b"alpha"})
    world.bucket("dst")
    world.grant_all()
    url = operator().url
    world.s3_mover(schedule={"scheduleExpression": "rate(1 hour)"})
    world.wait_ready()

    def recorded() -> Json | None:
        return next((run for run in world.list("DataMoverRun") if "phase" in run.get("status", {})), None)

    with world.emulator.fault(state="TRANSFERRING", hold="before"):
        world.emulator.advance_clock(3601)
        run = eventually(recorded, timeout=60, what="the scheduled execution is recorded") or {}
    assert run["metadata"]["labels"][ORIGIN_LABEL] == SCHEDULE_ORIGIN
    world.wait_phase(run["metadata"]["name"], "Succeeded")
    assert world.objects("dst") == {"a.txt": b"alpha"}
    mover = world.get("DataMover", "m")
    assert mover is not None
    assert "nextScheduledTime" in mover["status"]
    assert condition_of(mover, "ScheduleFailing") is None
    assert read(url, "datamover_schedule_missed_total", namespace=world.namespace, mover="m") is None
