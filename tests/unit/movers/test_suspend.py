"""A task starts nothing by itself while its mover is suspended, or may not do what it declares."""

from __future__ import annotations

from typing import cast

import pytest

from datamover_crds import JsonObject
from datamover_crds.contract import OWNER_TAG, UID_TAG
from datamover_operator.aws.failure import FailureKind
from tests.support.specs import s3
from tests.unit.movers.given import DRIFT, Spec, ending_at, failing, foreign_task, spec, told
from tests.unit.movers.sky import Item
from tests.unit.movers.world import GRANT_ALL, World

NIGHTLY: JsonObject = {"scheduleExpression": "cron(0 4 * * ? *)"}
ENABLED: JsonObject = NIGHTLY | {"status": "ENABLED"}
DISABLED: JsonObject = NIGHTLY | {"status": "DISABLED"}
ELSEWHERE: Spec = {"source": s3(s3BucketArn="arn:aws:s3:::elsewhere")}
OTHERS: JsonObject = {"namespaces": ["team-b"], "locations": ["*"], "roleArns": ["*"]}


def the_task(world: World) -> Item:
    return world.sky.items[str(world.mover.status.task_arn)]


def adopting(world: World) -> tuple[Item, Spec]:
    """A task that starts by itself at night, and a spec that adopts it and does not speak of that."""
    task = foreign_task(world.sky)
    task.described["schedule"] = ENABLED
    return task, {"adopt": {"taskArn": task.arn}}


def test_suspending_stops_the_schedule_before_a_change_that_is_refused() -> None:
    with World(spec(schedule=NIGHTLY)) as world:
        world.settle()
        task = the_task(world)
        world.change(spec(schedule=NIGHTLY, suspend=True, **ELSEWHERE))
        with failing(world, "CreateLocation", FailureKind.REFUSED):
            assert world.settle() == "Stalled"
        assert task.described["schedule"] == DISABLED
        assert world.mover.status.next_scheduled_time is None


@pytest.mark.parametrize("granted", [True, False])
def test_suspending_waits_for_the_run_and_says_so(granted: bool) -> None:
    with World(spec(schedule=NIGHTLY)) as world:
        world.settle()
        task = the_task(world)
        world.sky.start(task.arn)
        if not granted:
            world.grant([OTHERS])
        world.change(spec(schedule=NIGHTLY, suspend=True))
        world.look_closely()
        world.reconcile()
        kind = "Reconciling" if granted else "Stalled"
        assert "the schedule will be disabled when the active run ends" in str(told(world, kind)["message"])
        assert task.described["schedule"] == ENABLED
        world.settle()
        assert task.described["schedule"] == DISABLED


def test_nothing_but_the_schedule_stops_when_the_grant_is_taken_back() -> None:
    with World(spec(schedule=NIGHTLY)) as world:
        world.settle()
        task = the_task(world)
        task.described["name"] = "drifted"
        before = len(world.sky.writes)
        world.grant([OTHERS])
        for _ in range(2):
            assert world.settle() == "Stalled"
            assert told(world, "Stalled")["reason"] == "NotGranted"
            assert task.described["schedule"] == DISABLED
            assert world.sky.writes[before:] == ["UpdateTask"]
            world.pass_time(DRIFT)
        world.grant([GRANT_ALL])
        assert world.settle() == "Ready"
        assert task.described["schedule"] == ENABLED


def test_a_task_that_is_anothers_meanwhile_is_left_alone_when_the_grant_is_taken_back() -> None:
    with World(spec(schedule=NIGHTLY)) as world:
        world.settle()
        task = the_task(world)
        task.tags |= {UID_TAG: "another", OWNER_TAG: "cluster-2/b/m"}
        world.grant([OTHERS])
        assert world.settle() == "Stalled"
        assert task.described["schedule"] == ENABLED


@pytest.mark.parametrize("kind", [FailureKind.REFUSED, FailureKind.CONFLICT])
@pytest.mark.parametrize("operation", ["DescribeTask", "UpdateTask"])
def test_a_schedule_that_could_not_be_stopped_is_told_and_tried_again(kind: FailureKind, operation: str) -> None:
    with World(spec(schedule=NIGHTLY)) as world:
        world.settle()
        world.grant([OTHERS])
        with failing(world, operation, kind):
            world.reconcile()
        assert "the schedule could not be disabled: " in str(told(world, "Stalled")["message"])
        assert world.queue.next is not None
        assert (world.queue.next < 60) is (kind is FailureKind.CONFLICT)
        world.pass_time(world.queue.next)
        assert world.settle() == "Stalled"
        assert the_task(world).described["schedule"] == DISABLED
        assert "could not" not in str(told(world, "Stalled")["message"])


def test_a_schedule_that_is_not_declared_comes_back_with_the_end_of_suspend() -> None:
    with World(spec()) as world:
        task, adopt = adopting(world)
        world.change(spec(**adopt))
        assert world.settle() == "Ready"
        for _ in range(2):
            world.change(spec(suspend=True, **adopt))
            with ending_at(world, "UpdateTask"):
                assert world.settle() == "Ready"
            assert task.described["schedule"] == DISABLED
            world.pass_time(DRIFT)
            assert world.settle() == "Ready"
            world.change(spec(**adopt))
            assert world.settle() == "Ready"
            assert task.described["schedule"] == ENABLED
            assert world.mover.status.bookkeeping.declared == ()


def test_a_schedule_that_is_not_declared_comes_back_with_the_grant() -> None:
    with World(spec()) as world:
        task, adopt = adopting(world)
        world.change(spec(suspend=True, **adopt))
        assert world.settle() == "Ready"
        assert task.described["schedule"] == DISABLED
        world.grant([OTHERS])
        world.change(spec(**adopt))
        assert world.settle() == "Stalled"
        assert task.described["schedule"] == DISABLED
        world.grant([GRANT_ALL])
        assert world.settle() == "Ready"
        assert task.described["schedule"] == ENABLED


@pytest.mark.parametrize("details", [None, {"disabledBy": "SERVICE"}])
def test_a_schedule_that_others_disabled_stays_so(details: JsonObject | None) -> None:
    with World(spec()) as world:
        task, adopt = adopting(world)
        if details is None:
            task.described["schedule"] = DISABLED
        world.change(spec(suspend=True, **adopt))
        assert world.settle() == "Ready"
        if details is not None:
            task.described["scheduleDetails"] = details
        world.change(spec(**adopt))
        assert world.settle() == "Ready"
        assert cast("JsonObject", task.described["schedule"])["status"] == "DISABLED"
