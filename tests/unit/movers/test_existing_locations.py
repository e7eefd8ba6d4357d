"""A location that somebody else looks after: a mover uses it, and neither changes, tags nor deletes it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from datamover_crds import JsonObject
from tests.support.specs import s3
from tests.unit.movers.given import Spec, counts, ending_at, foreign_task, looked_after_by, spec, told
from tests.unit.movers.sky import Item
from tests.unit.movers.world import World

SHARE = "smb://files.example.com/share/"
OWN: Spec = spec(source=s3(s3BucketArn="arn:aws:s3:::mine"))
ANOTHERS = looked_after_by("another-uid", "cluster/b/another", "source")
ELSEWHERE = "arn:aws:datasync:eu-west-1:111122223333:location/loc-0123456789abcdef0"


def using(arn: str, **members: object) -> Spec:
    return spec(source={"existingLocationArn": arn}, **members)


@contextmanager
def world_with(
    grants: list[JsonObject] | None = None, *, tags: dict[str, str] | None = None
) -> Iterator[tuple[World, Item]]:
    """A mover that uses the location of an SMB share, which bears these tags."""
    with World(OWN, grants=grants) as world:
        world.know_agents()
        theirs = world.sky.add("location", {"locationUri": SHARE, "user": "joe"}, tags or {})
        world.sky.untouchable.add(theirs.arn)
        world.create(using(theirs.arn))
        yield world, theirs


@pytest.mark.parametrize("tags", [{}, {"theirs": "yes"}, ANOTHERS], ids=["bare", "tagged", "another mover's"])
def test_it_is_used_and_left_as_it_is(tags: dict[str, str]) -> None:
    with world_with(tags=tags) as (world, theirs):
        described = dict(theirs.described)
        assert world.settle() == "Ready"
        (task,) = world.sky.of("task")
        assert task.described["sourceLocationArn"] == theirs.arn
        assert world.mover.status.bookkeeping.owned == ("destination", "destinationRole", "task")
        world.change(using(theirs.arn, tags=[{"key": "mine", "value": "1"}], options={"logLevel": "BASIC"}))
        assert world.settle() == "Ready"
        world.look_closely()
        writes = len(world.sky.writes)
        assert world.settle() == "Ready"
        assert len(world.sky.writes) == writes, "steady means silent"
        world.delete()
        assert world.settle() == "Gone"
        assert world.sky.of("location") == [theirs]
        assert (theirs.tags, theirs.described) == (tags, described)
        assert counts(world) == {"task": 0, "location": 1, "role": 0}


@pytest.mark.parametrize("lost", [False, True], ids=["", "status lost"])
def test_one_that_the_mover_made_itself_keeps_its_role(lost: bool) -> None:
    with World(OWN) as world:
        world.settle()
        arn, role = str(world.mover.status.source_location_arn), str(world.mover.status.source_role_arn)
        world.change(using(arn))
        assert world.settle() == "Ready"
        if lost:
            world.wipe_status()
            assert world.settle() == "Ready"
        assert counts(world) == {"task": 1, "location": 2, "role": 2}
        world.delete()
        assert world.settle() == "Gone"
        (kept,) = world.sky.of("location")
        assert (kept.arn, kept.tags) == (arn, {}), "nobody takes it for lost"
        assert [each.arn for each in world.sky.of("role")] == [role]


@pytest.mark.parametrize("deletes", [False, True])
def test_one_that_the_mover_made_itself_is_anothers_from_then_on(deletes: bool) -> None:
    with World(OWN) as world:
        world.settle()
        arn = str(world.mover.status.source_location_arn)
        world.change(using(arn))
        if deletes:
            world.delete()
            assert world.settle() == "Gone"
        else:
            assert world.settle() == "Ready"
            assert not any(key.startswith("datamover.io/") for key in world.sky.items[arn].tags)
            world.change(OWN)
            world.look_closely()
            assert world.settle() == "Ready"
            assert world.mover.status.source_location_arn not in {arn, None}
        world.sky.untouchable.add(arn)
        assert world.sky.items[arn].tags == {}


def test_a_lost_status_makes_nothing_new() -> None:
    with world_with() as (world, theirs):
        world.settle()
        before = world.mover.status.task_arn
        world.wipe_status()
        assert world.settle() == "Ready"
        assert world.mover.status.task_arn == before
        assert counts(world) == {"task": 1, "location": 2, "role": 1}
        world.restart()
        world.delete()
        assert world.settle() == "Gone"
        assert world.sky.of("location") == [theirs]


@pytest.mark.parametrize(("pattern", "state"), [("smb://files.example.com/*", "Ready"), ("smb://other/*", "Stalled")])
def test_a_grant_has_to_match_what_it_is_a_location_of(pattern: str, state: str) -> None:
    with world_with([{"namespaces": ["*"], "locations": ["s3://*", pattern]}]) as (world, _):
        assert world.settle() == state
        if state == "Stalled":
            message = str(told(world, "Stalled")["message"])
            assert message.startswith("spec.source.existingLocationArn: DataMoverAccount 'dev' does not grant")
            assert SHARE not in message
            assert counts(world) == {"task": 0, "location": 1, "role": 0}
            world.grant([{"namespaces": ["*"], "locations": ["*"]}])
            assert world.settle() == "Ready"


def test_a_grant_that_is_taken_back_stops_the_mover() -> None:
    with world_with() as (world, _):
        world.settle()
        world.grant([{"namespaces": ["*"], "locations": ["s3://*"]}])
        world.memory.everything.answer(world.memory.everything.requested)  # AWS is not looked at for that
        assert world.settle() == "Stalled"
        assert told(world, "Stalled")["reason"] == "NotGranted"


@pytest.mark.parametrize(("allow", "state"), [(False, "Stalled"), (True, "Ready")])
@pytest.mark.parametrize("folder", ["", "in/"])
def test_it_must_not_lead_to_the_other_end_unless_that_is_meant(folder: str, allow: bool, state: str) -> None:
    with World(OWN) as world:
        theirs = world.sky.add("location", {"locationUri": f"s3://mine/{folder}"}, {})
        world.sky.untouchable.add(theirs.arn)
        world.create(using(theirs.arn, destination=s3(s3BucketArn="arn:aws:s3:::mine"), allowOverlap=allow))
        assert world.settle() == state
        if not allow:
            assert told(world, "Stalled") | {"lastTransitionTime": ""} == {
                "type": "Stalled",
                "status": "True",
                "reason": "LocationsOverlap",
                "message": (
                    f"spec.destination.s3: 's3://mine/' with source 's3://mine/{folder}': source and destination must "
                    "not be the same place, nor one a folder in the other: name another one, or set spec.allowOverlap "
                    "to true if it is meant"
                ),
                "observedGeneration": 1,
                "lastTransitionTime": "",
            }
            assert counts(world) == {"task": 0, "location": 1, "role": 0}
            world.change(using(theirs.arn, destination=s3(s3BucketArn="arn:aws:s3:::yours")))
            assert world.settle() == "Ready"


def test_one_that_moved_out_of_what_is_granted_is_no_longer_used() -> None:
    with world_with([{"namespaces": ["*"], "locations": ["s3://*", "smb://files.example.com/*"]}]) as (world, theirs):
        world.settle()
        theirs.described["locationUri"] = "smb://secret.example.com/share/"
        world.look_closely()
        assert world.settle() == "Stalled"
        assert told(world, "Stalled")["reason"] == "NotGranted"


@pytest.mark.parametrize(
    ("arn", "reason", "says"),
    [
        ("arn:aws:datasync:eu-central-1:111122223333:location/loc-00000000000000fff", "LocationNotFound", "not exist"),
        (ELSEWHERE, "InvalidSpec", "must be a location in AWS account '111122223333', Region 'eu-central-1'"),
        (ELSEWHERE, "InvalidSpec", "so no grant can be checked against it"),
        ("arn:aws:s3:::bucket", "InvalidSpec", "must be the ARN of a DataSync location, such as"),
    ],
)
def test_one_that_is_not_there_is_told(arn: str, reason: str, says: str) -> None:
    with World(using(arn)) as world:
        assert world.settle() == "Stalled"
        stalled = told(world, "Stalled")
        assert stalled["reason"] == reason
        assert str(stalled["message"]).startswith("spec.source.existingLocationArn: ")
        assert f"'{arn}'" in str(stalled["message"])
        assert says in str(stalled["message"])
        assert counts(world) == {"task": 0, "location": 0, "role": 0}
        world.delete()
        assert world.settle() == "Gone"


CRASHES = [(None, 0), ("CreateLocation", 1), ("CreateTask", 1), ("DeleteTask", 1), ("DeleteLocation", 1)]


@pytest.mark.parametrize(("call", "nth"), CRASHES)
def test_a_mover_comes_to_it_from_a_location_of_its_own(call: str | None, nth: int) -> None:
    with world_with() as (world, theirs):
        world.change(OWN)
        assert world.settle() == "Ready"
        assert counts(world) == {"task": 1, "location": 3, "role": 2}
        world.change(using(theirs.arn))
        if call in {"CreateTask", "DeleteTask", "DeleteLocation"}:
            with ending_at(world, call, nth=nth):
                world.settle()
        assert world.settle() == "Ready"
        assert counts(world) == {"task": 1, "location": 2, "role": 1}
        assert world.sky.of("task")[0].described["sourceLocationArn"] == theirs.arn


@pytest.mark.parametrize("lost", ["nothing", "task", "status"])
@pytest.mark.parametrize(("call", "nth"), CRASHES)
def test_a_mover_leaves_it_for_a_location_of_its_own(call: str | None, nth: int, lost: str) -> None:
    with world_with() as (world, theirs):
        assert world.settle() == "Ready"
        if lost == "task":
            world.sky.drop(str(world.mover.status.task_arn), "DeleteTask")
        world.change(OWN)
        if call in {"CreateLocation", "CreateTask"} or (call == "DeleteTask" and lost == "nothing"):
            with ending_at(world, call, nth=nth):
                world.settle()
        if lost == "status":
            world.wipe_status()
        assert world.settle() == "Ready"
        assert world.sky.of("task")[0].described["sourceLocationArn"] != theirs.arn
        assert counts(world) == {"task": 1, "location": 3, "role": 2}
        assert theirs.tags == {}
        assert theirs.described["locationUri"] == SHARE


def test_an_adopted_task_has_to_use_it() -> None:
    with World(OWN) as world:
        task = foreign_task(world.sky)
        arns = [str(task.described[f"{side}LocationArn"]) for side in ("source", "destination")]
        world.sky.untouchable.add(arns[0])
        world.create(using(arns[1], adopt={"taskArn": task.arn, "own": True}))
        assert world.settle() == "Stalled"
        assert told(world, "Stalled")["reason"] == "AdoptionMismatch"
        world.change(using(arns[0], adopt={"taskArn": task.arn, "own": True}))
        assert world.settle() == "Ready"
        assert world.mover.status.task_arn == task.arn
        world.delete()
        assert world.settle() == "Gone"
        assert [each.arn for each in world.sky.of("location")] == [arns[0]]
