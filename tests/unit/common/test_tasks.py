"""The tasks of a process: none ends unseen, none outlives its owner."""

from __future__ import annotations

import asyncio

import pytest
from structlog.testing import capture_logs

from datamover_common.tasks import Background, ExplainedError, cancelled


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


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (ExplainedError("not you"), "not you"),
        (PermissionError(13, "denied"), "[Errno 13] denied"),
        (OSError(), "OSError"),
    ],
)
async def test_a_failure_that_explains_itself_is_told_in_a_line(error: Exception, told: str) -> None:
    background = Background()
    with capture_logs() as logs:
        async with background.running(at_once(error), "operation"):
            assert await asyncio.wait_for(background.first_end(), 10) == 1
    assert [(each["task"], each["error"]) for each in logs] == [("operation", told)]


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


async def test_what_may_return_ends_the_process_only_by_failing() -> None:
    background = Background()
    ended: list[int] = []
    background.on_end(lambda: ended.append(background.status))
    with capture_logs() as logs:
        await asyncio.wait([background.begin(at_once(), "returns")])
        await cancelled(background.begin(forever(), "cancelled"))
        assert (background.status, ended, logs) == (0, [], [])
        background.begin(at_once(ValueError("oops")), "fails")
        assert await asyncio.wait_for(background.first_end(), 10) == 1
    assert [each["task"] for each in logs] == ["fails"]
    await asyncio.sleep(0)
    assert (background.status, ended) == (1, [1])


async def test_who_cancels_waits_for_the_end() -> None:
    cleaned_up = []

    async def slow_to_end() -> None:
        try:
            await forever()
        finally:
            await asyncio.sleep(0)
            cleaned_up.append("done")

    tasks = [Background().begin(slow_to_end(), f"task {number}") for number in range(2)]
    await asyncio.sleep(0)
    await cancelled(*tasks)
    await cancelled()
    assert cleaned_up == ["done"] * 2
