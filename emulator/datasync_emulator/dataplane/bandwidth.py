"""The bandwidth limit: a token bucket whose rate may change at any moment."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

# How much of a second's bytes may be saved up while nothing is moved.
BURST_SECONDS: Final = 0.1
# How long a wait may go on before the limit is asked again, in seconds.
LONGEST_WAIT: Final = 0.25


class Bandwidth:
    """Shared by all threads of a run."""

    def __init__(self, limit: Callable[[], int], wait: Callable[[float], object], clock: Callable[[], float]) -> None:
        """`limit` gives bytes per second (none if not positive); `wait` passes seconds, and raises to stop waiting."""
        self._limit = limit
        self._wait = wait
        self._clock = clock
        self._lock = threading.Lock()
        self._saved = 0.0
        self._at = clock()

    def take(self, amount: int) -> None:
        """Return when `amount` bytes may be moved.

        A taker that finds anything saved up goes at once and leaves a debt, which the next one waits out: so chunks
        larger than a second's worth pass too, and in the long run the limit holds.
        """
        while (delay := self._delay(amount)) > 0:
            self._wait(min(delay, LONGEST_WAIT))

    def _delay(self, amount: int) -> float:
        """0 if the amount has been taken, else how long to wait, in seconds."""
        limit = self._limit()
        with self._lock:
            now = self._clock()
            if limit <= 0:
                self._saved, self._at = 0.0, now
                return 0.0
            self._saved = min(limit * BURST_SECONDS, self._saved + (now - self._at) * limit)
            self._at = now
            if self._saved <= -1:  # less than a byte is nothing but rounding
                return -self._saved / limit
            self._saved -= amount
            return 0.0
