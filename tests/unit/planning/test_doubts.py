"""A call whose outcome is not known leaves nothing, whatever is declared by the time it is looked for (I1)."""

from __future__ import annotations

import pytest

from datamover_operator.planning.failure import FailureKind
from tests.support.specs import s3
from tests.unit.planning.given import NOTHING, ONE_OF_EACH, SPEC, Spec, counts, ending_at, failing, spec
from tests.unit.planning.world import World


def named(role: str | None) -> Spec:
    """With a name for the source's role."""
    return spec(source=s3(s3BucketArn="arn:aws:s3:::src", **({"accessRole": {"name": role}} if role else {})))


def names(world: World) -> set[str]:
    return {role.arn.rsplit("/", 1)[-1] for role in world.sky.of("role")}


@pytest.mark.parametrize(("before", "after"), [("alpha", "beta"), ("alpha", None), (None, "alpha")])
def test_a_role_is_renamed_while_its_creation_is_in_doubt(before: str | None, after: str | None) -> None:
    with World(named(before)) as world:
        with ending_at(world, "CreateRole"):
            world.reconcile()
        world.change(named(after))
        assert world.settle() == "Ready"
        assert counts(world) == ONE_OF_EACH
        assert ("alpha" in names(world)) == (after == "alpha")
        world.delete()
        assert world.settle() == "Gone"
        assert counts(world) == NOTHING


def test_a_second_role_in_doubt_is_given_up_again() -> None:
    with World(named(None)) as world:
        world.settle()
        world.change(named("alpha"))
        with ending_at(world, "CreateRole"):
            world.reconcile()
        world.change(named(None))
        assert world.settle() == "Ready"
        assert counts(world) == ONE_OF_EACH
        assert "alpha" not in names(world)


def test_a_role_in_doubt_that_got_our_suffix_is_found() -> None:
    with World(named("alpha")) as world:
        theirs = world.sky.add_role("alpha", {})
        world.sky.untouchable.add(theirs.arn)
        with ending_at(world, "CreateRole", nth=2):
            world.reconcile()
        assert world.starts == 2
        world.change(named("beta"))
        assert world.settle() == "Ready"
        assert counts(world) == ONE_OF_EACH | {"role": 3}
        world.delete()
        assert world.settle() == "Gone"
        assert names(world) == {"alpha"}


@pytest.mark.parametrize("operation", ["CreateRole", "CreateLocation", "CreateTask"])
@pytest.mark.parametrize("deletes", [False, True], ids=["goes-on", "deleted"])
def test_a_read_fails_while_a_doubt_is_resolved(operation: str, deletes: bool) -> None:
    with World(SPEC) as world:
        with ending_at(world, operation):
            world.reconcile()
        if deletes:
            world.delete()
        with failing(world, "GetRole", FailureKind.UNAVAILABLE, times=2):
            assert world.settle() == ("Gone" if deletes else "Ready")
        assert counts(world) == (NOTHING if deletes else ONE_OF_EACH)
