"""What tests of failures start from."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from datamover_dev.stack.operator import Operator
from tests.support.api import Api
from tests.support.api_proxy import ApiProxy
from tests.support.emulator import Emulator
from tests.support.movers import World
from tests.support.operator_process import Operators

SETTLING = 4.0
CALL_TIMEOUT = 2.0
"""Seconds: the least that a machine under load lets AWS calls pass."""

UNHURRIED: Any = {"settling_seconds": 60, "aws_call_timeout_seconds": 45}
"""For an operator that is killed while AWS holds its calls: it has not given one of them up before the last is held."""

Start = Callable[..., Operator]


@pytest.fixture
def world(api: Api, emulator: Emulator, namespace: str) -> World:
    """A namespace beside an empty AWS account that it may use."""
    world = World(api, emulator, namespace)
    world.grant_all()
    return world


@pytest.fixture
def start(operator: Operators) -> Start:
    """Starts operators for which a doubt settles soon, and AWS' throttles are soon forgotten."""

    def start(**settings: Any) -> Operator:  # noqa: ANN401 - settings' values
        quick: dict[str, Any] = {
            "settling_seconds": SETTLING,
            "aws_call_timeout_seconds": CALL_TIMEOUT,
            "aws_rate": 10000,
        }
        return operator(**(quick | settings))

    return start


@pytest.fixture
def start_through(operator: Operators, proxy: ApiProxy, start: Start) -> Start:
    """Like `start`, through `proxy`."""
    operator.lead_through(proxy.kubeconfig)
    return start
