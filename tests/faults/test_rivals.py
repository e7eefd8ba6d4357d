"""Two operators at once, and two objects of one name in a row: nothing is doubled, nothing is left over (I1)."""

from __future__ import annotations

from collections import Counter

import pytest

from datamover_dev.stack.operator import Operator
from tests.faults.conftest import Start
from tests.support.crowd import Crowd
from tests.support.movers import NOTHING, World
from tests.support.operator_process import metric
from tests.support.waiting import eventually

DELAY = 400
"""Milliseconds that AWS takes for a creation: what one operator makes, the other finds half made."""
CREATIONS = ("CreateRole", "CreateLocationS3", "CreateTask")
NAMES = tuple(f"mover-{number}" for number in range(6))


def test_two_operators_make_everything_once(world: World, start: Start) -> None:
    delays = [world.emulator.fault(call, delayMs=DELAY, count=None) for call in CREATIONS]
    operators = [start(), start()]
    world.wait_condition("DataMoverAccount", world.account, "Ready")
    crowd = Crowd.applied(world, NAMES)
    crowd.wait_ready()
    for delay in delays:
        delay.lift()
    eventually(lambda: all(_looks(operator) for operator in operators), what="both have worked")
    crowd.check_nothing_is_doubled()
    made = Counter(call for call in world.calls(reads=False) if call in {"CreateLocationS3", "CreateTask"})
    assert made == {"CreateLocationS3": 2 * len(NAMES), "CreateTask": len(NAMES)}, "not even for a moment"

    crowd.start()
    crowd.wait_ended(*NAMES)
    assert crowd.executions() == dict.fromkeys(NAMES, 1)
    crowd.delete()
    crowd.wait_gone()
    assert world.leftovers() == NOTHING


def test_the_second_operator_comes_in_the_middle_of_a_creation(world: World, start: Start) -> None:
    delays = [world.emulator.fault(call, delayMs=DELAY, count=None) for call in CREATIONS]
    crowd = Crowd.applied(world, NAMES)
    start()
    eventually(lambda: "CreateLocationS3" in world.calls(), what="the first is in the middle of it")
    start()
    crowd.wait_ready()
    for delay in delays:
        delay.lift()
    crowd.check_nothing_is_doubled()
    crowd.delete()
    crowd.wait_gone()
    assert world.leftovers() == NOTHING


@pytest.mark.parametrize("call", ["CreateRole source", "CreateLocationS3 source", "CreateTask"])
@pytest.mark.parametrize("kills", [False, True], ids=["at-work", "killed"])
def test_a_mover_is_made_again_while_its_first_is_being_created(
    world: World, start: Start, call: str, kills: bool
) -> None:
    crowd = Crowd.applied(world, ("m",))
    first = str(crowd.mover("m")["metadata"]["uid"])
    slow = crowd.fault(call, "m", delayMs=DELAY)
    operator = start()
    slow.wait_hit()
    if kills:
        operator.kill()
    world.delete("DataMover", "m")
    if kills:
        start()
    world.wait_gone("DataMover", "m", timeout=60)
    world.s3_mover("m", source=crowd.bucket("m", "source"), destination=crowd.bucket("m", "destination"))
    crowd.wait_ready()
    assert crowd.mover("m")["metadata"]["uid"] != first
    crowd.check_nothing_is_doubled()
    crowd.delete()
    crowd.wait_gone()
    assert world.leftovers() == NOTHING


def _looks(operator: Operator) -> float:
    return metric(operator, "datamover_reconcile_duration_seconds_count", kind="DataMover")
