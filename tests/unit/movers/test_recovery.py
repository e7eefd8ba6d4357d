"""A call whose outcome is not known leaves nothing, whatever is declared by the time it is looked for (I1)."""

from __future__ import annotations

import asyncio
import copy
from datetime import timedelta

import pytest

from datamover_common.kube.objects import metadata_of
from datamover_operator.aws.failure import FailureKind
from datamover_operator.movers import tag_index
from tests.support.specs import s3
from tests.unit.movers.given import NOTHING, ONE_OF_EACH, SPEC, Spec, counts, ending_at, failing, on_call, spec, told
from tests.unit.movers.sky import Sky, error
from tests.unit.movers.world import REF, World


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


def test_a_role_that_others_have_made_since_under_the_name_of_ours_is_let_alone() -> None:
    with World(named("alpha")) as world:
        world.settle()
        (ours,) = (role for role in world.sky.of("role") if role.arn.endswith("/alpha"))
        del world.sky.items[ours.arn]
        theirs = world.sky.add_role("alpha", {"team": "other"})
        world.sky.untouchable.add(theirs.arn)
        world.look_closely()
        assert world.settle() == "Ready"
        assert theirs.tags == {"team": "other"}
        status = world.mover.status
        assert status.source_role_arn not in {None, theirs.arn}
        assert world.sky.items[str(status.source_location_arn)].described["s3Config"] == {
            "bucketAccessRoleArn": status.source_role_arn
        }
        world.delete()
        assert world.settle() == "Gone"
        assert set(world.sky.items) == {theirs.arn}


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


def lost(world: World) -> None:
    """Status and annotation are gone, and the process that knew them."""
    raw = copy.deepcopy(world.raw)
    meta = metadata_of(raw) | {"annotations": {}}
    world.kube.put(REF, raw | {"metadata": meta, "status": {}})
    world.restart()


def test_everything_is_lost_and_the_tagging_api_lags() -> None:
    with World(SPEC) as world:
        world.settle()
        status, writes = world.mover.status, len(world.sky.writes)
        world.sky.lag = timedelta(days=1)
        lost(world)
        world.reconcile()
        assert told(world, "Reconciling")["reason"] == "InDoubt"
        assert world.settle() == "Ready"
        found = world.mover.status
        assert (found.task_arn, found.source_location_arn) == (status.task_arn, status.source_location_arn)
        assert set(found.bookkeeping.owned) == set(status.bookkeeping.owned)
        assert world.sky.writes[writes:] == []


def test_deletion_waits_until_a_doubt_is_settled() -> None:
    with World(SPEC) as world:
        world.settle()
        world.sky.lag = timedelta(days=1)
        lost(world)
        world.delete()
        world.reconcile()
        assert "is unknown" in str(told(world, "Reconciling")["message"])
        assert world.settle() == "Gone"
        assert counts(world) == NOTHING


def test_what_vanishes_while_it_is_looked_for_is_not_there() -> None:
    with World(SPEC) as world:
        with ending_at(world, "CreateTask"):
            world.reconcile()
        world.sky.lag = timedelta(days=1)
        task = world.sky.of("task")[0].arn

        def vanish(operation: str) -> None:
            if operation == "ListTagsForResource":
                world.sky.items.pop(task, None)

        world.sky.on_read = vanish
        assert world.settle() == "Ready"
        assert counts(world) == ONE_OF_EACH


def test_what_a_pass_has_made_is_read_back_by_it() -> None:
    with World(SPEC) as world:
        world.sky.creating = timedelta(0)
        world.reconcile()
        assert world.state == "Ready"


def test_what_vanishes_before_it_is_read_back_is_made_under_an_intent_of_its_own() -> None:
    made: list[str] = []

    def lose(operation: str) -> None:
        if operation == "DescribeTask" and len(made) == 1:
            world.sky.items.pop(made[0], None)

    def create() -> None:
        made.extend(task.arn for task in world.sky.of("task"))
        if len(made) > 1:
            raise error(FailureKind.UNKNOWN_OUTCOME, "CreateTask")

    with World(SPEC) as world:
        world.sky.creating = timedelta(0)
        world.sky.on_read = lose
        with on_call(world, "CreateTask", create):
            world.reconcile()
        assert len(made) == 2
        assert world.settle() == "Ready"
        assert counts(world) == ONE_OF_EACH


@pytest.mark.parametrize("operation", ["GetResources", "ListTasks", "ListLocations", "ListTagsForResource"])
@pytest.mark.parametrize("kind", [FailureKind.UNAVAILABLE, FailureKind.DENIED])
def test_nothing_is_concluded_from_a_look_that_failed(operation: str, kind: FailureKind) -> None:
    with World(SPEC) as world:
        with ending_at(world, "CreateTask"):
            world.reconcile()
        world.sky.lag = timedelta(days=1)
        world.pass_time(5)
        world.reconcile()
        world.pass_time(120)
        with failing(world, operation, kind):
            world.reconcile()
        assert told(world, "Ready")["status"] == "False"
        world.pass_time(700)
        assert world.settle() == "Ready"
        assert counts(world) == ONE_OF_EACH


@pytest.mark.parametrize("kind", [FailureKind.UNAVAILABLE, FailureKind.THROTTLED])
def test_a_find_that_can_not_be_confirmed_is_not_given_up(kind: FailureKind) -> None:
    with World(SPEC) as world:
        with ending_at(world, "CreateLocation"):
            world.reconcile()
        with failing(world, "DescribeLocation", kind, times=3):
            assert world.settle() == "Ready"
        assert counts(world) == ONE_OF_EACH


def test_what_many_ask_for_is_read_once_and_forgotten_in_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tag_index, "_REMEMBERED", 2)
    sky, index, reads = Sky(), tag_index.TagIndex(), list[str]()
    arns = [sky.add("location", {}, {"n": str(number)}).arn for number in range(3)]
    sky.on_read = reads.append

    async def ask() -> list[str]:
        aws = sky.ports()
        return [(await index.tags(aws, arn)).get("n", "") for arn in (*arns, arns[2], arns[0], "gone")]

    assert asyncio.run(ask()) == ["0", "1", "2", "2", "0", ""]
    assert len(reads) == 5


@pytest.mark.parametrize("operation", ["CreateLocation", "CreateTask"])
def test_what_the_tagging_api_still_shows_is_gone(operation: str) -> None:
    with World(SPEC) as world:
        with ending_at(world, operation):
            world.reconcile()
        kind = "task" if operation == "CreateTask" else "location"
        arn = world.sky.of(kind)[0].arn

        def vanish(called: str) -> None:
            if called.startswith("Describe"):
                world.sky.items.pop(arn, None)

        world.sky.on_read = vanish
        assert world.settle() == "Ready"
        assert counts(world) == ONE_OF_EACH


def test_status_and_task_are_gone_together() -> None:
    with World(SPEC) as world:
        world.settle()
        del world.sky.items[str(world.mover.status.task_arn)]
        world.wipe_status()
        assert world.settle() == "Ready"
        assert counts(world) == ONE_OF_EACH
