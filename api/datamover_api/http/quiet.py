"""Log lines that any client can cause: the first few of a kind are written, then only how many there were."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Final

_MOST: Final = 5
_WINDOW_S: Final = 60.0


class Sparse(logging.Filter):
    """Lets few records of one text pass in a minute; the next one after that tells how many were left out."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """`clock` tells the time in seconds."""
        super().__init__()
        self._clock = clock
        self._began: dict[object, float] = {}
        self._seen: dict[object, int] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the record is written. Texts are the program's own: there are few of them."""
        now, text = self._clock(), record.msg
        if now - self._began.get(text, -_WINDOW_S) >= _WINDOW_S:
            left_out = max(0, self._seen.get(text, 0) - _MOST)
            self._began[text], self._seen[text] = now, 0
            if left_out:
                record.msg = f"{text} ({left_out} more were left out)"
        self._seen[text] += 1
        return self._seen[text] <= _MOST


def quieten() -> None:
    """Bound what uvicorn logs of connections and requests that make no sense."""
    logger = logging.getLogger("uvicorn.error")
    if not any(isinstance(each, Sparse) for each in logger.filters):
        logger.addFilter(Sparse())
