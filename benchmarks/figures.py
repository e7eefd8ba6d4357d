"""What a benchmark has measured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from statistics import quantiles
from typing import Any


@dataclass(frozen=True)
class Figures:
    """The figures of one benchmark are a subclass of this."""

    def as_json(self) -> dict[str, Any]:
        """Return them for bench.json."""
        return asdict(self)


def percentiles(seconds: Sequence[float]) -> tuple[float, float]:
    """The 50th and the 99th."""
    cuts = quantiles(seconds, n=100, method="inclusive")
    return round(cuts[49], 4), round(cuts[98], 4)
