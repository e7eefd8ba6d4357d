"""Where the time comes from."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

Clock = Callable[[], datetime]
"""Gives the present in UTC, whole milliseconds, as DataSync's own timestamps are."""


def system_clock() -> datetime:
    """Read the machine's clock."""
    return whole_milliseconds(datetime.now(UTC))


def whole_milliseconds(moment: datetime) -> datetime:
    """Cut a time to milliseconds, so that what is stored equals what is sent."""
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


class MovableClock:
    """The machine's clock, and the time by which a test has moved it on."""

    def __init__(self, clock: Clock = system_clock) -> None:
        """Start unmoved."""
        self._clock = clock
        self._ahead = timedelta()

    def __call__(self) -> datetime:
        """Give the moved present."""
        return whole_milliseconds(self._clock() + self._ahead)

    def advance(self, by: timedelta) -> None:
        """Move it on."""
        self._ahead += by

    def reset(self) -> None:
        """Move it back to the machine's time."""
        self._ahead = timedelta()
