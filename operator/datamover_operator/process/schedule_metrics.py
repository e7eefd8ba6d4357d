"""What Prometheus is told about movers' schedules."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge

_MOVER = ("namespace", "mover")


class ScheduleMetrics:
    """Starts that did not come, and schedules that do not work. Only a mover that has had one has series."""

    def __init__(self, registry: CollectorRegistry) -> None:
        """Put the series into `registry`."""
        self._missed = Counter(
            "schedule_missed",
            "Scheduled starts that did not happen",
            _MOVER,
            namespace="datamover",
            registry=registry,
        )
        self._failing = Gauge(
            "schedule_failing",
            "Always 1; `reason` tells why the mover's schedule does not work",
            (*_MOVER, "reason"),
            namespace="datamover",
            registry=registry,
        )
        self._reasons: dict[tuple[str, str], str] = {}

    def missed(self, namespace: str, name: str) -> None:
        """Count a start that did not happen."""
        self._missed.labels(namespace, name).inc()

    def failing(self, namespace: str, name: str, reason: str | None) -> None:
        """Show why a schedule does not work; None: it does."""
        before = self._reasons.pop((namespace, name), None)
        if before is not None and before != reason:
            self._failing.remove(namespace, name, before)
        if reason is not None:
            self._failing.labels(namespace, name, reason).set(1)
            self._reasons[namespace, name] = reason

    def forget(self, namespace: str, name: str) -> None:
        """Remove the series of a deleted mover."""
        self.failing(namespace, name, None)
        self._missed.remove(namespace, name)
