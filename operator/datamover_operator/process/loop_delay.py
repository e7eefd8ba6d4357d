"""How long the main event loop keeps what is due waiting, and whether it turns at all."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from datamover_operator.process.metrics import Metrics

_INTERVAL = 0.1
STUCK_AFTER = 30.0
"""Seconds without a turn after which the process is better replaced."""


class LoopDelay:
    """Wakes up regularly, and takes note of how late. May be read from any thread."""

    def __init__(self, metrics: Metrics, tick: Callable[[], float]) -> None:
        """`tick` is a monotonic clock, in seconds."""
        self._metrics = metrics
        self._tick = tick
        self._turned_at = tick()

    async def measure_forever(self) -> None:
        """Measure until cancelled."""
        while True:
            due = self._tick() + _INTERVAL
            await asyncio.sleep(_INTERVAL)
            self._turned_at = self._tick()
            self._metrics.loop_delay(max(0.0, self._turned_at - due))

    @property
    def problem(self) -> str:
        """Why the process should be replaced; empty where the loop turns."""
        since = self._tick() - self._turned_at
        return f"the event loop has not turned for {since:.0f} s" if since > STUCK_AFTER else ""
