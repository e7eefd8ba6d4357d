"""When a declaration can only be met by something new, the old goes on working until then, and goes in peace."""

from __future__ import annotations

from datetime import timedelta
from typing import cast

import pytest

from datamover_crds import JsonObject
from datamover_operator.aws.failure import FailureKind
from datamover_operator.movers.plan.names import ROLE_POLICY_NAME
from tests.support.specs import s3
from tests.unit.movers.given import (
    DRIFT,
    NOTHING,
    ONE_OF_EACH,
    SPEC,
    counts,
    ending_at,
    failing,
    looked_after_by,
    on_call,
    spec,
    told,
)
from tests.unit.movers.sky import RUNTIME, Item
from tests.unit.movers.world import OWNER, World

ELSEWHERE = spec(source=s3(s3BucketArn="arn:aws:s3:::elsewhere"))
NIGHTLY = {"schedule": {"scheduleExpression": "cron(0 4 * * ? *)"}}


def buckets_of(role: Item) -> set[str]:
    """The buckets that a role's policy speaks of."""
    statements = cast("list[JsonObject]", cast("JsonObject", role.described[ROLE_POLICY_NAME])["Statement"])
    return {str(each["Resource"]).removeprefix("arn:aws:s3:::").removesuffix("/*") for each in statements}


def source_role(world: World) -> Item:
    return world.sky.items[str(world.mover.status.source_role_arn)]


def test_the_old_bucket_stays_readable_until_its_location_is_gone() -> None:
    with World(SPEC) as world:
        world.settle()
        seen: list[set[str]] = []
        world.change(ELSEWHERE)
        with on_call(world, "DeleteLocation", lambda: seen.append(buckets_of(source_role(world))), "before"):
            assert world.settle() == "Ready"
        assert seen == [{"src", "elsewhere"}]
        assert buckets_of(source_role(world)) == {"elsewhere"}
        assert counts(world) == ONE_OF_EACH


def test_a_new_bucket_that_is_refused_breaks_nothing() -> None:
    with World(SPEC) as world:
        world.settle()
        with failing(world, "CreateLocation", FailureKind.REFUSED):
            world.change(ELSEWHERE)
            assert world.settle() == "Stalled"
        assert "src" in buckets_of(source_role(world))
        world.change(SPEC)
        assert world.settle() == "Ready"
        assert buckets_of(source_role(world)) == {"src"}
        assert counts(world) == ONE_OF_EACH


def test_rights_are_narrowed_by_the_next_process_too() -> None:
    with World(SPEC) as world:
        world.settle()
        world.change(ELSEWHERE)
        with ending_at(world, "DeleteLocation"):
            world.reconcile()
            while world.starts == 1:
                world.pass_time(2)
                world.reconcile()
        assert world.settle() == "Ready"
        world.pass_time(DRIFT)
        assert world.settle() == "Ready"
        assert buckets_of(source_role(world)) == {"elsewhere"}


def test_a_bucket_changed_while_the_task_is_being_created() -> None:
    with World(SPEC) as world:
        world.sky.creating = timedelta(minutes=1)
        world.reconcile()
        world.change(ELSEWHERE)
        world.restart()
        world.reconcile()
        assert "src" in buckets_of(source_role(world))
        assert world.settle() == "Ready"
        assert buckets_of(source_role(world)) == {"elsewhere"}


def test_a_replaced_task_that_runs_is_waited_for() -> None:
    with World(SPEC) as world:
        world.settle()
        old = str(world.mover.status.task_arn)
        world.change(ELSEWHERE)
        with on_call(world, "CreateTask", lambda: world.sky.start(old)):
            world.reconcile()
        world.pass_time(5)
        world.reconcile()
        assert told(world, "Reconciling")["reason"] == "WaitingForRun"
        assert old in world.sky.items
        world.pass_time(RUNTIME.total_seconds())
        assert world.settle() == "Ready"
        assert counts(world) == ONE_OF_EACH


def test_a_replaced_task_starts_nothing_more_before_it_goes() -> None:
    with World(spec(**NIGHTLY)) as world:
        world.settle()
        old = world.sky.items[str(world.mover.status.task_arn)]
        world.change(ELSEWHERE | NIGHTLY)
        with on_call(world, "UpdateTask", lambda: world.sky.start(old.arn)):  # its schedule was quicker
            world.reconcile()
            world.pass_time(5)
            world.reconcile()
        assert cast("JsonObject", old.described["schedule"])["status"] == "DISABLED"
        assert world.settle() == "Ready"
        assert old.arn not in world.sky.items
        new = world.sky.items[str(world.mover.status.task_arn)]
        assert cast("JsonObject", new.described["schedule"])["status"] == "ENABLED"


@pytest.mark.parametrize("restarts", [False, True])
def test_deletion_ends_what_a_replaced_task_runs(restarts: bool) -> None:
    with World(SPEC) as world:
        world.settle()
        old = str(world.mover.status.task_arn)
        world.change(ELSEWHERE)
        with on_call(world, "CreateTask", lambda: world.sky.start(old)):
            world.reconcile()
        if restarts:
            world.restart()
        world.delete()
        assert world.settle() == "Gone"
        assert "CancelTaskExecution" in world.sky.writes
        assert counts(world) == NOTHING


def test_a_task_that_turns_up_twice_is_waited_for_while_it_runs() -> None:
    with World(SPEC) as world:
        world.settle()
        first = world.sky.items[str(world.mover.status.task_arn)]
        second = world.sky.add("task", dict(first.described), looked_after_by(world.uid, OWNER, "task"))
        world.pass_time(DRIFT)
        world.sky.start(second.arn)
        world.reconcile()
        world.reconcile()
        assert second.arn in world.sky.items
        world.pass_time(RUNTIME.total_seconds())
        assert world.settle() == "Ready"
        assert second.arn not in world.sky.items
        assert first.arn in world.sky.items


def test_a_replaced_task_that_somebody_has_deleted_is_no_trouble() -> None:
    with World(SPEC) as world:
        world.settle()
        old = str(world.mover.status.task_arn)
        world.change(ELSEWHERE)
        with on_call(world, "CreateTask", lambda: world.sky.items.pop(old)):
            assert world.settle() == "Ready"
        assert counts(world) == ONE_OF_EACH
        assert "DeleteTask" not in world.sky.writes


def test_deletion_ends_what_a_task_runs_that_turns_up_late() -> None:
    with World(SPEC) as world:
        world.settle()
        first = world.sky.items[str(world.mover.status.task_arn)]
        second = world.sky.add("task", dict(first.described), looked_after_by(world.uid, OWNER, "task"))
        world.pass_time(5)
        world.sky.start(second.arn)
        world.delete()
        assert world.settle() == "Gone"
        assert "CancelTaskExecution" in world.sky.writes
        assert counts(world) == NOTHING


@pytest.mark.parametrize("is_replaced", [False, True])
def test_deletion_ends_an_execution_that_is_older_than_one_that_has_ended(is_replaced: bool) -> None:
    with World(SPEC) as world:
        world.settle()
        old = str(world.mover.status.task_arn)

        def start_two() -> None:
            older, newer = world.sky.start(old), world.sky.start(old)
            world.sky.executions[older]["startTime"] = "2025-01-20T12:00:00Z"  # it goes on for days
            world.sky.executions[newer]["status"] = "QUEUED"

        if is_replaced:
            world.change(ELSEWHERE)
            with on_call(world, "CreateTask", start_two):
                world.reconcile()
        else:
            start_two()
        world.delete()
        assert world.settle() == "Gone"
        assert [each["status"] for each in world.sky.executions.values()] == ["ERROR", "ERROR"]
        assert counts(world) == NOTHING
