"""Each call that deletes a mover with a run fails in each way: nothing is left over (I1, I4)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.faults.conftest import UNHURRIED, Start
from tests.faults.failures import FAILURES, KILLS
from tests.support.crowd import DELETIONS, Crowd, name_for, wait_all_held
from tests.support.movers import NOTHING, World
from tests.support.waiting import eventually

CALLS = ("CancelTaskExecution", *DELETIONS)
NAMES = tuple(map(name_for, CALLS))


@pytest.fixture
def crowd(world: World) -> Crowd:
    """Movers that will meet a fault each."""
    return Crowd.applied(world, NAMES)


@pytest.mark.parametrize(("hold", "drop"), KILLS)
def test_the_operator_is_killed_at_each_call(crowd: Crowd, start: Start, hold: str, drop: bool) -> None:
    first = start(**UNHURRIED)
    _run_all(crowd)
    faults = [crowd.fault(call, name, hold=hold) for call, name in zip(CALLS, NAMES, strict=True)]
    crowd.delete()
    wait_all_held(faults)
    first.kill()
    for fault in faults:
        fault.release(drop=drop)
    start()
    _check_nothing_is_left(crowd)


@pytest.mark.parametrize(("action", "hits"), FAILURES)
def test_each_call_fails(crowd: Crowd, start: Start, action: dict[str, Any], hits: int) -> None:
    start()
    _run_all(crowd)
    faults = [crowd.fault(call, name, count=hits, **action) for call, name in zip(CALLS, NAMES, strict=True)]
    crowd.delete()
    for fault in faults:
        fault.wait_hit(hits)
    _check_nothing_is_left(crowd)


def _run_all(crowd: Crowd) -> None:
    """Every mover has had a run, but the first one's is still active."""
    crowd.wait_ready()
    active, *others = crowd.names
    for name in others:
        crowd.world.run(f"{name}-run", name)
    crowd.wait_ended(*others)
    crowd.world.emulator.fault(state="TRANSFERRING", hold="before", count=None)
    crowd.world.run(f"{active}-run", active)
    eventually(
        lambda: crowd.mover(active)["status"].get("currentRun", {}).get("executionArn"), what="the run is active"
    )


def _check_nothing_is_left(crowd: Crowd) -> None:
    crowd.wait_gone()
    assert crowd.world.leftovers() == NOTHING
    eventually(lambda: not crowd.world.list("DataMoverRun"), what="the runs are gone")
