"""Ends a process that no longer sees events: kopf does not always exit when one of its watches fails for good.

An API server that is away or overloaded is no reason: as long as it is asked again, the process waits for it.
"""

from __future__ import annotations

import asyncio
from typing import NamedTuple

from datamover_common.tasks import ExplainedError
from datamover_operator.process.health import Readiness

PATIENCE = 30.0
"""Seconds for which a watch may be refused before a new process is better."""
SILENCE = 120.0
"""Seconds without an attempt after which nobody seems to try any more: an attempt and the pause before it take 35."""
_INTERVAL = 1.0


class BlindError(ExplainedError):
    """A collection could not be watched for too long."""


class _Lost(NamedTuple):
    since: float
    until: float
    reason: str


class Watchdog:
    """Hears which collections are watched, tells `readiness`, and notes since when one is not."""

    def __init__(self, readiness: Readiness) -> None:
        """Hear of nothing yet."""
        self._readiness = readiness
        self._lost: dict[str, _Lost] = {}

    def reached(self, what: str) -> None:
        """A collection is watched now."""
        self._lost.pop(what, None)
        self._readiness.reached(what)

    def lost(self, what: str, reason: str) -> None:
        """The API server refuses to have a collection watched."""
        now = asyncio.get_running_loop().time()
        known = self._lost.get(what)
        until = now + PATIENCE
        self._note(what, min(until, known.until) if known is not None else until, reason)

    def silent(self, what: str, reason: str) -> None:
        """The API server was asked, and did not answer or can't serve now."""
        self._note(what, asyncio.get_running_loop().time() + SILENCE, reason)

    def _note(self, what: str, until: float, reason: str) -> None:
        now = asyncio.get_running_loop().time()
        known = self._lost.get(what)
        self._lost[what] = _Lost(known.since if known is not None else now, until, reason)
        self._readiness.lost(what, reason)

    async def guard_forever(self) -> None:
        """Raises BlindError."""
        while True:
            await asyncio.sleep(_INTERVAL)
            now = asyncio.get_running_loop().time()
            for what, lost in self._lost.items():
                if now > lost.until:
                    raise BlindError(f"{what} is not watched since {now - lost.since:.0f} s: {lost.reason}")
