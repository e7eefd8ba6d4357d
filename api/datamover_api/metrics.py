"""What the service counts, for Prometheus."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from prometheus_client import CollectorRegistry, Counter, GCCollector, Histogram, PlatformCollector, ProcessCollector
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from datamover_common.exposition import Exposition

_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120)


class Metrics:
    """One registry for one process."""

    def __init__(self) -> None:
        """Register everything."""
        self.registry = CollectorRegistry()
        self.exposition = Exposition(self.registry)
        for collector in (ProcessCollector, PlatformCollector, GCCollector):
            collector(registry=self.registry)
        self._requests = Histogram(
            "datamover_api_request_seconds",
            "How long requests took, by method, route and status.",
            ("method", "route", "status"),
            buckets=_BUCKETS,
            registry=self.registry,
        )
        self._series: dict[tuple[str, str, int], Histogram] = {}
        self._refused = Counter(
            "datamover_api_tokens_refused_total", "Requests without a valid token.", registry=self.registry
        )

        self._rate_storage_failures = Counter(
            "datamover_api_rate_storage_failures_total",
            "How often the storage of the rate limit did not answer; requests are counted in memory then.",
            registry=self.registry,
        )

    def rate_storage_failed(self) -> None:
        """The storage of the rate limit did not answer."""
        self._rate_storage_failures.inc()

    def answered(self, method: str, route: str, status: int, seconds: float) -> None:
        """A request has been answered."""
        series = self._series.get((method, route, status))
        if series is None:
            series = self._series[method, route, status] = self._requests.labels(method, route, str(status))
        series.observe(seconds)

    def token_refused(self) -> None:
        """A request had no valid token."""
        self._refused.inc()

    def show_mirror(self, count: Callable[[], Mapping[tuple[str, str], int]]) -> None:
        """Show how many objects are mirrored, by kind and namespace, as `count` tells when metrics are read."""
        self.registry.register(_Mirrored(count))


class _Mirrored(Collector):
    def __init__(self, count: Callable[[], Mapping[tuple[str, str], int]]) -> None:
        self._count = count

    def collect(self) -> Iterable[GaugeMetricFamily]:
        family = GaugeMetricFamily(
            "datamover_api_mirrored_objects", "Objects held in memory.", labels=("kind", "namespace")
        )
        for (kind, namespace), number in self._count().items():
            family.add_metric((kind, namespace), number)
        yield family
