"""Grants are judged on what the task has in AWS, whatever the spec says and whatever else is wrong (I6)."""

from __future__ import annotations

import pytest
from pydantic import JsonValue

from datamover_crds import JsonObject
from datamover_operator.aws.failure import FailureKind
from tests.support.location_cases import AGENT, CASES
from tests.support.specs import ACCESS_POINT, efs, s3
from tests.unit.movers.given import DRIFT, Spec, ending_at, failing, foreign_task, spec, told
from tests.unit.movers.sky import Item
from tests.unit.movers.world import GRANT_ALL, World

NIGHTLY: JsonObject = {"scheduleExpression": "cron(0 4 * * ? *)"}
ENABLED: JsonObject = NIGHTLY | {"status": "ENABLED"}
DISABLED: JsonObject = NIGHTLY | {"status": "DISABLED"}
ALL_BUT_SRC: JsonObject = {"namespaces": ["*"], "locations": ["s3://dst/*", "s3://mine/*", "efs://*"]}
NFS = next(case for case in CASES if case.name == "nfs")
BECAUSE = "the schedule is disabled, because what the task has as its source in AWS is not granted"


def the_task(world: World) -> Item:
    return world.sky.items[str(world.mover.status.task_arn)]


def message(world: World) -> str:
    return str(told(world, "Stalled")["message"])


@pytest.mark.parametrize(
    "source",
    [efs(efsFilesystemArn="arn:aws:elasticfilesystem:eu:1:fs"), s3(s3BucketArn="arn:aws:s3:::no_bucket!")],
    ids=["no file system", "no bucket"],
)
def test_a_schedule_stops_though_the_spec_has_become_invalid(source: Spec) -> None:
    with World(spec(schedule=NIGHTLY)) as world:
        world.settle()
        task = the_task(world)
        world.change(spec(schedule=NIGHTLY, source=source))
        assert world.settle() == "Stalled"
        assert task.described["schedule"] == ENABLED, "what is granted goes on"
        world.grant([ALL_BUT_SRC])
        assert world.settle() == "Stalled"
        assert told(world, "Stalled")["reason"] == "InvalidSpec"
        assert BECAUSE in message(world)
        assert task.described["schedule"] == DISABLED
        world.grant([GRANT_ALL])
        world.change(spec(schedule=NIGHTLY))
        assert world.settle() == "Ready"
        assert task.described["schedule"] == ENABLED


@pytest.mark.parametrize("left", [[], ["arn:aws:datasync:eu-central-1:111122223333:agent/another*"]])
def test_a_schedule_stops_where_an_agent_is_no_longer_granted(left: list[JsonValue]) -> None:
    with World(spec(schedule=NIGHTLY, source={"nfs": NFS.full})) as world:
        world.settle()
        task = the_task(world)
        world.grant([GRANT_ALL | {"agentArns": left}])
        assert world.settle() == "Stalled"
        assert f"does not grant agent '{AGENT}'" in message(world)
        assert task.described["schedule"] == DISABLED
        world.change(spec(schedule=NIGHTLY, source=s3(s3BucketArn="arn:aws:s3:::no_bucket!")))
        assert world.settle() == "Stalled"
        assert BECAUSE in message(world)
        world.grant([GRANT_ALL])
        world.change(spec(schedule=NIGHTLY, source={"nfs": NFS.full}))
        assert world.settle() == "Ready"
        assert task.described["schedule"] == ENABLED


def test_a_schedule_stops_though_the_spec_names_a_granted_source_that_can_not_be_made() -> None:
    with World(spec(schedule=NIGHTLY)) as world:
        world.settle()
        task = the_task(world)
        world.change(spec(schedule=NIGHTLY, source=s3(s3BucketArn="arn:aws:s3:::mine")))
        world.grant([ALL_BUT_SRC])
        with failing(world, "CreateLocation", FailureKind.REFUSED):
            assert world.settle() == "Stalled"
        assert told(world, "Stalled")["reason"] == "Refused"
        assert BECAUSE in message(world)
        assert task.described["schedule"] == DISABLED
        world.pass_time(DRIFT)
        assert world.settle() == "Ready"
        assert the_task(world).arn != task.arn
        assert the_task(world).described["schedule"] == ENABLED


def test_a_schedule_stops_though_an_earlier_call_is_in_doubt() -> None:
    with World(spec(schedule=NIGHTLY)) as world:
        world.settle()
        task = the_task(world)
        world.change(spec(schedule=NIGHTLY, source=s3(s3BucketArn="arn:aws:s3:::mine")))
        with ending_at(world, "CreateLocation"):
            world.reconcile()
        world.grant([ALL_BUT_SRC])
        world.reconcile()
        assert told(world, "Reconciling")["reason"] == "InDoubt"
        assert task.described["schedule"] == DISABLED


def test_a_schedule_stops_though_the_object_does_not_fit_its_model() -> None:
    with World(spec(schedule=NIGHTLY)) as world:
        world.settle()
        task = the_task(world)
        world.change(spec(schedule=NIGHTLY, taskMode="FASTER"))
        world.grant([ALL_BUT_SRC])
        world.reconcile()
        assert told(world, "Stalled")["reason"] == "InvalidObject"
        assert task.described["schedule"] == DISABLED


def test_what_the_task_has_beside_the_spec_has_to_be_granted() -> None:
    """Somebody puts an access point before the folder: the spec, which speaks of none, is still what AWS has."""
    grants: list[JsonObject] = [{"namespaces": ["*"], "locations": ["s3://*", "efs://*/team-a/"]}]
    declared = spec(schedule=NIGHTLY, destination=efs(inTransitEncryption="TLS1_2", subdirectory="/team-a/"))
    with World(declared, grants=grants) as world:
        assert world.settle() == "Ready"
        location = world.sky.items[str(world.mover.status.destination_location_arn)]
        location.described["accessPointArn"] = ACCESS_POINT
        world.look_closely()
        assert world.settle() == "Stalled"
        assert told(world, "Stalled")["reason"] == "NotGranted"
        assert ACCESS_POINT not in message(world)
        assert the_task(world).described["schedule"] == DISABLED
        writes = len(world.sky.writes)
        world.pass_time(DRIFT)
        assert world.settle() == "Stalled"
        assert len(world.sky.writes) == writes
        world.grant([GRANT_ALL])
        assert world.settle() == "Ready"
        assert the_task(world).described["schedule"] == ENABLED


def test_a_role_that_is_no_longer_granted_stops_the_schedule_whatever_the_spec_has_become() -> None:
    roles: JsonObject = {"namespaces": ["*"], "locations": ["*"], "roleArns": ["*:role/theirs"]}
    with World(spec(), grants=[roles]) as world:
        task = foreign_task(world.sky)
        task.described["schedule"] = ENABLED
        adopting = spec(adopt={"taskArn": task.arn}, schedule=NIGHTLY)
        world.change(adopting)
        assert world.settle() == "Ready"
        world.change(adopting | {"source": efs(efsFilesystemArn="arn:aws:elasticfilesystem:eu:1:fs")})
        world.grant([{"namespaces": ["*"], "locations": ["*"]}])
        assert world.settle() == "Stalled"
        assert told(world, "Stalled")["reason"] == "InvalidSpec"
        assert task.described["schedule"] == DISABLED
