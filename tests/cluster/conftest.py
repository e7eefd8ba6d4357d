"""What tests on the whole stack start from."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from datamover_dev.controlplane.cluster import ControlPlane
from tests.support.api import Api
from tests.support.emulator import Emulator
from tests.support.movers import World
from tests.support.operator_process import Operators
from tests.support.rest import Client, RestServices


@pytest.fixture
def world(api: Api, emulator: Emulator, namespace: str) -> World:
    """A namespace beside an empty AWS account."""
    return World(api, emulator, namespace)


@pytest.fixture
def rest_services(control_plane: ControlPlane, namespace: str, tmp_path: Path) -> Iterator[RestServices]:
    """Starts REST services: `rest_services()` gives a client of a new one."""
    services = RestServices(control_plane, tmp_path)
    yield services
    services.stop()


@pytest.fixture
def rest(world: World, operator: Operators, rest_services: RestServices) -> Client:
    """A client of the whole stack: the account serves the test's namespace by REST; buckets src and dst are there."""
    world.bucket("src", {"a.txt": b"alpha", "b/c.txt": b"charlie"})
    world.bucket("dst")
    world.grant_all(rest={"namespace": world.namespace}, org="spindev")
    operator()
    return rest_services()
