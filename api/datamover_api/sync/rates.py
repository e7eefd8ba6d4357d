"""How many requests each key may send: counted in memory, or in Redis for all replicas together.

Where Redis does not answer, each replica counts for itself until it does again.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable
from typing import Final, NamedTuple

import structlog
from limits import RateLimitItem, RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage, Storage
from limits.aio.strategies import FixedWindowRateLimiter
from limits.errors import StorageError
from limits.storage import storage_from_string

MEMORY: Final = "memory"
_PREFIX: Final = "datamover-sync"
_RETRY_S: Final = 5.0
"""So long Redis is left alone after a failure; then one request tries it."""
_PATIENCE_S: Final = 1.0
"""So long a request waits for Redis: one that is cut off answers nothing at all."""
_log = structlog.get_logger(__name__)


class Rate(NamedTuple):
    """What a key has left in this minute, whether the request is within it, and when the next begins (Unix time)."""

    limit: int
    remaining: int
    reset: int
    is_within: bool

    def headers(self, now: float) -> list[tuple[str, str]]:
        """The headers that tell a client."""
        told = [
            ("X-RateLimit-Limit", str(self.limit)),
            ("X-RateLimit-Remaining", str(self.remaining)),
            ("X-RateLimit-Reset", str(self.reset)),
        ]
        return told if self.is_within else [*told, ("Retry-After", str(max(1, math.ceil(self.reset - now))))]


class Rates:
    """Counts requests by key."""

    def __init__(self, per_minute: int, storage: str, failed: Callable[[], None]) -> None:
        """Count in `storage`: memory, or the URL of a Redis; `failed` is told each time that does not answer."""
        self._item: RateLimitItem = RateLimitItemPerMinute(per_minute)
        self._own = FixedWindowRateLimiter(MemoryStorage())
        self._shared = FixedWindowRateLimiter(_opened(storage)) if storage != MEMORY else None
        self._failed = failed
        self._again_at = 0.0
        self._is_away = False

    async def hit(self, name: str) -> Rate:
        """Count a request of a key."""
        if self._shared is not None and time.monotonic() >= self._again_at:
            if self._is_away:
                self._again_at = time.monotonic() + _RETRY_S
            try:
                async with asyncio.timeout(_PATIENCE_S):
                    found = await self._hit(self._shared, name)
            except (StorageError, OSError) as error:
                self._again_at = time.monotonic() + _RETRY_S
                self._is_away = True
                self._failed()
                _log.warning("Redis does not answer; requests are counted in memory", error=type(error).__name__)
            else:
                if self._is_away:
                    self._is_away = False
                    _log.info("Redis answers again; requests are counted there")
                return found
        return await self._hit(self._own, name)

    async def _hit(self, limiter: FixedWindowRateLimiter, name: str) -> Rate:
        is_within = await limiter.hit(self._item, _PREFIX, name)
        stats = await limiter.get_window_stats(self._item, _PREFIX, name)
        return Rate(self._item.amount, stats.remaining, math.ceil(stats.reset_time), is_within)


def _opened(url: str) -> Storage:
    found = storage_from_string(f"async+{url}", wrap_exceptions=True, implementation="redispy")
    assert isinstance(found, Storage)  # noqa: S101 - by its scheme
    return found
