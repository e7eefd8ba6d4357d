"""A status that is lost, whole or in part, comes back without a new resource and without a new execution (I3)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from datamover_dev.stack.operator import Operator
from tests.faults.conftest import Start
from tests.support.crowd import Crowd
from tests.support.emulator import Json
from tests.support.movers import NOTHING, World
from tests.support.operator_process import metric
from tests.support.waiting import eventually

ANNOTATION = "datamover.io/task-arn"
LOST: Mapping[str, tuple[str, ...]] = {
    "whole": (),
    "unannotated": (),
    "task": ("taskArn",),
    "source": ("sourceLocationArn",),
    "locations": ("sourceLocationArn", "destinationLocationArn", "conditions"),
    "role": ("sourceRoleArn",),
    "owned": ("bookkeeping",),
    "older": (),
    "most": ("taskArn", "bookkeeping", "destinationRoleArn", "destinationLocationArn", "lastTrigger", "lastRun"),
}
"""What each mover loses; nothing named = its whole status. The one of `older` gets the form of earlier versions."""
KEPT = ("taskArn", "sourceLocationArn", "destinationLocationArn", "sourceRoleArn", "destinationRoleArn")


@pytest.fixture
def crowd(world: World) -> Crowd:
    """Movers that a trigger will have run once."""
    return Crowd.applied(world, tuple(LOST), trigger={"manual": "once"})


@pytest.mark.parametrize("is_at_work", [True, False], ids=["at-work", "stopped"])
def test_a_lost_status_comes_back(crowd: Crowd, start: Start, is_at_work: bool) -> None:
    world = crowd.world
    operator = start()
    crowd.wait_ready()
    crowd.wait_ended(*crowd.names)
    _wait_idle(operator)
    before = {name: _kept(crowd.mover(name)) for name in crowd.names}
    executions, seq = crowd.executions(), world.emulator.journal()[-1]["seq"]
    if not is_at_work:
        assert operator.terminate() == 0
    for name in crowd.names:
        _lose(crowd, name)
    if not is_at_work:
        operator = start()

    for name in crowd.names:
        eventually(lambda name=name: _kept(crowd.mover(name)) == before[name], what=f"the status of '{name}' is back")  # type: ignore[misc]
    crowd.wait_ready()
    _wait_idle(operator)
    assert world.calls(reads=False, since=seq) == []
    assert crowd.executions() == executions == dict.fromkeys(crowd.names, 1)
    crowd.check_nothing_is_doubled()
    crowd.delete()
    crowd.wait_gone()
    assert world.leftovers() == NOTHING


def test_deletion_of_what_has_no_status_leaves_nothing(crowd: Crowd, start: Start) -> None:
    operator = start()
    crowd.wait_ready()
    crowd.wait_ended(*crowd.names)
    assert operator.terminate() == 0
    for name in crowd.names:
        _lose(crowd, name)
    crowd.delete()
    start()
    crowd.wait_gone()
    assert crowd.world.leftovers() == NOTHING


def _lose(crowd: Crowd, name: str) -> None:
    fields = LOST[name]
    lost: dict[str, Any] = {"status": dict.fromkeys(fields)} if fields else {"status": None}
    if name == "older":
        lost = {"status": {"bookkeeping": None} | crowd.mover(name)["status"]["bookkeeping"]}
    if name == "unannotated":
        crowd.world.patch("DataMover", name, {"metadata": {"annotations": {ANNOTATION: None}}})
    crowd.world.patch("DataMover", name, lost, subresource="/status")


def _kept(mover: Json) -> Json:
    status = mover.get("status", {})
    owned = {**status, **status.get("bookkeeping", {})}.get("owned")
    return {field: status.get(field) for field in KEPT} | {"owned": owned}


def _wait_idle(operator: Operator) -> None:
    """Wait until nothing is to be worked on, and a sweep has shown nothing either."""
    sweeps = metric(operator, "datamover_aws_calls_total", operation="ListTasks")
    eventually(lambda: metric(operator, "datamover_aws_calls_total", operation="ListTasks") > sweeps + 1, what="sweeps")
    eventually(lambda: metric(operator, "datamover_queue_depth") == 0, what="the queue is empty")
