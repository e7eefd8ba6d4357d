"""What Prometheus is told about starts that were refused."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter


class RefusalMetrics:
    """Starts that were refused, by reason. Only a mover that has had one has series."""

    def __init__(self, registry: CollectorRegistry) -> None:
        """Put the series into `registry`."""
        self._starts = Counter(
            "starts_refused",
            "Starts of runs that were refused; a start that nobody wants any more is none",
            ("namespace", "mover", "reason"),
            namespace="datamover",
            registry=registry,
        )
        self._reasons: dict[tuple[str, str], set[str]] = {}

    def refused(self, namespace: str, mover: str, reason: str) -> None:
        """Count a refusal; `reason` is the run's, such as `AlreadyRunning`."""
        self._starts.labels(namespace, mover, reason).inc()
        self._reasons.setdefault((namespace, mover), set()).add(reason)

    def forget(self, namespace: str, mover: str) -> None:
        """Remove the series of a deleted mover."""
        for reason in self._reasons.pop((namespace, mover), set()):
            self._starts.remove(namespace, mover, reason)
