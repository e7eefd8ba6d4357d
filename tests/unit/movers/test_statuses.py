"""A status that has lost a part comes back without a new resource, and deletion still finds everything (I1, I3)."""

from __future__ import annotations

import copy
from typing import Any, cast

import pytest

from datamover_common.kube.objects import metadata_of
from datamover_operator.aws.failure import FailureKind
from tests.support.specs import s3
from tests.unit.movers.given import (
    DRIFT,
    NOTHING,
    ONE_OF_EACH,
    SPEC,
    counts,
    failing,
    foreign_task,
    locations_of,
    spec,
)
from tests.unit.movers.world import NAMESPACE, REF, World

PARTS = [
    ("sourceLocationArn",),
    ("sourceLocationArn", "destinationLocationArn"),
    ("taskArn",),
    ("taskArn", "sourceLocationArn"),
    ("sourceRoleArn",),
    ("sourceRoleArn", "destinationRoleArn", "owned"),
    ("owned",),
    ("owned", "taskArn"),
    ("owned", "taskArn", "destinationLocationArn", "conditions"),
    ("owned", "taskArn", "sourceLocationArn", "destinationLocationArn", "conditions"),
]


@pytest.mark.parametrize("restarts", [False, True], ids=["at-work", "restarted"])
@pytest.mark.parametrize("fields", PARTS, ids="+".join)
def test_a_part_that_was_lost_comes_back(fields: tuple[str, ...], restarts: bool) -> None:
    with World(SPEC) as world:
        world.settle()
        status, writes = world.mover.status, len(world.sky.writes)
        world.lose(*fields)
        if restarts:
            world.restart()
        assert world.settle() == "Ready"
        changed = {"conditions": status.conditions}
        assert world.mover.status.model_copy(update=changed) == status
        assert world.sky.writes[writes:] == []


@pytest.mark.parametrize("fields", PARTS, ids="+".join)
def test_deletion_finds_what_the_status_has_lost(fields: tuple[str, ...]) -> None:
    with World(SPEC) as world:
        world.settle()
        world.lose(*fields)
        world.delete()
        assert world.settle() == "Gone"
        assert counts(world) == NOTHING


def test_what_the_status_has_lost_waits_for_the_account() -> None:
    with World(SPEC) as world:
        role = {"arn": world.sky.add_role("mine", {}).arn}
        world.change(spec(**{side: s3(**SPEC[side]["s3"], accessRole=role) for side in ("source", "destination")}))
        world.settle()
        world.connected = False
        world.lose("taskArn", "sourceLocationArn", "destinationLocationArn")
        world.delete()
        assert world.settle() != "Gone"
        world.connected = True
        assert world.settle() == "Gone"
        assert counts(world) == NOTHING | {"role": 1}


def test_what_an_adopted_task_came_with_is_owned_again() -> None:
    with World(SPEC) as world:
        task = foreign_task(world.sky)
        world.kube.objects.clear()
        world.create(spec(adopt={"taskArn": task.arn, "own": True}))
        world.settle()
        world.lose("owned")
        world.look_closely()
        world.settle()
        assert set(world.mover.status.bookkeeping.owned) == {"task", "source", "destination"}


def test_what_was_adopted_without_being_owned_stays() -> None:
    with World(SPEC) as world:
        task = foreign_task(world.sky)
        parts = [task.arn, *(each.arn for each in locations_of(world.sky, task))]
        world.kube.objects.clear()
        world.create(spec(adopt={"taskArn": task.arn}))
        assert world.settle() == "Ready"
        raw = copy.deepcopy(world.raw)
        owned = ["task", "source", "destination", "sourceRole"]
        status = cast("dict[str, Any]", raw["status"]) | {"bookkeeping": {"owned": owned}}
        world.kube.put(REF, raw | {"status": status})
        world.sky.items[task.arn].tags.clear()
        world.delete()
        assert world.settle() == "Gone"
        assert set(parts) <= set(world.sky.items)


def test_a_vanished_location_is_made_again_only_once() -> None:
    with World(SPEC) as world:
        world.settle()
        arn = world.mover.status.source_location_arn
        del world.sky.items[str(arn)]
        world.lose("sourceLocationArn")
        assert world.settle() == "Ready"
        assert counts(world) == ONE_OF_EACH
        world.pass_time(DRIFT)
        assert world.settle() == "Ready"
        assert counts(world) == ONE_OF_EACH


def test_the_object_is_made_again_while_its_first_is_still_being_created() -> None:
    """The second one has another uid: nothing of the first is its own, and nothing of it is left."""
    with World(SPEC) as world:
        world.reconcile()
        first = world.uid
        world.delete()
        world.settle()
        assert REF not in world.kube.objects
        world.create(SPEC)
        assert metadata_of(world.raw)["namespace"] == NAMESPACE
        assert world.uid != first
        assert world.settle() == "Ready"
        assert counts(world) == ONE_OF_EACH


def test_a_role_is_deleted_that_the_status_owns_and_names_no_more() -> None:
    with World(SPEC) as world:
        world.settle()
        del world.sky.items[str(world.mover.status.task_arn)]
        world.look_closely()
        with failing(world, "CreateTask", FailureKind.REFUSED):
            world.reconcile()
        world.lose("sourceLocationArn", "sourceRoleArn")
        world.delete()
        assert world.settle() == "Gone"
        assert counts(world) == NOTHING


def test_a_role_that_others_use_stays_though_the_status_does_not_name_it() -> None:
    with World(SPEC) as world:
        world.settle()
        role = str(world.mover.status.source_role_arn)
        world.lose("sourceRoleArn")
        world.share(role)
        world.delete()
        assert world.settle() == "Gone"
        assert [item.arn for item in world.sky.of("role")] == [role]
