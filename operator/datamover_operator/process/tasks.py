"""Tasks that go on as long as the process does: the end of any of them, for whatever reason, is the end of all."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Coroutine
from typing import Any

import structlog

from datamover_operator.kube.client import KubeError
from datamover_operator.kube.lease import LeaseLostError
from datamover_operator.process.watchdog import BlindError

_FORESEEN = (OSError, BlindError, KubeError, LeaseLostError)
"""Errors whose message says enough to whoever runs the operator; all others are mistakes of ours."""
_log = structlog.get_logger(__name__)


class Background:
    """Runs tasks and watches over them. One that returns was told to end; one that raises has failed."""

    def __init__(self) -> None:
        """Belongs into a running loop."""
        self._status: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    @contextlib.asynccontextmanager
    async def running(self, forever: Coroutine[Any, Any, None], name: str) -> AsyncIterator[None]:
        """Run what has no end of its own while the context is open; `name` is how a log calls it."""
        task = asyncio.create_task(forever, name=name)
        task.add_done_callback(self._ended)
        try:
            yield
        finally:
            task.cancel()
            await asyncio.wait([task])

    async def first_end(self) -> int:
        """Wait until one ends; return the exit status: 0 where it was told to, 1 where it failed."""
        return await asyncio.shield(self._status)

    def _ended(self, task: asyncio.Task[None]) -> None:
        error = None if task.cancelled() else task.exception()
        if isinstance(error, _FORESEEN):
            _log.error("can't go on", task=task.get_name(), error=str(error) or type(error).__name__)
        elif error is not None:
            _log.error("can't go on", task=task.get_name(), exc_info=error)
        if not self._status.done():
            self._status.set_result(1 if task.cancelled() or error is not None else 0)
