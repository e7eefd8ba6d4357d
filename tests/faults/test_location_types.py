"""The operator is killed at each write to a location of each type: nothing is left over, nothing is doubled (I1)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from itertools import cycle, islice
from typing import Any

import pytest

from datamover_dev.stack.operator import Operator
from tests.faults.conftest import UNHURRIED, Start
from tests.support.api import Api
from tests.support.crowd import SIDES, wait_all_held
from tests.support.emulator import Emulator
from tests.support.location_lives import LIVES, Life
from tests.support.location_worlds import LocationWorld, open_account
from tests.support.movers import NOTHING, World

KILLS = (("before", True), ("before", False), ("after", True))
"""Where a call is held when the operator is killed, and whether its connection is dropped then."""

Call = Callable[[LocationWorld], tuple[str, dict[str, Any]]]
"""The operation that a mover's fault meets, and by which parameters it is told from others'."""


@pytest.fixture
def world(api: Api, emulator: Emulator, namespace: str) -> World:
    """A namespace beside an AWS account with what the samples name."""
    world = World(api, emulator, namespace)
    open_account(world)
    return world


def test_the_operator_is_killed_at_each_write(world: World, start: Start) -> None:
    """A mover of each type is created, edited in place and deleted.

    Over its three writes each type meets every way of being killed, and so does each write over the types. That one
    and the same write survives all of them is what test_creation and test_deletion show, for buckets.
    """
    crowd = [_mover(world, life) for life in LIVES]
    running: list[Operator] = []

    def killed_at(first: int, call: Call, act: Callable[[LocationWorld], object]) -> None:
        """Let every mover be held in its call by what is done to it, and then replace the operator by a new one."""
        while running:
            running.pop().terminate()
        doomed = start(**UNHURRIED)
        ways = islice(cycle(KILLS), first, None)
        held = []
        for there, (hold, drop) in zip(crowd, ways, strict=False):
            operation, where = call(there)
            held.append((world.emulator.fault(operation, where=where, hold=hold), drop))
        for there in crowd:
            act(there)
        wait_all_held(fault for fault, _ in held)
        doomed.kill()
        for fault, drop in held:
            fault.release(drop=drop)
        running.append(start())

    killed_at(
        0,
        lambda there: (f"CreateLocation{there.life.operation}", {"Subdirectory": there.life.subdirectory("made")}),
        lambda there: there.apply(),
    )
    made = _all_ready(world, crowd)

    killed_at(
        1,
        lambda there: (f"UpdateLocation{there.life.operation}", {"LocationArn": _arn(there)}),
        lambda there: there.change({"subdirectory": there.life.subdirectory("moved")}),
    )
    assert _all_ready(world, crowd) == made, "changed in place"
    assert all("moved" in there.uri() for there in crowd)

    killed_at(
        2,
        lambda there: ("DeleteLocation", {"LocationArn": _arn(there)}),
        lambda there: world.delete("DataMover", there.mover),
    )
    for there in crowd:
        world.wait_gone("DataMover", there.mover, 60)
    assert world.leftovers() == NOTHING


def _mover(world: World, life: Life) -> LocationWorld:
    there = LocationWorld(world, life)
    there.declare({"subdirectory": life.subdirectory("made")})
    for folder in ("made", "moved"):
        there.put(life.folder_of(folder), {})
    return there


def _arn(there: LocationWorld) -> str:
    return str(there.status()[f"{there.life.side}LocationArn"])


def _all_ready(world: World, crowd: list[LocationWorld]) -> Counter[str]:
    """Wait until all movers are Ready; AWS holds what their statuses name, and nothing else."""
    named: Counter[str] = Counter()
    for there in crowd:
        status = world.wait_ready(there.mover, 60)["status"]
        assert "intent" not in status, status
        named.update([status["taskArn"], *(status[f"{side}LocationArn"] for side in SIDES)])
    left = world.leftovers()
    assert Counter(left["tasks"] + left["locations"]) == named
    return named
