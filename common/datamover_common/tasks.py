"""Owned tasks: the one who starts it cancels and awaits it, and no failure goes unnoticed."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable
from typing import Any, TypeVar

import structlog

T = TypeVar("T")

_log = structlog.get_logger(__name__)


class ExplainedError(Exception):
    """An error whose message says everything that the user needs to know: no traceback is logged."""


class Background:
    """The tasks of a process. The first failure ends the process; its main task waits for that."""

    def __init__(self) -> None:
        """Belongs into a running loop."""
        self._status: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    def begin(self, work: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
        """Start what may return or be cancelled at any time, and must not fail; its starter cancels it."""
        task = asyncio.create_task(work, name=name)
        task.add_done_callback(self._must_not_fail)
        return task

    @contextlib.asynccontextmanager
    async def running(self, forever: Coroutine[Any, Any, None], name: str) -> AsyncIterator[None]:
        """Run a task that never ends by itself while the context is open: if it returns, the process is to end."""
        task = asyncio.create_task(forever, name=name)
        task.add_done_callback(self._must_not_end)
        try:
            yield
        finally:
            await cancelled(task)

    async def first_end(self) -> int:
        """Wait for the end of the process; return its exit status: 0 if it was told to end, 1 if a task failed."""
        return await asyncio.shield(self._status)

    @property
    def status(self) -> int:
        """The exit status as it is now: 0 while nothing has failed."""
        return self._status.result() if self._status.done() else 0

    def on_end(self, call: Callable[[], object]) -> None:
        """Have `call` called at the end of the process."""
        self._status.add_done_callback(lambda _: call())

    def _must_not_fail(self, task: asyncio.Task[None]) -> None:
        error = None if task.cancelled() else task.exception()
        if error is not None:
            _tell(task.get_name(), error)
            self._end(1)

    def _must_not_end(self, task: asyncio.Task[None]) -> None:
        self._must_not_fail(task)
        self._end(1 if task.cancelled() else 0)

    def _end(self, status: int) -> None:
        if not self._status.done():
            self._status.set_result(status)


async def together(work: Iterable[Coroutine[Any, Any, T]]) -> list[T]:
    """Return what all return, in their order. The first failure is raised as it is, and cancels the others."""
    tasks = [asyncio.create_task(each) for each in work]
    try:
        return await asyncio.gather(*tasks)
    finally:
        await cancelled(*tasks)


async def cancelled(*tasks: asyncio.Task[Any]) -> None:
    """Cancel tasks, and wait until they have ended."""
    for task in tasks:
        task.cancel()
    if tasks:
        await asyncio.wait(tasks)


def _tell(name: str, error: BaseException) -> None:
    if isinstance(error, OSError | ExplainedError):
        _log.error("fatal error", task=name, error=str(error) or type(error).__name__)
    else:
        _log.error("fatal error", task=name, exc_info=error)
