"""Each call that makes a mover fails in each way: nothing is left over, nothing is doubled (I1)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.faults.conftest import CALL_TIMEOUT, Start
from tests.support.crowd import CREATIONS, Crowd, name_for, wait_all_held
from tests.support.movers import NOTHING, World

OFTEN = 4
"""More failures in a row than one call's own repetitions bear."""

NAMES = tuple(map(name_for, CREATIONS))

KILLS = [
    pytest.param("before", True, id="before"),
    pytest.param("before", False, id="in"),
    pytest.param("after", True, id="after"),
]
"""Where the call is held when the operator is killed, and whether its connection is dropped then."""

INTERNAL = {"code": "InternalFailure", "message": "Sorry", "status": 500}
FAULTS = [
    pytest.param({"drop": "before"}, OFTEN, id="lost-request"),
    pytest.param({"drop": "after"}, 1, id="lost-reply"),
    pytest.param({"delayMs": int((CALL_TIMEOUT + 0.5) * 1000)}, 1, id="timeout"),
    pytest.param({"error": {"code": "ThrottlingException", "message": "Rate exceeded"}}, OFTEN, id="throttled"),
    pytest.param({"error": INTERNAL}, OFTEN, id="500"),
    pytest.param({"error": INTERNAL | {"effect": True}}, 1, id="500-with-effect"),
]


@pytest.mark.parametrize(("hold", "drop"), KILLS)
def test_the_operator_is_killed_at_each_call(world: World, start: Start, hold: str, drop: bool) -> None:
    crowd = Crowd.applied(world, NAMES)
    faults = [crowd.fault(call, name, hold=hold) for call, name in zip(CREATIONS, NAMES, strict=True)]
    first = start()
    wait_all_held(faults)
    first.kill()
    for fault in faults:
        fault.release(drop=drop)
    start()
    _check_all_is_well(crowd)


@pytest.mark.parametrize(("action", "hits"), FAULTS)
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


def _check_all_is_well(crowd: Crowd) -> None:
    crowd.wait_ready()
    crowd.check_nothing_is_doubled()
    crowd.delete()
    crowd.wait_gone()
    assert crowd.world.leftovers() == NOTHING
