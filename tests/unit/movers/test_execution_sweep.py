"""Executions that begin and end between two looks at their movers: the first listing, made early, shows what is new."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from datamover_common.tasks import Background
from datamover_operator.aws.failure import FailureKind
from datamover_operator.controller.context import Clock
from datamover_operator.movers import execution_sweep
from datamover_operator.movers.execution_sweep import ExecutionSweep
from tests.support.waiting import eventually_async
from tests.unit.movers.given import SPEC
from tests.unit.movers.sky import error
from tests.unit.movers.world import World


class Sweeping:
    """Sweeps by the world's clock, which stands still; looks for what is due a thousand times a second."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.listings: list[str] = []
        self._looks = itertools.count()
        self.looks = 0

    def _tick(self) -> float:
        self.looks = next(self._looks)
        return self.world.tick

    def until(self, then: Callable[[], Awaitable[None]]) -> list[str]:
        """Do `then` once the account has been listed for the first time; return all listings."""
        self.world.queue.next, self.world.sky.on_read = None, self.listings.append
        asyncio.run(self._until(then))
        assert set(self.listings) == {"ListTaskExecutions"}
        return self.listings

    async def _until(self, then: Callable[[], Awaitable[None]]) -> None:
        world = self.world
        context = replace(world.context, clock=Clock(now=world.context.clock.now, tick=self._tick))
        sweep = ExecutionSweep(context, world.connections, world.memories)
        async with Background().running(sweep.run_forever(), "sweep"):
            await eventually_async(self._is_listed, what="the first listing, though an interval has not passed")
            await then()

    async def _is_listed(self) -> bool:
        return bool(self.listings)

    async def some_looks(self) -> None:
        enough = self.looks + 20

        async def are_made() -> bool:
            return self.looks > enough

        await eventually_async(are_made)


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(execution_sweep, "_LOOK", 0.001)


def test_an_execution_that_comes_and_goes_after_a_restart_is_found_by_the_second_listing() -> None:
    with World(SPEC) as world:
        world.settle()

        async def is_looked_at() -> bool:
            return world.queue.next == 0.0

        async def somebody_starts_it() -> None:
            world.sky.start(str(world.mover.status.task_arn))
            world.pass_time(120)
            await eventually_async(is_looked_at)

        Sweeping(world).until(somebody_starts_it)
        assert world.memory.description.is_open


def test_an_account_is_listed_once_an_interval() -> None:
    with World(SPEC) as world:
        world.settle()
        sweeping = Sweeping(world)
        assert len(sweeping.until(sweeping.some_looks)) == 1
        assert world.queue.next is None


def test_a_listing_that_fails_is_not_repeated_before_the_next_is_due() -> None:
    with World(SPEC) as world:
        world.settle()
        sweeping = Sweeping(world)

        def refuse(operation: str) -> None:
            sweeping.listings.append(operation)
            raise error(FailureKind.THROTTLED, operation)

        async def fail() -> None:
            world.sky.on_read = refuse
            world.pass_time(120)
            await sweeping.some_looks()

        assert len(sweeping.until(fail)) == 2
