"""How fast one account is called: a token bucket whose rate falls when AWS throttles and then recovers."""

from __future__ import annotations

import math
from dataclasses import dataclass

_FALL = 0.5
"""What is left of the rate after a throttle."""
_FLOOR = 0.02
"""The least share of the full rate that is left after many throttles."""
_NEARLY = 1e-6
"""What is missing of a token by rounding alone."""
_CALM_S = 1.0
"""Throttles that come within this time of the last fall answer calls sent before it: they count as one."""
_RECOVERY_S = 60.0
"""The time from standstill back to the full rate."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How hard AWS may be called, and how long one call may take."""

    threads: int = 24
    """Calls in flight, all accounts together."""
    rate: float = 100.0
    """Calls per second and account."""
    burst: int = 200
    """Calls that an account may send at once after a pause."""
    connect_timeout: float = 5.0
    """Seconds to open a connection."""
    read_timeout: float = 30.0
    """Seconds of silence on an open connection."""
    call_timeout: float = 45.0
    """Seconds after which a call is given up; it is never sent later than that. Fetching credentials counts."""
    retry_delay: float = 0.5
    """Seconds before the first repetition of a call that may be repeated; doubled for each further one."""

    @property
    def per_account(self) -> int:
        """Calls in flight of one account that has all to itself (`datamover_common.fairness.Shares`)."""
        return max(1, self.threads * 3 // 4)


class Pace:
    """The token bucket of one account; times are seconds of a monotonic clock."""

    def __init__(self, rate: float, burst: int, now: float) -> None:
        """Begin full; `rate` is in calls per second."""
        self._limit = rate
        self._burst = float(burst)
        self._tokens = float(burst)
        self._updated = now
        self._fallen_to = rate
        self._fallen_at = now - _RECOVERY_S
        self._held_until = now

    def rate(self, now: float) -> float:
        """Return the present rate in calls per second: the full one, or one that is recovering from a throttle."""
        recovered = (now - self._fallen_at) / _RECOVERY_S * self._limit
        return min(self._limit, self._fallen_to + recovered)

    def delay(self, now: float) -> float:
        """Return the seconds until a call may be sent; 0 where one may be sent now."""
        rate = self._refill(now)
        missing = 1.0 - self._tokens
        return max(self._until(missing, rate) if missing > _NEARLY else 0.0, self.held(now))

    def spend(self, now: float) -> None:
        """Count a call that is sent now."""
        self._refill(now)
        self._tokens -= 1.0

    def throttled(self, now: float) -> None:
        """Halve the rate and drop the saved tokens: AWS has throttled a call."""
        if now - self._fallen_at < _CALM_S:
            return
        self._fallen_to = max(self._limit * _FLOOR, self._refill(now) * _FALL)
        self._fallen_at = now
        self._tokens = min(self._tokens, 0.0)

    def hold(self, until: float) -> None:
        """Send nothing before then: AWS has asked for it."""
        self._held_until = max(self._held_until, until)

    def held(self, now: float) -> float:
        """Return for how many seconds AWS still wants to be left alone."""
        return max(0.0, self._held_until - now)

    def _until(self, missing: float, rate: float) -> float:
        """In how many seconds so many tokens will have come: the rate may be recovering meanwhile."""
        growth = self._limit / _RECOVERY_S
        return max(missing / self._limit, 2 * missing / (rate + math.sqrt(rate**2 + 4 * growth * missing)))

    def _refill(self, now: float) -> float:
        rate = self.rate(now)
        self._tokens = min(self._burst, self._tokens + (now - self._updated) * rate)
        self._updated = now
        return rate
