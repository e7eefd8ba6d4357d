"""One listing for all movers of an account shows which of them has to be looked at, and leaves the others alone."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from datamover_common.kube.objects import metadata_of
from datamover_crds import from_timestamp
from datamover_operator.accounts.connections import Connections
from datamover_operator.accounts.orphans import Orphans
from datamover_operator.aws.failure import FailureKind
from datamover_operator.controller.context import Context
from datamover_operator.movers.bulk_reading import BulkReading
from datamover_operator.movers.execution_sweep import ExecutionSweep
from datamover_operator.movers.memory import Memories
from datamover_operator.movers.orphan_search import OrphanSearch
from datamover_operator.movers.sweep import Sweep
from datamover_operator.process.metrics import Metrics
from tests.support.waiting import eventually_async
from tests.unit.movers.given import ONE_OF_EACH, SPEC, counts, told
from tests.unit.movers.sky import error
from tests.unit.movers.world import World


def sweep(world: World, times: int = 2) -> float | None:
    """Sweep the accounts so often; how soon the mover is looked at then, if at all."""
    listings: list[str] = []
    heard = world.sky.on_read

    def hear(operation: str) -> None:
        listings.append(operation)
        heard(operation)

    async def is_done() -> bool:
        return len(listings) > times

    async def sweeping() -> None:
        quick = world.context.settings.model_copy(update={"sweep_interval_seconds": 0.001})
        sweep = Sweep(replace(world.context, settings=quick), world.connections, world.memories)
        task = asyncio.create_task(sweep.run_forever())
        await eventually_async(is_done, what="sweeps")
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    world.queue.next, world.sky.on_read = None, hear
    asyncio.run(sweeping())
    world.sky.on_read = heard
    assert set(listings) == {"ListTasks"}
    return world.queue.next


def vanish(world: World) -> None:
    del world.sky.items[str(world.mover.status.task_arn)]


def run(world: World) -> None:
    world.sky.start(str(world.mover.status.task_arn))


def lose_agent(world: World) -> None:
    world.sky.items[str(world.mover.status.task_arn)].status = "UNAVAILABLE"


def test_a_steady_mover_is_left_alone() -> None:
    with World(SPEC) as world:
        world.settle()
        assert sweep(world) is None
        assert not world.memory.everything.is_open
        assert not world.memory.description.is_open


@pytest.mark.parametrize("happens", [vanish, run, lose_agent])
def test_what_has_changed_is_looked_at(happens: Callable[[World], None]) -> None:
    with World(SPEC) as world:
        world.settle()
        happens(world)
        assert sweep(world) == 0.0
        assert world.memory.everything.is_open == (happens is vanish)
        assert world.memory.description.is_open == (happens is not vanish)


def test_a_task_that_a_listing_shows_unavailable_is_told_of() -> None:
    with World(SPEC) as world:
        world.settle()
        world.pass_time(150)
        lose_agent(world)
        sweep(world)
        world.reconcile()
        assert told(world, "Stalled")["reason"] == "TaskUnavailable"


def test_a_task_that_a_listing_does_not_show_is_made_again() -> None:
    with World(SPEC) as world:
        world.settle()
        vanish(world)
        sweep(world)
        assert world.settle() == "Ready"
        assert counts(world) == ONE_OF_EACH


def test_a_listing_that_fails_says_nothing() -> None:
    with World(SPEC) as world:
        world.settle()
        vanish(world)

        def fail(operation: str) -> None:
            raise error(FailureKind.THROTTLED, operation)

        world.sky.on_read = fail
        assert sweep(world) is None


def test_a_scheduled_start_is_looked_for_soon_after_its_time() -> None:
    """The run may be over before the next listing of tasks shows it."""
    spec = SPEC | {"schedule": {"scheduleExpression": "cron(30 12 * * ? *)"}}
    with World(spec) as world:
        assert world.settle() == "Ready"
        due = from_timestamp(str(world.mover.status.next_scheduled_time))
        world.pass_time((due - world.sky.now).total_seconds() + 22)
        world.sky.on_read = (reads := list[str]()).append
        world.reconcile()
        assert "DescribeTask" in reads


def with_search(context: Context, connections: Connections, memories: Memories) -> BulkReading:
    search = OrphanSearch(context, connections, Orphans(Metrics(), lambda _: None))
    return BulkReading(context, connections, memories, search)


def remembered(sweep: object) -> set[str]:
    """The accounts of which a sweep, or what it works with, holds anything."""
    parts = [sweep, *([sweep._search] if isinstance(sweep, BulkReading) else [])]
    return {name for part in parts for its in vars(part).values() if isinstance(its, dict) for name in its}


@pytest.mark.parametrize(
    ("make", "begin", "visit"),
    [
        (Sweep, "_open", "_sweep"),
        (ExecutionSweep, "_due", "_sweep"),
        (with_search, "_open", "_read"),
    ],
    ids=["tasks", "executions", "bulk"],
)
def test_nothing_is_remembered_of_an_account_that_is_gone(make: Callable[..., Any], begin: str, visit: str) -> None:
    with World(SPEC) as world:
        world.settle()
        sweep = make(world.context, world.connections, world.memories)
        world._runner.run(getattr(sweep, visit)("dev"))
        assert "dev" in remembered(sweep)
        getattr(sweep, begin)()
        assert "dev" in remembered(sweep)
        world.connections.shut(str(metadata_of(world.account)["uid"]))
        getattr(sweep, begin)()
        assert remembered(sweep) == set()
