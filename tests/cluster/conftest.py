"""What tests on the whole stack start from."""

from __future__ import annotations

import pytest

from tests.support.api import Api
from tests.support.emulator import Emulator
from tests.support.movers import World


@pytest.fixture
def world(api: Api, emulator: Emulator, namespace: str) -> World:
    """A namespace beside an empty AWS account."""
    return World(api, emulator, namespace)
