"""A start fails in each way: no run is executed twice, and one that was executed is recorded (I1, I7)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.faults.conftest import SETTLING, UNHURRIED, Start
from tests.faults.failures import (
    INTERNAL,
    INTERNAL_WITH_EFFECT,
    LOST_REPLY,
    LOST_REQUEST,
    THROTTLED,
    TIMEOUT,
)
from tests.support.crowd import Crowd, wait_all_held
from tests.support.emulator import Json
from tests.support.movers import World
from tests.support.waiting import eventually

KILLS: dict[str, tuple[str, bool, int]] = {
    "before": ("before", True, 0),
    "in": ("before", False, 1),
    "after": ("after", True, 1),
}
"""Where the start is held when the operator is killed, whether it is dropped then, and how many executions it makes."""

FAILURES: dict[str, tuple[dict[str, Any], int]] = {
    "lost-request": (LOST_REQUEST, 0),
    "lost-reply": (LOST_REPLY, 1),
    "timeout": (TIMEOUT, 1),
    "throttled": (THROTTLED | {"count": 2}, 1),
    "500": (INTERNAL, 0),
    "500-with-effect": (INTERNAL_WITH_EFFECT, 1),
}
"""How the start fails, and how many executions there are in the end."""


def test_the_operator_is_killed_at_a_start(world: World, start: Start) -> None:
    crowd = Crowd.applied(world, KILLS)
    first = start(**UNHURRIED)
    crowd.wait_ready()
    faults = {name: crowd.fault("StartTaskExecution", name, hold=KILLS[name][0]) for name in crowd.names}
    crowd.start()
    wait_all_held(faults.values())
    first.kill()
    for name, fault in faults.items():
        fault.release(drop=KILLS[name][1])
    start()
    _check_ends(crowd, executions := {name: KILLS[name][2] for name in crowd.names})
    _check_next_runs(crowd, executions)


@pytest.mark.parametrize("lags", [False, True], ids=["", "listings-lag"])
def test_a_start_fails(world: World, start: Start, lags: bool) -> None:
    crowd = Crowd.applied(world, FAILURES)
    start()
    crowd.wait_ready()
    faults = [crowd.fault("StartTaskExecution", name, **FAILURES[name][0]) for name in crowd.names]
    lag = int((SETTLING - 1) * 1000) if lags else 0
    with world.emulator.fault("ListTaskExecutions", lagMs=lag, count=None):
        crowd.start()
        for fault in faults:
            fault.wait_hit()
        _check_ends(crowd, executions := {name: FAILURES[name][1] for name in crowd.names})
    _check_next_runs(crowd, executions)


def _check_ends(crowd: Crowd, executions: dict[str, int]) -> None:
    """Each run is recorded as what became of it."""
    for name, count in executions.items():
        found = crowd.world.wait_phase(f"{name}-run", "Succeeded" if count else "Unknown")
        assert ("executionArn" in found["status"]) == bool(count)
        eventually(lambda name=name: _is_free(crowd.mover(name)), what=f"{name} is free")  # type: ignore[misc]


def _check_next_runs(crowd: Crowd, executions: dict[str, int]) -> None:
    """Nothing was started but what was to be, and the movers are free for the next run."""
    assert crowd.executions() == executions
    for name in crowd.names:
        crowd.world.run(f"{name}-next", name)
    for name in crowd.names:
        crowd.world.wait_phase(f"{name}-next", "Succeeded")
    assert crowd.executions() == {name: count + 1 for name, count in executions.items()}
    assert len(crowd.world.list("DataMoverRun")) == 2 * len(crowd.names)


def _is_free(mover: Json) -> bool:
    return "currentRun" not in mover["status"]
