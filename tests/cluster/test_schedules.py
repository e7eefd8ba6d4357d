"""A schedule that DataSync fires: the operator records the runs that it has not started."""

from __future__ import annotations

from functools import partial

from datamover_crds.contract import ORIGIN_LABEL, SCHEDULE_ORIGIN
from tests.cluster.test_metrics import read
from tests.support.emulator import Json
from tests.support.movers import World, condition_of
from tests.support.operator_process import Operators
from tests.support.waiting import eventually

HOUR = 3600.0


def prepare(world: World) -> None:
    world.bucket("src", {"a.txt": b"alpha"})
    world.bucket("dst")
    world.grant_all()


def test_a_scheduled_start_is_recorded_as_a_run_and_is_not_told_as_missed(world: World, operator: Operators) -> None:
    prepare(world)
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


def test_a_manifest_that_would_fail_the_scheduled_run_is_told_before_it_starts(
    world: World, operator: Operators
) -> None:
    prepare(world)
    world.bucket("lists")
    operator(refused_retry_seconds=1)
    place = {"s3BucketArn": "arn:aws:s3:::lists", "manifestObjectPath": "night.csv"}
    world.s3_mover(schedule={"scheduleExpression": "rate(1 hour)"}, manifestConfig={"source": {"s3": place}})
    world.wait_ready()
    failing = eventually(lambda: told(world, "ManifestUnusable"), what="the missing manifest is told")
    assert failing["message"].startswith("spec.manifestConfig: s3://lists/night.csv does not exist")
    assert world.list("DataMoverRun") == []
    world.aws("s3").put_object(Bucket="lists", Key="night.csv", Body=b"a.txt\n")
    eventually(lambda: not told(world, "ManifestUnusable"), what="it is there now")


def test_what_was_due_while_the_operator_was_down_is_missed_only_if_it_did_not_happen(
    world: World, operator: Operators
) -> None:
    """Twice it is away when a start is due: AWS makes the first one and skips the second, and goes on with a third."""
    prepare(world)
    first = operator()
    world.s3_mover(schedule={"scheduleExpression": "rate(1 hour)"})
    status = world.wait_ready()["status"]
    due = status["nextScheduledTime"]
    first.terminate()
    world.emulator.advance_clock(HOUR + 1)
    eventually(lambda: executions(world, status["taskArn"]) == ["SUCCESS"], what="DataSync has made the first start")

    operator.be_ahead(minutes=70)
    second = operator()
    (run,) = eventually(lambda: world.list("DataMoverRun"), what="the scheduled run is recorded")
    world.wait_phase(run["metadata"]["name"], "Succeeded")
    assert run["metadata"]["labels"][ORIGIN_LABEL] == SCHEDULE_ORIGIN
    mover = eventually(lambda: announced(world, after=due), what="the next start is announced")
    assert condition_of(mover, "ScheduleFailing") is None
    assert "lastMissedTime" not in mover["status"]
    skipped = mover["status"]["nextScheduledTime"]
    second.terminate()

    operator.be_ahead(minutes=130)
    seen = world.listings()
    url = operator().url
    failing = eventually(lambda: told(world, "Missed"), what="the missed start is told")
    assert f"the start that was due at {skipped} did not happen" in failing["message"]
    mover = eventually(lambda: announced(world, after=skipped), what="the next start is announced")
    assert mover["status"]["lastMissedTime"] == skipped
    missed = partial(read, url, "datamover_schedule_missed_total", namespace=world.namespace, mover="m")
    eventually(lambda: missed() == 1, what="it is counted")
    assert len(world.list("DataMoverRun")) == 1

    eventually(lambda: world.listings() >= seen + 2, what="it knows what there was before")
    world.emulator.advance_clock(2 * HOUR)
    eventually(lambda: not told(world, "Missed"), what="a start that comes ends it")
    assert missed() == 1


def executions(world: World, task: str) -> list[str]:
    listed = world.aws("datasync").list_task_executions(TaskArn=task)["TaskExecutions"]
    return [str(each["Status"]) for each in listed]


def announced(world: World, *, after: str) -> Json:
    """The mover, once a later start is announced."""
    mover = world.get("DataMover", "m") or {}
    return mover if mover["status"].get("nextScheduledTime", "") > after else {}


def told(world: World, reason: str) -> Json:
    """The condition ScheduleFailing with this reason."""
    found = condition_of(world.get("DataMover", "m") or {}, "ScheduleFailing") or {}
    return found if found.get("reason") == reason else {}
