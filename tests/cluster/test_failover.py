"""Two operators, of which one stands by: what a drained node, and one that is lost, costs."""

from __future__ import annotations

from typing import Any

import pytest
import urllib3

from datamover_dev.stack.operator import Operator
from tests.support.movers import World
from tests.support.operator_process import Operators
from tests.support.waiting import eventually

GENEROUS = 120.0
"""Seconds that an ending operator may take here; it takes a few where nothing else runs."""


def leads(operator: Operator) -> bool:
    answer = urllib3.request("GET", f"{operator.url}/metrics", timeout=30).data.decode()
    return "\ndatamover_ready 1.0\n" in answer


def answers(operator: Operator) -> str:
    return urllib3.request("GET", f"{operator.url}/readyz", timeout=30).data.decode()


@pytest.mark.parametrize(("ending", "lease_seconds"), [("drained", 300), ("lost", 6)])
def test_the_one_that_stands_by_takes_over_with_the_run_that_is_active(
    world: World, operator: Operators, ending: str, lease_seconds: int
) -> None:
    """A drained one lets go of its Lease: nobody waits for its 300 s. One that is lost holds it to its end."""
    world.bucket("src", {"a.txt": b"alpha"})
    world.bucket("dst")
    world.grant_all()
    settings: dict[str, Any] = {"lease": True, "lease_seconds": lease_seconds, "shutdown_grace_seconds": 60}
    leader, standby = operator(**settings), operator(**settings, wait=False)
    eventually(lambda: standby.url and answers(standby).startswith("stands by: "), 120)
    world.s3_mover()
    world.wait_ready()
    with world.emulator.fault(state="TRANSFERRING", hold="before"):
        world.run("r1")
        world.wait_phase("r1", "Launching", "Preparing", "Transferring")
        if ending == "drained":
            assert leader.terminate(GENEROUS) == 0
        else:
            leader.kill()
        eventually(lambda: leads(standby), 120, what="the other one leads")
    world.wait_phase("r1", "Succeeded")
    world.run("r2")
    world.wait_phase("r2", "Succeeded")
    assert len(world.emulator.journal(operation="StartTaskExecution")) == 2
    assert len(world.emulator.journal(operation="CreateTask")) == 1
