"""What does not bear the mover's own mark in AWS is not changed, whatever status and spec say of it (I6)."""

from __future__ import annotations

from typing import Any, cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from datamover_crds import JsonObject
from datamover_crds.contract import OWNER_TAG, UID_TAG
from datamover_crds.legacy import FIXED_TAGS
from tests.support.specs import s3
from tests.unit.movers.given import DRIFT, SPEC, counts, foreign_task, locations_of, looked_after_by, spec, told
from tests.unit.movers.sky import ACCOUNT_ID, Item
from tests.unit.movers.world import World

OTHER = "o-0"
FOLDER = s3(s3BucketArn="arn:aws:s3:::src", subdirectory="/deeper/")


def others_task(world: World, *, marked: bool) -> Item:
    """A task of another mover's, which lives, or of nobody's; neither it nor its locations may be touched."""
    task = foreign_task(world.sky, source="s3://theirs/", destination="s3://theirs-too/")
    world.share(world.sky.add_role("elses", {}).arn)
    for part, item in zip(("task", "source", "destination"), (task, *locations_of(world.sky, task)), strict=True):
        item.tags = looked_after_by(OTHER, "cluster-1/b/other-0", part) if marked else {}
        world.sky.untouchable.add(item.arn)
    return task


def snapshot(world: World) -> dict[str, Any]:
    return {arn: (dict(item.described), dict(item.tags)) for arn, item in world.sky.items.items()}


def forge(world: World, **status: object) -> None:
    """Somebody with the right to patch a status writes into it."""
    stored = cast("JsonObject", world.raw["status"])
    world._edit({"status": stored | cast("JsonObject", status)}, generation=False)


@pytest.mark.parametrize("marked", [True, False])
def test_a_status_that_names_what_is_to_be_removed_removes_nothing_of_others(marked: bool) -> None:
    with World(SPEC) as world:
        world.settle()
        theirs = others_task(world, marked=marked)
        arns = [(item.arn, "location") for item in locations_of(world.sky, theirs)]
        arns += [(theirs.arn, "task"), (str(world.sky.role("theirs").arn), "role")]  # type: ignore[union-attr]
        before = snapshot(world)
        forge(world, bookkeeping={"retired": [{"arn": arn, "kind": kind} for arn, kind in arns]})
        world.look_closely()
        assert world.settle() == "Ready"
        assert snapshot(world) == before
        assert world.mover.status.bookkeeping.retired == ()


@pytest.mark.parametrize("marked", [True, False])
@pytest.mark.parametrize("deleted", [True, False])
def test_a_status_that_owns_anothers_task_leaves_it_alone(marked: bool, deleted: bool) -> None:
    with World(SPEC) as world:
        world.settle()
        theirs = others_task(world, marked=marked)
        source, destination = (item.arn for item in locations_of(world.sky, theirs))
        world.sky.start(theirs.arn)
        kept = {theirs.arn, source, destination}
        before = {arn: its for arn, its in snapshot(world).items() if arn in kept}
        forge(world, taskArn=theirs.arn, sourceLocationArn=source, destinationLocationArn=destination)
        if deleted:
            world.delete()
            assert world.settle() == "Gone"
        else:
            world.change(spec(name="mine", options={"logLevel": "BASIC"}))
            for _ in range(3):
                world.settle()
                world.pass_time(DRIFT)
        assert {arn: its for arn, its in snapshot(world).items() if arn in kept} == before
        assert "CancelTaskExecution" not in world.sky.writes


def test_a_location_of_another_movers_that_an_adopted_task_uses_is_replaced_not_changed() -> None:
    with World(SPEC) as world:
        task = foreign_task(world.sky)
        source = locations_of(world.sky, task)[0]
        world.share(str(world.sky.role("theirs").arn))  # type: ignore[union-attr]
        source.tags = looked_after_by(OTHER, "cluster-1/b/other-0", "source")
        before = dict(source.described), dict(source.tags)
        world.change(spec(adopt={"taskArn": task.arn}))
        assert world.settle() == "Ready"
        assert world.mover.status.source_location_arn == source.arn
        world.change(spec(adopt={"taskArn": task.arn}, source=FOLDER))
        assert world.settle() == "Ready"
        assert world.mover.status.source_location_arn != source.arn
        assert (source.described, source.tags) == before


def test_a_location_of_nobodys_that_an_adopted_task_uses_bears_our_mark_before_it_is_changed() -> None:
    with World(SPEC) as world:
        task = foreign_task(world.sky)
        source = locations_of(world.sky, task)[0]
        world.change(spec(adopt={"taskArn": task.arn}, source=FOLDER | {}))
        assert world.settle() == "Stalled", "what is adopted has to be declared as it is"
        world.change(spec(adopt={"taskArn": task.arn}))
        assert world.settle() == "Ready"
        world.change(spec(adopt={"taskArn": task.arn}, source=FOLDER))
        assert world.settle() == "Ready"
        assert source.described["locationUri"] == "s3://src/deeper/"
        assert source.tags[UID_TAG] == world.uid
        world.delete()
        assert world.settle() == "Gone"
        assert source.arn in world.sky.items
        assert UID_TAG not in source.tags


def test_tags_that_somebody_takes_away_come_back() -> None:
    with World(SPEC) as world:
        world.settle()
        task = world.sky.of("task")[0]
        before, task.tags = task.tags, {}
        world.look_closely()
        assert world.settle() == "Ready"
        assert before.items() - task.tags.items() == {(key, value) for key, value in before.items() if "nonce" in key}


@pytest.mark.parametrize("granted", [True, False])
def test_a_role_of_the_older_service_comes_with_its_task_only_where_it_is_granted(granted: bool) -> None:
    grant: JsonObject = {"namespaces": ["*"], "locations": ["*"]}
    with World(SPEC, grants=[grant | ({"roleArns": ["*:role/legacy-*"]} if granted else {})]) as world:
        task = foreign_task(world.sky, role="legacy-role")
        role = world.sky.role("legacy-role")
        assert role is not None
        role.tags |= FIXED_TAGS
        before = counts(world)
        world.change(spec(adopt={"taskArn": task.arn, "own": True}))
        assert world.settle() == ("Ready" if granted else "Stalled")
        if not granted:
            assert told(world, "Stalled")["reason"] == "NotGranted"
            assert "roleArns" in str(told(world, "Stalled")["message"])
            assert UID_TAG not in role.tags
            assert counts(world) == before
        world.delete()
        assert world.settle() == "Gone"
        assert (role.arn in world.sky.items) is not granted


@pytest.mark.parametrize("retired", [True, False])
@pytest.mark.parametrize("adopts", [True, False])
def test_a_status_that_owns_a_role_of_the_older_service_leaves_it_alone(retired: bool, adopts: bool) -> None:
    """It is granted, and made by the older service for a task that nobody has adopted yet."""
    with World(SPEC) as world:
        if adopts:
            world.change(spec(adopt={"taskArn": foreign_task(world.sky, role="own").arn, "own": True}))
        assert world.settle() == "Ready"
        role = world.sky.add_role("theirs", dict(FIXED_TAGS))
        world.sky.untouchable.add(role.arn)
        bookkeeping = cast("JsonObject", cast("JsonObject", world.raw["status"])["bookkeeping"])
        if retired:
            forge(world, bookkeeping=bookkeeping | {"retired": [{"arn": role.arn, "kind": "role"}]})
        else:
            forge(world, sourceRoleArn=role.arn)
        world.look_closely()
        world.settle()
        world.delete()
        world.settle()
        assert (role.arn in world.sky.items, role.tags) == (True, dict(FIXED_TAGS))


def test_a_role_of_the_older_service_bears_our_mark_before_it_goes_with_its_mover() -> None:
    with World(SPEC) as world:
        task = foreign_task(world.sky, role="legacy-role")
        role = cast("Item", world.sky.role("legacy-role"))
        role.tags |= FIXED_TAGS
        world.change(spec(adopt={"taskArn": task.arn, "own": True}))
        assert world.settle() == "Ready"
        del role.tags[UID_TAG], role.tags[OWNER_TAG]
        seen: list[bool] = []
        world.sky.before = lambda operation: seen.append(UID_TAG in role.tags) if operation == "DeleteRole" else None
        world.delete()
        assert world.settle() == "Gone"
        assert role.arn not in world.sky.items
        assert seen == [True]


def test_an_account_made_anew_for_another_aws_account_makes_nothing() -> None:
    with World(SPEC) as world:
        world.settle()
        before, reads = snapshot(world), list[str]()
        elsewhere: JsonObject = {"accountId": "999999999999"}
        world._edit_account({"spec": cast("JsonObject", world.account["spec"]) | elsewhere})
        world.look_closely()
        world.sky.on_read = reads.append
        assert world.settle() == "Stalled"
        assert told(world, "Stalled")["reason"] == "AccountChanged"
        message = str(told(world, "Stalled")["message"])
        assert message.startswith(
            f"status.taskArn: '{world.mover.status.task_arn}' is not in AWS account '999999999999'"
        )
        world.delete()
        assert world.settle() == "Stalled", "in another account nothing of it can be found"
        assert "spec.deletionPolicy to Retain" in str(told(world, "Stalled")["message"])
        assert (snapshot(world), reads) == (before, [])
        world._edit_account({"spec": cast("JsonObject", world.account["spec"]) | {"accountId": ACCOUNT_ID}})
        world.look_closely()
        assert world.settle() == "Gone"
        assert counts(world) == {"task": 0, "location": 0, "role": 0}


def test_an_account_made_anew_for_another_region_makes_nothing_and_lets_go_with_retain() -> None:
    with World(SPEC) as world:
        world.settle()
        before = snapshot(world)
        world._edit_account({"spec": cast("JsonObject", world.account["spec"]) | {"region": "us-east-1"}})
        world.look_closely()
        assert world.settle() == "Stalled"
        assert told(world, "Stalled")["reason"] == "AccountChanged"
        world.change(spec(deletionPolicy="Retain"))
        world.delete()
        assert world.settle() == "Gone"
        assert snapshot(world) == before


PLACES = {
    "taskArn": "task",
    "sourceLocationArn": "source",
    "destinationLocationArn": "destination",
    "sourceRoleArn": "sourceRole",
    "destinationRoleArn": "destinationRole",
}
SPECS = [
    SPEC,
    spec(name="mine", options={"logLevel": "BASIC"}, tags=[{"key": "team", "value": "a"}]),
    spec(source=FOLDER),
    spec(suspend=True, schedule={"scheduleExpression": "cron(0 3 * * ? *)"}),
    spec(deletionPolicy="Retain"),
]


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=40)
@given(
    names=st.sets(st.sampled_from(sorted(PLACES)), min_size=1),
    owned=st.booleans(),
    retired=st.sets(st.sampled_from(["task", "source", "destination", "sourceRole"])),
    marked=st.booleans(),
    legacy=st.booleans(),
    then=st.lists(st.sampled_from([*SPECS, "restart", "drift"]), max_size=3),
    deleted=st.booleans(),
)
def test_whatever_a_status_says_only_what_bears_our_mark_is_changed(
    names: set[str], owned: bool, retired: set[str], marked: bool, legacy: bool, then: list[Any], deleted: bool
) -> None:
    """Before every Update, Untag and Delete our uid tag is known to be on it: `World` checks each plan, this AWS."""
    with World(SPEC) as world:
        world.settle()
        task = others_task(world, marked=marked)
        source, destination = (item.arn for item in locations_of(world.sky, task))
        others_role = cast("Item", world.sky.role("theirs"))
        others_role.tags |= FIXED_TAGS if legacy else {}
        role = others_role.arn
        world.sky.untouchable.add(role)
        theirs = dict(zip(PLACES.values(), (task.arn, source, destination, role, role), strict=True))
        before = {arn: snapshot(world)[arn] for arn in theirs.values()}
        kinds = {"task": "task", "source": "location", "destination": "location", "sourceRole": "role"}
        bookkeeping = cast("JsonObject", cast("JsonObject", world.raw["status"]).get("bookkeeping", {}))
        forge(
            world,
            **{place: theirs[PLACES[place]] for place in names},
            bookkeeping=bookkeeping
            | ({"owned": sorted(PLACES.values())} if owned else {})
            | {"retired": [{"arn": theirs[part], "kind": kinds[part]} for part in sorted(retired)]},
        )
        for each in then:
            if each == "restart":
                world.restart()
            elif each == "drift":
                world.pass_time(DRIFT)
            else:
                world.change(each)
            world.settle()
        if deleted:
            world.delete()
        world.settle()
        after = snapshot(world)
        assert {arn: after.get(arn) for arn in before} == before
