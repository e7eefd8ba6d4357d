"""Ends a process that no longer sees events: kopf does not always exit when one of its watches fails for good."""

from __future__ import annotations

import asyncio

from datamover_common.tasks import ExplainedError
from datamover_operator.process.health import Readiness

PATIENCE = 30.0
"""Seconds without a watch after which a new process is better; slightly more than kopf's own retries take."""
_INTERVAL = 1.0


class BlindError(ExplainedError):
    """A collection could not be watched for too long."""


class Watchdog:
    """Hears which collections are watched, tells `readiness`, and notes since when one is not."""

    def __init__(self, readiness: Readiness) -> None:
        """Hear of nothing yet."""
        self._readiness = readiness
        self._lost: dict[str, tuple[float, str]] = {}

    def reached(self, what: str) -> None:
        """A collection is watched now."""
        self._lost.pop(what, None)
        self._readiness.reached(what)

    def lost(self, what: str, reason: str) -> None:
        """A collection is not watched."""
        since, _ = self._lost.get(what, (asyncio.get_running_loop().time(), ""))
        self._lost[what] = (since, reason)
        self._readiness.lost(what, reason)

    async def guard_forever(self) -> None:
        """Raises BlindError."""
        while True:
            await asyncio.sleep(_INTERVAL)
            for what, (since, reason) in self._lost.items():
                if asyncio.get_running_loop().time() - since > PATIENCE:
                    raise BlindError(f"{what} is not watched since {PATIENCE:g} s: {reason}")
