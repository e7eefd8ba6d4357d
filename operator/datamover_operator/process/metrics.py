"""What the operator tells Prometheus; every series is named `datamover_*`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, PlatformCollector, ProcessCollector

from datamover_crds.contract import FINAL_PHASES

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

_CALL_BUCKETS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
_DELAY_BUCKETS = (0.001, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_PASS_BUCKETS = (0.005, 0.025, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0, 60.0, 300.0)


class Metrics:
    """All series and the registry that holds them; safe to use from any thread."""

    def __init__(self) -> None:
        """Make the series in a registry of their own, so that two operators in one process do not share them."""
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        self._calls = self._counter("aws_calls", "AWS API calls by result", "service", "operation", "result")
        self._call_seconds = self._histogram(
            "aws_call_duration_seconds", "Time an AWS API call took", _CALL_BUCKETS, "service", "operation"
        )
        self._pass_seconds = self._histogram(
            "reconcile_duration_seconds", "Time one reconciling pass took", _PASS_BUCKETS, "kind", "result"
        )
        self._delay = self._histogram(
            "event_loop_delay_seconds", "How late the event loop comes to what is due", _DELAY_BUCKETS
        )
        self._writes = self._counter("kubernetes_writes", "Writes to the Kubernetes API", "kind", "verb", "result")
        self._ready = self._gauge("ready", "1 where the operator does its work, as /readyz tells it")
        self._depth = self._gauge("queue_depth", "Objects that wait for a reconciling pass")
        self._active = self._gauge("active_runs", "Runs whose execution has not ended")
        self._movers = self._gauge("movers", "DataMovers by state", "state")
        self._bytes = self._counter("bytes_moved", "Bytes that ended runs transferred", "namespace", "mover")
        self._success = self._gauge(
            "last_success_timestamp_seconds", "When a run of the mover last succeeded", "namespace", "mover"
        )
        self._last_start = self._gauge(
            "last_start_timestamp_seconds", "When a run of the mover last started", "namespace", "mover"
        )
        self._next_start = self._gauge(
            "next_start_timestamp_seconds", "When the mover's schedule starts a run next", "namespace", "mover"
        )
        self._ended = self._counter("runs_ended", "Runs that ended, by their last phase", "namespace", "mover", "phase")
        self._states: dict[tuple[str, str], str] = {}

    def aws_call(self, service: str, operation: str, result: str, seconds: float) -> None:
        """Count one AWS call; `result` is `ok` or the failure's kind."""
        self._calls.labels(service, operation, result).inc()
        self._call_seconds.labels(service, operation).observe(seconds)

    def reconciled(self, kind: str, result: str, seconds: float) -> None:
        """Count one reconciling pass of an object of `kind`."""
        self._pass_seconds.labels(kind, result).observe(seconds)

    def loop_delay(self, seconds: float) -> None:
        """Note how late the event loop came to something that was due."""
        self._delay.observe(seconds)

    def kubernetes_write(self, kind: str, verb: str, result: str) -> None:
        """Count one write to the Kubernetes API; `result` is `ok` or metav1.Status' reason."""
        self._writes.labels(kind, verb, result).inc()

    def ready(self, is_ready: Callable[[], bool]) -> None:
        """Show whether the operator works, as `is_ready` tells whenever somebody asks, from any thread."""
        self._ready.set_function(is_ready)

    def queue_depth(self, depth: Callable[[], int]) -> None:
        """Show how many objects wait, as `depth` tells whenever somebody asks, from any thread."""
        self._depth.set_function(depth)

    def active_runs(self, count: int) -> None:
        """Show how many runs go on."""
        self._active.set(count)

    def mover_state(self, namespace: str, name: str, state: str) -> None:
        """Show one mover under `state`, and no longer under the state it had. Only a mover with a state has series."""
        before = self._states.get((namespace, name))
        if before == state:
            return
        if before is not None:
            self._movers.labels(before).dec()
        self._movers.labels(state).inc()
        self._states[namespace, name] = state

    def last_success(self, namespace: str, name: str, at: datetime) -> None:
        """Show when the mover's data last arrived whole."""
        if (namespace, name) in self._states:
            self._success.labels(namespace, name).set(at.timestamp())

    def starts(self, namespace: str, name: str, *, last: datetime | None, following: datetime | None) -> None:
        """Show when the mover last started, and when its schedule starts it next."""
        if (namespace, name) not in self._states:
            return
        for gauge, at in ((self._last_start, last), (self._next_start, following)):
            if at is not None:
                gauge.labels(namespace, name).set(at.timestamp())
            else:
                gauge.remove(namespace, name)

    def run_ended(self, namespace: str, name: str, phase: str, moved: int) -> None:
        """Count a run of the mover that has come to its last phase, and the bytes that it transferred."""
        if (namespace, name) in self._states:
            self._ended.labels(namespace, name, phase).inc()
            self._bytes.labels(namespace, name).inc(moved)

    def forget_mover(self, namespace: str, name: str) -> None:
        """Remove every series of a deleted mover; whatever is still told of it makes none anew."""
        state = self._states.pop((namespace, name), None)
        if state is None:
            return
        self._movers.labels(state).dec()
        for series in (self._bytes, self._success, self._last_start, self._next_start):
            series.remove(namespace, name)
        for phase in FINAL_PHASES:
            self._ended.remove(namespace, name, phase)

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(name, text, labels, namespace="datamover", registry=self.registry)

    def _gauge(self, name: str, text: str, *labels: str) -> Gauge:
        return Gauge(name, text, labels, namespace="datamover", registry=self.registry)

    def _histogram(self, name: str, text: str, buckets: tuple[float, ...], *labels: str) -> Histogram:
        return Histogram(name, text, labels, namespace="datamover", registry=self.registry, buckets=buckets)
