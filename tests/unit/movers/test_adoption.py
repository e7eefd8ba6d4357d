"""Adoption reaches nothing that the namespace is not granted, and takes nothing from a mover that lives (I6)."""

from __future__ import annotations

from typing import cast

import pytest

from datamover_crds import JsonObject
from datamover_crds.contract import UID_TAG
from datamover_crds.legacy import FIXED_TAGS
from datamover_operator.aws.failure import FailureKind
from tests.support.specs import ACCESS_POINT, efs, s3
from tests.unit.movers.given import (
    DRIFT,
    NOTHING,
    SPEC,
    Spec,
    counts,
    ending_at,
    failing,
    foreign_task,
    locations_of,
    looked_after_by,
    spec,
    told,
)
from tests.unit.movers.sky import ACCOUNT_ID, REGION, Item
from tests.unit.movers.world import GRANT_ALL, NAMESPACE, World

LOCATIONS: JsonObject = {"namespaces": ["*"], "locations": ["s3://src/*", "s3://dst/*"]}
ROLES: JsonObject = LOCATIONS | {"roleArns": [f"arn:aws:iam::{ACCOUNT_ID}:role/theirs"]}


def adopt(world: World, task: Item, *, own: bool = False, **members: object) -> Spec:
    """Declare a mover that adopts a task, in place of the one that is there."""
    world.kube.objects.clear()
    declared = spec(adopt={"taskArn": task.arn, "own": own}, **members)
    world.create(declared)
    world.restart()
    return declared


def living_mover(world: World) -> str:
    """Another mover in another namespace; its uid."""
    world.share(world.sky.add_role("elses", {}).arn)
    return "o-0"


@pytest.mark.parametrize("own", [False, True])
def test_a_task_that_may_not_be_adopted_is_left_alone_for_good(own: bool) -> None:
    with World(SPEC, grants=[ROLES]) as world:
        task = foreign_task(world.sky, source="s3://payroll/2025/")
        before = {arn: (dict(item.described), dict(item.tags)) for arn, item in world.sky.items.items()}
        adopt(world, task, own=own)
        for _ in range(3):
            assert world.settle() == "Stalled"
            world.pass_time(DRIFT)
        assert told(world, "Stalled")["reason"] == "AdoptionMismatch"
        status = world.mover.status
        assert (status.task_arn, status.source_location_arn, status.source_role_arn) == (None, None, None)
        assert status.bookkeeping.owned == ()
        world.delete()
        assert world.settle() == "Gone"
        assert {arn: (dict(item.described), dict(item.tags)) for arn, item in world.sky.items.items()} == before
        assert world.sky.writes == []


def test_a_location_that_is_not_granted_is_not_told_of() -> None:
    with World(SPEC, grants=[ROLES]) as world:
        adopt(world, foreign_task(world.sky, source="s3://payroll/2025/"))
        assert world.settle() == "Stalled"
        assert "payroll" not in str(world.raw["status"])
        assert "payroll" not in str(world.told.events)
        assert "spec.source" in str(told(world, "Stalled")["message"])


def test_a_location_that_is_granted_is_told_of() -> None:
    with World(SPEC, grants=[ROLES]) as world:
        adopt(world, foreign_task(world.sky, source="s3://src/else/"))
        assert world.settle() == "Stalled"
        assert "'s3://src/else/'" in str(told(world, "Stalled")["message"])


@pytest.mark.parametrize("own", [False, True])
def test_the_role_that_a_location_comes_with_has_to_be_granted(own: bool) -> None:
    with World(SPEC, grants=[LOCATIONS]) as world:
        task = foreign_task(world.sky)
        adopt(world, task, own=own)
        assert world.settle() == "Stalled"
        assert told(world, "Stalled")["reason"] == "NotGranted"
        assert "theirs" not in str(world.raw["status"])
        world.grant([ROLES])
        assert world.settle() == "Ready", world.raw["status"]
        world.grant([LOCATIONS])
        assert world.settle() == "Stalled"


def test_of_a_mover_whose_grant_is_taken_back_the_task_alone_is_looked_at() -> None:
    with World(SPEC, grants=[ROLES]) as world:
        adopt(world, foreign_task(world.sky))
        assert world.settle() == "Ready"
        world.grant([LOCATIONS])
        world.memory.everything.answer(world.memory.everything.requested)
        reads: list[str] = []
        world.sky.on_read = reads.append
        world.reconcile()
        assert world.state == "Stalled"
        assert set(reads) == {"DescribeTask", "ListTagsForResource"}, (
            "nothing but whether its schedule is to be disabled"
        )


def test_a_role_of_the_users_own_takes_the_place_of_one_that_is_not_granted() -> None:
    roles: JsonObject = {"roleArns": [f"arn:aws:iam::{ACCOUNT_ID}:role/new-*"]}
    with World(SPEC, grants=[LOCATIONS | roles]) as world:
        task = foreign_task(world.sky)
        source, destination = (
            s3(**SPEC[side]["s3"], accessRole={"name": f"new-{side}"}) for side in ("source", "destination")
        )
        adopt(world, task, source=source, destination=destination)
        assert world.settle() == "Ready"
        assert str(world.mover.status.source_role_arn).endswith("/new-source")
        world.look_closely()
        assert world.settle() == "Ready"


def test_a_file_systems_role_has_to_be_granted() -> None:
    grants: JsonObject = {"namespaces": ["*"], "locations": ["*"], "roleArns": ["*:role/mine"]}
    with World(SPEC, grants=[grants]) as world:
        declared = efs(inTransitEncryption="TLS1_2")
        task = foreign_task(world.sky, destination=f"efs://{REGION}.fs-0123456789abcdef0/")
        location = locations_of(world.sky, task)[1].described
        del location["s3Config"], location["s3StorageClass"]
        location |= {"ec2Config": declared["efs"]["ec2Config"], "inTransitEncryption": "TLS1_2"}
        location["fileSystemAccessRoleArn"] = f"arn:aws:iam::{ACCOUNT_ID}:role/of-files"
        adopt(world, task, destination=declared, source=s3(**SPEC["source"]["s3"], accessRole={"name": "mine"}))
        assert world.settle() == "Stalled"
        assert "spec.destination.efs.fileSystemAccessRoleArn" in str(told(world, "Stalled")["message"])
        world.grant([GRANT_ALL])
        assert world.settle() == "Ready"


def test_an_access_point_that_is_kept_has_to_be_declared_and_so_granted() -> None:
    grants: list[JsonObject] = [{"namespaces": ["*"], "locations": ["s3://*", "efs://*/team-a/"], "roleArns": ["*"]}]
    with World(SPEC, grants=grants) as world:
        declared = efs(inTransitEncryption="TLS1_2", subdirectory="/team-a/")
        task = foreign_task(world.sky, destination=f"efs://{REGION}.fs-0123456789abcdef0/team-a/")
        location = locations_of(world.sky, task)[1].described
        del location["s3Config"], location["s3StorageClass"]
        location |= {"ec2Config": declared["efs"]["ec2Config"], "inTransitEncryption": "TLS1_2"}
        location["accessPointArn"] = ACCESS_POINT
        adopt(world, task, destination=declared)
        assert world.settle() == "Stalled"
        stalled = told(world, "Stalled")
        assert stalled["reason"] == "AdoptionMismatch"
        assert str(stalled["message"]).startswith("spec.destination.efs.accessPointArn: ")
        adopt(world, task, destination=efs(**declared["efs"], accessPointArn=ACCESS_POINT))
        assert world.settle() == "Stalled"
        assert told(world, "Stalled")["reason"] == "NotGranted"
        world.grant([GRANT_ALL])
        assert world.settle() == "Ready"
        assert task.tags


@pytest.mark.parametrize("part", [0, 1])
def test_what_a_living_mover_has_is_not_owned(part: int) -> None:
    with World(SPEC) as world:
        task = foreign_task(world.sky)
        adopt(world, task, own=True)
        theirs = locations_of(world.sky, task)[part]
        theirs.tags |= looked_after_by(living_mover(world), "cluster-1/b/other-0", "source")
        tags = dict(theirs.tags)
        assert world.settle() == "Ready"
        world.pass_time(DRIFT)
        assert world.settle() == "Ready"
        assert set(world.mover.status.bookkeeping.owned) == {"task", "source", "destination"} - {
            ("source", "destination")[part]
        }
        world.delete()
        assert world.settle() == "Gone"
        assert theirs.arn in world.sky.items
        assert theirs.tags == tags


def test_a_role_that_a_living_mover_has_made_stays_its_own() -> None:
    with World(SPEC) as world:
        task = foreign_task(world.sky)
        role = world.sky.role("theirs")
        assert role is not None
        role.tags |= looked_after_by(living_mover(world), "cluster-1/b/other-0", "sourceRole")
        tags = dict(role.tags)
        adopt(world, task, own=True)
        assert world.settle() == "Ready"
        assert role.tags == tags
        assert not any(each.endswith("Role") for each in world.mover.status.bookkeeping.owned)


def test_a_task_that_another_mover_manages_is_not_adopted() -> None:
    with World(SPEC) as world:
        task = foreign_task(world.sky)
        task.tags |= looked_after_by(living_mover(world), "cluster-1/b/other-0", "task")
        adopt(world, task, own=True)
        assert world.settle() == "Stalled"
        message = str(told(world, "Stalled")["message"])
        assert told(world, "Stalled")["reason"] == "AlreadyManaged"
        assert UID_TAG in message
        assert world.mover.status.task_arn is None
        del task.tags[UID_TAG]
        world.pass_time(DRIFT)
        assert world.settle() == "Ready"


@pytest.mark.parametrize("operation", ["UntagResource", "TagResource"])
def test_what_an_earlier_mover_made_is_not_owned_by_one_that_only_adopts_it(operation: str) -> None:
    with World(SPEC) as world:
        task = foreign_task(world.sky)
        parts = dict(zip(("task", "source", "destination"), (task, *locations_of(world.sky, task)), strict=True))
        for part, item in parts.items():
            item.tags |= looked_after_by("gone", "cluster-1/b/earlier", part)
            del item.tags[UID_TAG]  # as the message about a task that is managed already advises
        adopt(world, task, own=False)
        with ending_at(world, operation):
            assert world.settle() == "Ready"
        assert task.tags[UID_TAG] == world.uid
        for _ in range(2):
            world.pass_time(DRIFT)
            assert world.settle() == "Ready"
            assert world.mover.status.bookkeeping.owned == ()
            world.wipe_status()
        world.delete()
        assert world.settle() == "Gone"
        assert set(world.sky.items) >= {item.arn for item in parts.values()}


def test_a_task_that_is_taken_from_us_is_told_of() -> None:
    with World(SPEC) as world:
        world.settle()
        arn = str(world.mover.status.task_arn)
        world.sky.items[arn].tags |= looked_after_by("another", "cluster-2/b/m", "task")
        world.pass_time(DRIFT)
        assert world.settle() == "Stalled"
        assert told(world, "Stalled")["reason"] == "AlreadyManaged"
        assert world.mover.status.task_arn == arn


def test_the_object_restored_from_a_backup_takes_its_task_back() -> None:
    with World(SPEC) as world:
        world.settle()
        arn = world.mover.status.task_arn
        world.replace()
        assert world.settle() == "Ready"
        assert world.mover.status.task_arn == arn
        assert set(world.mover.status.bookkeeping.owned) == {
            "task",
            "source",
            "destination",
            "sourceRole",
            "destinationRole",
        }
        assert {item.tags[UID_TAG] for item in world.sky.items.values()} == {world.uid}
        world.delete()
        assert world.settle() == "Gone"
        assert counts(world) == NOTHING


@pytest.mark.parametrize(
    ("members", "field"),
    [({"taskMode": "ENHANCED"}, "spec.taskMode"), ({"source": efs()}, "spec.source")],
)
def test_what_does_not_fit_is_told(members: Spec, field: str) -> None:
    with World(SPEC) as world:
        adopt(world, foreign_task(world.sky), **members)
        assert world.settle() == "Stalled"
        assert str(told(world, "Stalled")["message"]).startswith(field)
        assert world.sky.writes == []


def test_a_task_that_is_not_there_is_not_made() -> None:
    with World(SPEC) as world:
        task = foreign_task(world.sky)
        del world.sky.items[task.arn]
        adopt(world, task)
        assert world.settle() == "Stalled"
        assert told(world, "Stalled")["reason"] == "TaskNotFound"
        assert world.sky.writes == []


def test_a_location_of_another_kind_is_not_supported() -> None:
    with World(SPEC) as world:
        task = foreign_task(world.sky, source="ftp://host/share/")
        adopt(world, task)
        assert world.settle() == "Stalled"
        assert "not supported" in str(told(world, "Stalled")["message"])


@pytest.mark.parametrize(("namespace", "state"), [(NAMESPACE, "Ready"), ("other", "Stalled"), (None, "Stalled")])
def test_a_legacy_task_is_for_one_namespace(namespace: str | None, state: str) -> None:
    with World(SPEC) as world:
        task = foreign_task(world.sky)
        task.tags |= FIXED_TAGS
        if namespace is not None:
            account = cast("JsonObject", world.account["spec"])
            account["rest"] = {"namespace": namespace}
        adopt(world, task, own=True)
        assert world.settle() == state
        if state == "Stalled":
            assert told(world, "Stalled")["reason"] == "NotGranted"
            return
        world.delete()
        assert world.settle() == "Gone"
        assert task.arn not in world.sky.items


def test_of_two_that_adopted_a_task_the_later_one_has_it() -> None:
    with World(SPEC) as world:
        task = foreign_task(world.sky)
        adopt(world, task, own=True)
        assert world.settle() == "Ready"
        for each in (task, *locations_of(world.sky, task)):
            each.tags |= looked_after_by("later", "cluster-1/b/later", "task")
        world.delete()
        assert world.settle() == "Gone"
        assert task.arn in world.sky.items


@pytest.mark.parametrize("kind", [FailureKind.UNAVAILABLE, FailureKind.DENIED])
def test_a_look_at_a_location_that_fails_adopts_nothing(kind: FailureKind) -> None:
    with World(SPEC) as world:
        task = foreign_task(world.sky)
        adopt(world, task, own=True)
        with failing(world, "DescribeLocation", kind):
            world.reconcile()
        assert world.mover.status.task_arn is None
        assert (task.tags, world.sky.writes) == ({}, [])
        world.pass_time(DRIFT)
        assert world.settle() == "Ready"
