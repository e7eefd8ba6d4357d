"""The metrics as Prometheus reads them, written outside the event loop and once for all who wait for them."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from prometheus_client import generate_latest

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry


class Exposition:
    """One text at a time, however many ask: it has megabytes where there are thousands of series."""

    def __init__(self, registry: CollectorRegistry) -> None:
        """Write what `registry` holds."""
        self._registry = registry
        self._turn = asyncio.Lock()
        self._begun = 0
        self._written, self._text = 0, b""

    async def text(self) -> bytes:
        """The text, none of it older than this call."""
        before = self._begun
        async with self._turn:
            if self._written <= before:
                self._begun += 1
                text = await asyncio.to_thread(generate_latest, self._registry)
                self._text, self._written = text, self._begun
            return self._text
