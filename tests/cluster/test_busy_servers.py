"""What the operator does when AWS or the API server has too much to do, and says for how long."""

from __future__ import annotations

from datetime import datetime

from tests.support.emulator import Json
from tests.support.movers import World
from tests.support.operator_process import Operators


def test_aws_is_left_alone_for_as_long_as_it_asks(world: World, operator: Operators) -> None:
    for bucket in ("src", "dst"):
        world.bucket(bucket)
    world.grant_all()
    operator(sweep_interval_seconds=3600)  # whose listings may be on their way when the answer comes
    world.wait_condition("DataMoverAccount", world.account, "Ready")
    busy = {"error": {"code": "ThrottlingException", "message": "Rate exceeded", "retryAfter": 3}}
    with world.emulator.fault("CreateTask", **busy):
        world.s3_mover()
        world.wait_ready()
    calls = [each for each in world.emulator.journal() if each["service"] not in {"s3", "sts"}]
    refused = next(number for number, each in enumerate(calls) if each["error"] == "ThrottlingException")
    assert _at(calls[refused + 1]) - _at(calls[refused]) >= 2.5


def _at(call: Json) -> float:
    return datetime.fromisoformat(call["time"]).timestamp()
