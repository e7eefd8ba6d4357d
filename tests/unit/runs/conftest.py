"""What tests of runs start from."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.unit.runs.stage import Stage


@pytest.fixture
def stage() -> Iterator[Stage]:
    """One operator at work, and nothing to do yet."""
    with Stage() as stage:
        yield stage


@pytest.fixture
def ready(stage: Stage) -> Stage:
    """A Ready mover `m`."""
    stage.add_mover()
    return stage
