"""Calm output for people: a line that is rewritten on a terminal, and a line now and then in a log file."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import Self, TextIO

LOG_INTERVAL = 15.0
"""Seconds between two lines of one `LiveLine` where the output is not a terminal."""


class LiveLine:
    """One line that shows how something advances.

    On a terminal each update rewrites the line; elsewhere (a log file, CI) at most one line is printed per interval,
    so that a log stays short and still shows that work goes on.
    """

    def __init__(self, stream: TextIO | None = None) -> None:
        """Write to `stream` (default: standard error)."""
        self._stream = stream or sys.stderr
        self._live = self._stream.isatty()
        self._printed_at = time.monotonic()

    def __enter__(self) -> Self:
        """Start; nothing is printed yet."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Leave no half line behind, whatever happened."""
        self._clear()

    def update(self, text: str) -> None:
        """Show `text` as the present state."""
        if self._live:
            self._stream.write(f"\r\x1b[K{text}")
            self._stream.flush()
        elif time.monotonic() - self._printed_at >= LOG_INTERVAL:
            self.say(text)

    def say(self, text: str) -> None:
        """Print a line that stays."""
        self._clear()
        print(text, file=self._stream, flush=True)
        self._printed_at = time.monotonic()

    def _clear(self) -> None:
        if self._live:
            self._stream.write("\r\x1b[K")
            self._stream.flush()
