"""The rules between fields."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Rule:
    """Placeholder."""

    message: str
    field_path: str
    holds: Callable[[Any], bool]


def rules_of(model: str) -> Sequence[Rule]:
    """Return the rules of a model."""
    return ()
