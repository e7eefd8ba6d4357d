"""What holds of a mover's life, whatever happens in it (invariants I1 to I5; every plan on the way is checked, too)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from datamover_crds import JsonObject
from tests.support.specs import ROLE
from tests.unit.movers.expected import check_declared, made_by
from tests.unit.movers.given import SPEC
from tests.unit.movers.lives import (
    DEEDS,
    FAULTS,
    OTHER_ROLE,
    SPECS,
    Deed,
    Fault,
    Faults,
    Spec,
    double,
    start,
    vanish,
)
from tests.unit.movers.sky import Item
from tests.unit.movers.world import GRANT_ALL, World

STORIES = st.lists(st.tuples(DEEDS, FAULTS), max_size=5)
Story = list[tuple[Deed, list[Fault]]]


@contextmanager
def a_world(spec: Spec) -> Iterator[World]:
    """A world in which the user's own roles exist."""
    with World(spec) as world:
        for arn in (ROLE, OTHER_ROLE):
            world.sky.items[arn] = Item(arn, {}, {}, world.sky.now)
            world.sky.untouchable.add(arn)
        yield world


def live(world: World, story: Story) -> None:
    """Let all of it happen, each time with some passes in between."""
    for deed, faults in story:
        deed.do(world)
        settle(world, faults)


def settle(world: World, plan: list[Fault]) -> str:
    faults = Faults(plan)
    with world.disturbed(faults.on_aws, faults.on_kube):
        return world.settle()


def come_to_rest(world: World) -> str:
    """Nothing stands in the way any more, and the operator looks closely."""
    world.connected = True
    world.grant([GRANT_ALL])
    world.pass_time(600)
    world.settle()
    world.pass_time(600)
    world.look_closely()
    return world.settle()


LONG = settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow])


@LONG
@given(SPECS, FAULTS, STORIES)
def test_it_ends_as_declared_and_stays_silent_then(spec: Spec, faults: list[Fault], story: Story) -> None:
    with a_world(spec) as world:
        settle(world, faults)
        live(world, story)
        assert come_to_rest(world) == "Ready", world.mover.status.conditions
        check_declared(world)

        aws, kube, status = len(world.sky.writes), len(world.kube.writes), world.mover.status
        world.look_closely()
        world.settle()
        world.restart()
        world.settle()
        assert world.sky.writes[aws:] == []
        assert world.kube.writes[kube:] == []
        assert world.mover.status == status


@LONG
@example(dict(SPEC), [], [(double("task", "task"), []), (vanish("task"), []), (Deed("start", start), [])], [])
@given(SPECS, FAULTS, STORIES, FAULTS)
def test_deletion_leaves_nothing_of_ours(spec: Spec, faults: list[Fault], story: Story, last: list[Fault]) -> None:
    with a_world(spec) as world:
        settle(world, faults)
        live(world, story)
        uid, shared = world.uid, {_role_of(other) for other in world.others}
        since = len(world.sky.writes)
        world.delete()
        settle(world, last)
        world.connected = True
        world.pass_time(600)
        assert world.settle() == "Gone"
        assert {item.arn for item in made_by(world, uid)} <= shared
        assert not any(write.startswith(("Create", "Update", "Put")) for write in world.sky.writes[since:])


@LONG
@given(SPECS, STORIES)
def test_retain_leaves_everything(spec: Spec, story: Story) -> None:
    with a_world(spec) as world:
        world.settle()
        live(world, story)
        world.change(spec | {"deletionPolicy": "Retain"})
        world.delete()
        before, writes = set(world.sky.items), len(world.sky.writes)
        assert world.settle() == "Gone"
        assert set(world.sky.items) == before
        marks = {"TagResource", "TagRole"}
        assert set(world.sky.writes[writes:]) <= marks, "but for a mark that tells it from what is lost"


def _role_of(other: JsonObject) -> str:
    status = other["status"]
    assert isinstance(status, dict)
    return str(status["sourceRoleArn"])
