"""How the process is told to end, and how it makes sure that it does, whatever hangs."""

from __future__ import annotations

import asyncio
import os
import signal
import threading


class Signals:
    """SIGTERM and SIGINT, caught from now on."""

    def __init__(self) -> None:
        """Belongs into the main thread's running loop."""
        self._told = asyncio.Event()
        self.catch()

    def catch(self) -> None:
        """Catch them again, even if somebody else has taken them since."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._told.set)

    async def told(self) -> None:
        """Wait until one has come."""
        await self._told.wait()


def exit_hard_in(seconds: float, status: int) -> None:
    """End the process with `status` in some seconds, if it is still there: from a thread, past all that may hang."""
    timer = threading.Timer(seconds, os._exit, [status])
    timer.daemon = True
    timer.start()
