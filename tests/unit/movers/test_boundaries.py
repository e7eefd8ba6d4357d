"""What bounds the rights of the roles follows the account (I6), and nothing that others have set is taken away."""

from __future__ import annotations

import pytest

from datamover_crds.legacy import FIXED_TAGS
from datamover_operator.aws.failure import FailureKind
from tests.unit.movers.given import SPEC, failing, foreign_task, locations_of, spec, told
from tests.unit.movers.sky import ACCOUNT_ID
from tests.unit.movers.world import World

ONE, OTHER = (f"arn:aws:iam::{ACCOUNT_ID}:policy/{name}" for name in ("one", "other"))


def boundaries(world: World) -> list[object]:
    return [role.described.get("boundary") for role in world.sky.of("role")]


@pytest.mark.parametrize("first", [None, ONE])
def test_roles_follow_the_accounts_boundary(first: str | None) -> None:
    with World(SPEC) as world:
        world.bound(first)
        world.settle()
        assert boundaries(world) == [first, first]
        assert "PutRolePermissionsBoundary" not in world.sky.writes, "they are made with it"
        world.bound(OTHER)
        assert world.settle() == "Ready"
        assert boundaries(world) == [OTHER, OTHER]
        writes = len(world.sky.writes)
        world.look_closely()
        assert world.settle() == "Ready"
        assert len(world.sky.writes) == writes


def test_a_boundary_that_the_account_does_not_name_is_left() -> None:
    with World(SPEC) as world:
        world.bound(ONE)
        world.settle()
        world.bound(None)
        assert world.settle() == "Ready"
        assert boundaries(world) == [ONE, ONE]


def test_an_adopted_role_keeps_what_it_came_with() -> None:
    with World(SPEC) as world:
        world.bound(ONE)
        task = foreign_task(world.sky)
        other = world.sky.add_role("theirs-too", {})
        locations_of(world.sky, task)[1].described["s3Config"] = {"bucketAccessRoleArn": other.arn}
        for role in world.sky.of("role"):
            role.tags |= FIXED_TAGS
        world.kube.objects.clear()
        world.create(spec(adopt={"taskArn": task.arn, "own": True}))
        world.restart()
        assert world.settle() == "Ready"
        assert world.mover.status.bookkeeping.owned == (
            "destination",
            "destinationRole",
            "source",
            "sourceRole",
            "task",
        )
        assert boundaries(world) == [None, None]


def test_a_boundary_that_is_refused_is_told() -> None:
    with World(SPEC) as world:
        world.settle()
        world.bound(ONE)
        with failing(world, "PutRolePermissionsBoundary", FailureKind.REFUSED, times=2):
            assert world.settle() == "Stalled"
        assert "PutRolePermissionsBoundary" in str(told(world, "Stalled")["message"])
