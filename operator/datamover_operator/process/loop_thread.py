"""An event loop in a thread of its own, for what must go on however busy the process's main loop is."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from types import TracebackType
from typing import Any, Self, TypeVar

T = TypeVar("T")

_JOIN_S = 1.0
"""How long the end of the thread is waited for: it is a daemon and holds up no exit."""


class LoopThread:
    """Runs coroutines in its own loop while the context is open; what they use must be made in that loop, too."""

    def __init__(self, name: str) -> None:
        """Nothing runs yet; `name` is the thread's."""
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._serve, name=name, daemon=True)

    async def __aenter__(self) -> Self:
        """Start the thread."""
        self._thread.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Stop the loop; what still runs in it is cancelled."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        await asyncio.to_thread(self._thread.join, _JOIN_S)

    async def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run `work` in the thread's loop, and return what it returns; cancelling this cancels it."""
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, self._loop))

    def _serve(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_forever()
            pending = asyncio.all_tasks(self._loop)
            for task in pending:
                task.cancel()
            self._loop.run_until_complete(asyncio.gather(*pending, return_exceptions=True))
        finally:
            self._loop.close()
