"""What the operator tells Prometheus of table syncs; every series is named `datamover_table_sync_*`."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from prometheus_client import CollectorRegistry, Counter, Gauge

if TYPE_CHECKING:
    from datetime import datetime

_SYNC = ("namespace", "table_sync")


class Standing(NamedTuple):
    """How a sync is, as its status says. `state` is the condition that is True, and `reason` the condition's."""

    phase: str
    state: str
    reason: str
    failures: int
    copied_percent: int | None
    last_sync: datetime | None


class Positions(NamedTuple):
    """How far a sync's destination is behind, as seen in one pass; None: not known.

    `last_sync` is when the destination had everything, which the status tells less often.
    """

    lag_bytes: int | None
    lag_seconds: int | None
    retained_wal_bytes: int | None
    retained_wal_limit_bytes: int
    last_sync: datetime | None


class TableSyncMetrics:
    """The series of table syncs; safe to use from any thread."""

    def __init__(self, registry: CollectorRegistry) -> None:
        """Make the series in this registry."""
        self._registry = registry
        self._standing: dict[tuple[str, str], Standing] = {}
        self._phase = self._gauge("phase", "Always 1; `phase` tells the sync's phase", "phase")
        self._state = self._gauge("state", "Always 1; `state` tells the sync's condition", "state", "reason")
        self._failures = self._gauge("failures", "How often in a row replication has stopped at an error")
        self._copied = self._gauge("copied_ratio", "How much of the first copy is done, from 0 to 1")
        self._last_sync = self._gauge(
            "last_sync_timestamp_seconds", "When the destination last had everything that the source had"
        )
        self._positions = (
            self._gauge("lag_bytes", "Write-ahead log that the destination has not confirmed"),
            self._gauge("lag_seconds", "How far the destination is behind the source"),
            self._gauge("retained_wal_bytes", "Write-ahead log that the source keeps for the sync"),
            self._gauge("retained_wal_limit_bytes", "How much the source may keep: spec.maxRetainedWal"),
        )
        self._errors = Counter(
            "table_sync_errors",
            "Errors that PostgreSQL counted while it copied tables or applied changes; lost connections count, too",
            _SYNC,
            namespace="datamover",
            registry=registry,
        )

    def standing(self, namespace: str, name: str, standing: Standing) -> None:
        """Show one sync as it is now, and no longer as it was. Only a sync with a standing has series."""
        sync, before = (namespace, name), self._standing.get((namespace, name))
        if before == standing:
            return
        if before is None:
            self._errors.labels(*sync)  # from 0 on: what appears with its first value has not increased
        else:
            self._phase.remove(*sync, before.phase)
            self._state.remove(*sync, before.state, before.reason)
        self._standing[sync] = standing
        self._phase.labels(*sync, standing.phase).set(1)
        self._state.labels(*sync, standing.state, standing.reason).set(1)
        self._failures.labels(*sync).set(standing.failures)
        self._show(self._copied, sync, None if standing.copied_percent is None else standing.copied_percent / 100)
        self._show(self._last_sync, sync, standing.last_sync.timestamp() if standing.last_sync is not None else None)

    def positions(self, namespace: str, name: str, positions: Positions) -> None:
        """Show how far the destination is behind."""
        if (namespace, name) in self._standing:
            *figures, last_sync = positions
            for gauge, value in zip(self._positions, figures, strict=True):
                self._show(gauge, (namespace, name), value)
            if last_sync is not None:
                self._last_sync.labels(namespace, name).set(last_sync.timestamp())

    def errors(self, namespace: str, name: str, count: int) -> None:
        """Count errors that PostgreSQL has counted since they were last asked for."""
        if (namespace, name) in self._standing:
            self._errors.labels(namespace, name).inc(count)

    def forget(self, namespace: str, name: str) -> None:
        """Remove every series of a deleted sync; whatever is still told of it makes none anew."""
        sync, before = (namespace, name), self._standing.pop((namespace, name), None)
        if before is None:
            return
        self._phase.remove(*sync, before.phase)
        self._state.remove(*sync, before.state, before.reason)
        for series in (self._failures, self._copied, self._last_sync, *self._positions, self._errors):
            series.remove(*sync)

    def _show(self, gauge: Gauge, sync: tuple[str, str], value: float | None) -> None:
        if value is not None:
            gauge.labels(*sync).set(value)
        else:
            gauge.remove(*sync)

    def _gauge(self, name: str, text: str, *labels: str) -> Gauge:
        labels = (*_SYNC, *labels)
        return Gauge(f"table_sync_{name}", text, labels, namespace="datamover", registry=self._registry)
