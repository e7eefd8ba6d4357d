"""The tasks that go on as long as the process does: none ends unseen."""

from __future__ import annotations

import asyncio

import pytest
from structlog.testing import capture_logs

from datamover_operator.kube.client import KubeError
from datamover_operator.process.tasks import Background


async def forever() -> None:
    await asyncio.Event().wait()


async def at_once(error: Exception | None = None) -> None:
    await asyncio.sleep(0)
    if error is not None:
        raise error


async def test_a_task_that_returns_was_told_to_end() -> None:
    background = Background()
    with capture_logs() as logs:
        async with background.running(forever(), "poller"), background.running(at_once(), "signals"):
            assert await asyncio.wait_for(background.first_end(), 10) == 0
    assert logs == []


@pytest.mark.parametrize("name", ["events", "poller", "sweep"])
async def test_a_task_that_crashes_is_logged_and_is_the_end_of_all(name: str) -> None:
    background = Background()
    with capture_logs() as logs:
        async with background.running(forever(), "signals"), background.running(at_once(ValueError("oops")), name):
            assert await asyncio.wait_for(background.first_end(), 10) == 1
    assert [(each["task"], each["log_level"], str(each["exc_info"])) for each in logs] == [(name, "error", "oops")]


async def test_a_foreseen_failure_is_told_in_a_line() -> None:
    background = Background()
    with capture_logs() as logs:
        async with background.running(at_once(KubeError(403, "Forbidden", "not you")), "operation"):
            assert await asyncio.wait_for(background.first_end(), 10) == 1
    assert [(each["task"], each["error"]) for each in logs] == [("operation", "403 Forbidden: not you")]


async def test_a_task_that_somebody_else_cancels_is_the_end_too() -> None:
    background = Background()
    async with background.running(forever(), "poller"):
        next(each for each in asyncio.all_tasks() if each.get_name() == "poller").cancel()
        assert await asyncio.wait_for(background.first_end(), 10) == 1


async def test_nothing_goes_on_after_its_context() -> None:
    background = Background()
    async with background.running(forever(), "poller"):
        pass
    assert [each.get_name() for each in asyncio.all_tasks() if each is not asyncio.current_task()] == []
