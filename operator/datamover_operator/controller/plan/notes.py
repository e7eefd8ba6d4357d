"""Events as the plans of all kinds tell them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Note:
    """An Event to be emitted: it tells the story to `kubectl describe`."""

    reason: str
    message: str
    warning: bool = False
