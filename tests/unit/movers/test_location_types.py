"""A mover of each type of location, from its creation through changes to its deletion, and what a grant has to say."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count

import pytest
from pydantic import JsonValue

from datamover_crds import LOCATIONS, JsonObject
from datamover_crds.locations.reading import agrees, declarable
from tests.support.location_cases import AGENTS, CASES, SECRET, SECRET_VALUES, LocationCase
from tests.support.specs import JsonDict, s3
from tests.unit.movers.given import Spec, spec, told
from tests.unit.movers.lives import Faults
from tests.unit.movers.world import World

EACH = pytest.mark.parametrize("case", CASES, ids=str)
SIDES = pytest.mark.parametrize("side", ["source", "destination"])
OTHER: Spec = s3(s3BucketArn="arn:aws:s3:::other")


def moving(case: LocationCase, side: str, **changes: object) -> Spec:
    """A mover with the case's full declaration, and a bucket on the other side."""
    others = {"source": OTHER, "destination": OTHER}
    members = {name: value for name, value in (case.full | changes).items() if value is not None}
    return spec(**others | {side: {case.name: members}})


def world_of(case: LocationCase, side: str, grants: list[JsonObject] | None = None) -> World:
    world = World(moving(case, side), grants=grants)
    for name in ("mine", "mine-2"):  # the user's own
        world.sky.untouchable.add(world.sky.add_role(name, {}).arn)
    world.keep_secret(SECRET, **SECRET_VALUES)
    world.know_agents(**AGENTS)
    return world


def locations(world: World) -> list[JsonObject]:
    """What the mover's locations read in AWS."""
    status = world.mover.status
    arns = (status.source_location_arn, status.destination_location_arn)
    return [world.sky.items[str(arn)].described for arn in arns]


def _sent(value: str | bytes) -> str | bytes:
    return value.rstrip("\r\n") if isinstance(value, str) else value


def where(side: str) -> int:
    return ("source", "destination").index(side)


@SIDES
@EACH
def test_from_creation_to_deletion(case: LocationCase, side: str) -> None:
    with world_of(case, side) as world:
        assert world.settle() == "Ready"
        described = locations(world)[where(side)]
        assert described["locationUri"] == case.uri
        assert agrees(declarable(LOCATIONS[case.name], case.described), described)
        secrets = next(item.secrets for item in world.sky.of("location") if item.described is described)
        assert secrets == {place: _sent(SECRET_VALUES[key]) for place, key in case.secrets.items()}
        world.look_closely()
        writes = len(world.sky.writes)
        assert world.settle() == "Ready"
        assert len(world.sky.writes) == writes, "steady means silent"
        world.delete()
        assert world.settle() == "Gone"
        assert {kind: len(world.sky.of(kind)) for kind in ("task", "location")} == {"task": 0, "location": 0}
        assert {role.arn for role in world.sky.of("role")} == world.sky.untouchable


@pytest.mark.parametrize(("case", "edit"), [(case, edit) for case in CASES for edit in case.edits], ids=str)
@SIDES
def test_a_change_in_place_makes_nothing_new(case: LocationCase, side: str, edit: object) -> None:
    changes: JsonDict = getattr(edit, "declared")  # noqa: B009 - parametrize has no types
    with world_of(case, side) as world:
        world.settle()
        before, status = len(world.sky.writes), world.mover.status
        world.change(moving(case, side, **changes))
        assert world.settle() == "Ready"
        assert world.sky.writes[before:] == ["UpdateLocation"]
        after = world.mover.status
        assert (after.task_arn, after.source_location_arn, after.destination_location_arn) == (
            status.task_arn,
            status.source_location_arn,
            status.destination_location_arn,
        )


@pytest.mark.parametrize(("case", "change"), [(case, change) for case in CASES for change in case.replacing], ids=str)
@SIDES
def test_what_can_not_be_changed_is_replaced_and_nothing_is_left_over(
    case: LocationCase, side: str, change: JsonDict
) -> None:
    with world_of(case, side) as world:
        world.settle()
        before = world.mover.status
        world.change(moving(case, side, **change))
        assert world.settle() == "Ready"
        assert world.mover.status.task_arn != before.task_arn
        assert len(world.sky.of("location")) == 2
        assert len(world.sky.of("task")) == 1


@EACH
def test_what_somebody_changes_in_aws_is_mended(case: LocationCase) -> None:
    with world_of(case, "source") as world:
        world.settle()
        described = locations(world)[0]
        folder = case.uri.rstrip("/").rpartition("/")[2]
        described["locationUri"] = case.uri.replace(f"/{folder}/", "/elsewhere/")
        world.look_closely()
        assert world.settle() == "Ready"
        assert locations(world)[0]["locationUri"] == case.uri


def _replace(case: LocationCase, world: World) -> None:
    """To what can't be changed in place, and back again, in turns."""
    declarations = (moving(case, "source"), moving(case, "source", **case.replacing[0]))
    world.change(next(each for each in declarations if each != world.raw["spec"]))


def _drift(case: LocationCase, world: World) -> None:
    folder = case.uri.rstrip("/").rpartition("/")[2]
    locations(world)[0]["locationUri"] = case.uri.replace(f"/{folder}/", "/elsewhere/")
    world.look_closely()


def _lose(_: LocationCase, world: World) -> None:
    """Somebody deletes the location and the task in AWS."""
    status = world.mover.status
    for arn in (status.task_arn, status.source_location_arn):
        del world.sky.items[str(arn)]
    world.look_closely()


CHANGES = [
    pytest.param(case, happens, id=f"{case.name}{happens.__name__}")
    for case in {each.name: each for each in CASES}.values()
    for happens in (_replace, _drift, _lose)
    if case.replacing or happens is not _replace
]


@pytest.mark.parametrize(("case", "happens"), CHANGES)
@pytest.mark.untraced
def test_a_crash_after_any_write_of_a_replacement_or_a_repair_leaves_nothing_over(
    case: LocationCase, happens: Callable[[LocationCase, World], None]
) -> None:
    """After each write once, in AWS and to Kubernetes, which is before the next one, too."""
    with world_of(case, "source") as world:
        world.settle()
        for number in count(1):
            happens(case, world)
            faults = Faults([(number, "after", "crash")])
            with world.disturbed(faults.on_aws, faults.on_kube):
                assert world.settle() == "Ready", number
            world.look_closely()
            assert world.settle() == "Ready", number
            assert {kind: len(world.sky.of(kind)) for kind in ("task", "location")} == {"task": 1, "location": 2}
            if happens is not _replace:
                assert locations(world)[0]["locationUri"] == case.uri
            if not faults.are_over:
                assert number > 2, "something is written"
                return


@pytest.mark.parametrize(("side", "what"), [("source", "crash"), ("destination", "lose")])
@pytest.mark.parametrize("case", {each.name: each for each in CASES}.values(), ids=str)
@pytest.mark.untraced
def test_a_crash_or_a_lost_reply_at_any_call_of_a_life_leaves_nothing_over(
    case: LocationCase, side: str, what: str
) -> None:
    """Created, edited in place and deleted: after each call once.

    tests/faults/test_location_types.py has real processes killed so, each type once at each of its three writes.
    """
    changes = [each.declared for each in case.edits[:1]]
    for number in count(1):
        faults = Faults([(number, "after", what)])
        with world_of(case, side) as world, world.disturbed(faults.on_aws, faults.on_kube):
            assert world.settle() == "Ready", number
            for declared in changes:
                world.change(moving(case, side, **declared))
                assert world.settle() == "Ready", number
            assert {kind: len(world.sky.of(kind)) for kind in ("task", "location")} == {"task": 1, "location": 2}
            world.delete()
            assert world.settle() == "Gone", number
            assert {kind: len(world.sky.of(kind)) for kind in ("task", "location")} == {"task": 0, "location": 0}
            assert {role.arn for role in world.sky.of("role")} == world.sky.untouchable
        if not faults.are_over:
            assert number > 10, "a life has calls"
            return


@EACH
def test_a_mover_may_come_to_another_type(case: LocationCase) -> None:
    with world_of(case, "source") as world:
        world.settle()
        world.wipe_status()
        world.change(spec(source=_another(case)))
        assert world.settle() == "Ready"
        assert len(world.sky.of("location")) == 2


def _another(case: LocationCase) -> JsonDict:
    other = next(each for each in [*CASES[CASES.index(case) :], *CASES] if each.name != case.name)
    return {other.name: other.full}


@SIDES
@EACH
def test_a_grant_has_to_match_the_uri(case: LocationCase, side: str) -> None:
    buckets, point = "s3://other/*", LOCATIONS[case.name].access_point_field
    for pattern, state in ((case.granted, "Ready"), (case.refused, "Stalled")):
        locations: list[JsonValue] = [buckets, pattern]
        grants: list[JsonObject] = [
            {"namespaces": ["*"], "locations": locations, "roleArns": ["*"], "agentArns": ["*"]}
        ]
        with world_of(case, side, grants) as world:
            assert world.settle() == state
            if state == "Stalled":
                message = str(told(world, "Stalled")["message"])
                assert message.startswith(f"spec.{side}: " if point is None else f"spec.{side}.{case.name}.{point}: ")
                assert {kind: len(world.sky.of(kind)) for kind in ("task", "location")} == {"task": 0, "location": 0}


@pytest.mark.parametrize(("case", "role"), [(case, role) for case in CASES for role in case.roles], ids=str)
def test_a_role_needs_a_grant(case: LocationCase, role: str) -> None:
    with world_of(case, "source", [{"namespaces": ["*"], "locations": ["*"], "agentArns": ["*"]}]) as world:
        assert world.settle() == "Stalled"
        assert str(told(world, "Stalled")["message"]).startswith(f"spec.source.{case.name}.{role}: ")
        assert {kind: len(world.sky.of(kind)) for kind in ("task", "location")} == {"task": 0, "location": 0}


@pytest.mark.parametrize(("case", "field"), [(case, field) for case in CASES for field in case.agents], ids=str)
def test_an_agent_needs_a_grant(case: LocationCase, field: str) -> None:
    with world_of(case, "source", [{"namespaces": ["*"], "locations": ["*"], "roleArns": ["*"]}]) as world:
        assert world.settle() == "Stalled"
        assert str(told(world, "Stalled")["message"]).startswith(f"spec.source.{case.name}.{field}: ")
        assert {kind: len(world.sky.of(kind)) for kind in ("task", "location")} == {"task": 0, "location": 0}


@EACH
def test_the_least_declaration_is_enough(case: LocationCase) -> None:
    with world_of(case, "source") as world:
        world.change(spec(source={case.name: case.least}, destination=OTHER))
        assert world.settle() == "Ready"
        world.look_closely()
        writes = len(world.sky.writes)
        assert world.settle() == "Ready"
        assert len(world.sky.writes) == writes
