"""What the API server counts of the requests that it was sent, by its own metrics."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from prometheus_client.parser import text_string_to_metric_families

from benchmarks.cluster_client import ClusterClient

_SERIES = "apiserver_request_total"
_WRITES = frozenset({"APPLY", "DELETE", "PATCH", "PUT"})


@dataclass(frozen=True)
class Requests:
    """Requests so far by (resource, subresource, verb), whatever their outcome."""

    counted: Counter[tuple[str, str, str]]

    @property
    def mover_writes(self) -> int:
        """Writes to movers and their status, but for their creation."""
        of_movers = {key: count for key, count in self.counted.items() if key[0] == "datamovers"}
        return sum(count for (_, _, verb), count in of_movers.items() if verb in _WRITES)

    @property
    def events(self) -> int:
        """Events created."""
        return self.counted["events", "", "POST"]


async def requests_so_far(cluster: ClusterClient) -> Requests:
    """Read /metrics."""
    # /metrics is some megabytes long; only these lines are worth parsing.
    lines = [line for line in (await cluster.text("/metrics")).splitlines() if line.startswith(_SERIES + "{")]
    counted: Counter[tuple[str, str, str]] = Counter()
    for family in text_string_to_metric_families("\n".join([*lines, ""])):
        for sample in family.samples:
            key = sample.labels["resource"], sample.labels["subresource"], sample.labels["verb"]
            counted[key] += round(sample.value)
    return Requests(counted)
