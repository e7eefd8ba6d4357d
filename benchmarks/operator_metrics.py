"""The operator's own metrics, read over HTTP."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Self

import aiohttp
from prometheus_client.parser import text_string_to_metric_families

_TIMEOUT = aiohttp.ClientTimeout(total=30)


@dataclass(frozen=True)
class OperatorMetrics:
    """The samples of one scrape: (name, labels, value)."""

    samples: list[tuple[str, dict[str, str], float]]

    @classmethod
    async def of(cls, url: str) -> Self:
        """Read `url`/metrics."""
        async with aiohttp.ClientSession(timeout=_TIMEOUT) as session, session.get(f"{url}/metrics") as response:
            text = await response.text()
        families = text_string_to_metric_families(text)
        return cls([(each.name, each.labels, each.value) for family in families for each in family.samples])

    def total(self, name: str) -> float:
        """The sum over all labels; 0 where there is no such series."""
        return sum(value for found, _, value in self.samples if found == name)

    def at_most(self, histogram: str, share: float) -> float:
        """The lowest bucket's bound that holds at least this share of what was observed."""
        buckets = sorted(
            (float(labels["le"]), value) for found, labels, value in self.samples if found == f"{histogram}_bucket"
        )
        observed = buckets[-1][1] if buckets else 0
        return next((bound for bound, held in buckets if held >= share * observed), math.inf)
