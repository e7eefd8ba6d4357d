"""Each call that makes a mover fails in each way: nothing is left over, nothing is doubled (I1)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.faults.conftest import SETTLING, UNHURRIED, Start
from tests.faults.failures import FAILURES, KILLS, LOST_REPLY
from tests.support.crowd import CREATIONS, Crowd, name_for, wait_all_held
from tests.support.movers import NOTHING, World

NAMES = tuple(map(name_for, CREATIONS))


@pytest.mark.parametrize(("hold", "drop"), KILLS)
def test_the_operator_is_killed_at_each_call(world: World, start: Start, hold: str, drop: bool) -> None:
    crowd = Crowd.applied(world, NAMES)
    faults = [crowd.fault(call, name, hold=hold) for call, name in zip(CREATIONS, NAMES, strict=True)]
    first = start(**UNHURRIED)
    wait_all_held(faults)
    first.kill()
    for fault in faults:
        fault.release(drop=drop)
    start()
    _check_all_is_well(crowd)


@pytest.mark.parametrize(("action", "hits"), FAILURES)
def test_each_call_fails(world: World, start: Start, action: dict[str, Any], hits: int) -> None:
    crowd = Crowd.applied(world, NAMES)
    counts = [1 if call.startswith("Create") else hits for call in CREATIONS]
    faults = [
        crowd.fault(call, name, count=count, **action)
        for call, name, count in zip(CREATIONS, NAMES, counts, strict=True)
    ]
    start()
    for fault, count in zip(faults, counts, strict=True):
        fault.wait_hit(count)
    _check_all_is_well(crowd)


def test_listings_lag_while_outcomes_are_unknown(world: World, start: Start) -> None:
    crowd = Crowd.applied(world, NAMES)
    lag = int((SETTLING - 1) * 1000)
    listings = ("ListLocations", "ListTasks", "GetResources")
    lags = [world.emulator.fault(listing, lagMs=lag, count=None) for listing in listings]
    faults = [crowd.fault(call, name, **LOST_REPLY) for call, name in zip(CREATIONS, NAMES, strict=True)]
    start()
    for fault in faults:
        fault.wait_hit()
    crowd.wait_ready()
    for each in lags:  # the test itself looks by the same listings
        each.lift()
    _check_all_is_well(crowd)


def _check_all_is_well(crowd: Crowd) -> None:
    crowd.wait_ready()
    crowd.check_nothing_is_doubled()
    crowd.delete()
    crowd.wait_gone()
    assert crowd.world.leftovers() == NOTHING
