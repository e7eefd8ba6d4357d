"""What the operator tells Prometheus; every series is named `datamover_*`."""

from __future__ import annotations

import platform
from collections import Counter as Tally
from functools import lru_cache
from importlib.metadata import version
from typing import TYPE_CHECKING, NamedTuple

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, PlatformCollector, ProcessCollector

from datamover_crds.contract import FINAL_PHASES
from datamover_operator.process.refusal_metrics import RefusalMetrics
from datamover_operator.process.schedule_metrics import ScheduleMetrics
from datamover_operator.process.table_sync_metrics import TableSyncMetrics

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

_CALL_BUCKETS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
_DELAY_BUCKETS = (0.001, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_PASS_BUCKETS = (0.005, 0.025, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0, 60.0, 300.0)
_RUN_BUCKETS = (15.0, 60.0, 300.0, 900.0, 1800.0, 3600.0, 7200.0, 14400.0, 28800.0, 86400.0)
_RATE_BUCKETS = (1e4, 1e5, 1e6, 1e7, 2.5e7, 5e7, 1e8, 2.5e8, 5e8, 1e9, 1e10)
_MOVER = ("namespace", "mover")
_RUN = (*_MOVER, "run")


class Progress(NamedTuple):
    """How far an active run has got. Bytes; `ratio` is from 0 to 1; None: not known yet."""

    transferred: float | None
    estimated: float | None
    ratio: float | None
    started: datetime | None


class Metrics:
    """All series and the registry that holds them; safe to use from any thread."""

    def __init__(self) -> None:
        """Make the series in a registry of their own, so that two operators in one process do not share them."""
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        self.schedules = ScheduleMetrics(self.registry)
        self.refused_starts = RefusalMetrics(self.registry)
        about = self._gauge("build_info", "Always 1; the labels tell the versions", "version", "python_version")
        about.labels(version("datamover-operator"), platform.python_version()).set(1)
        calls = self._counter("aws_calls", "AWS API calls by result", "account_id", "service", "operation", "result")
        call_seconds = self._histogram(
            "aws_call_duration_seconds", "Time an AWS API call took", _CALL_BUCKETS, "service", "operation"
        )
        # To find a series takes longer than to count in it.
        self._calls = lru_cache()(calls.labels)
        self._call_seconds = lru_cache()(call_seconds.labels)
        self.table_syncs = TableSyncMetrics(self.registry)
        self._statements = self._counter("postgres_statements", "Statements sent to databases", "side", "result")
        pass_seconds = self._histogram(
            "reconcile_duration_seconds", "Time one reconciling pass took", _PASS_BUCKETS, "kind", "result"
        )
        self._pass_seconds = lru_cache()(pass_seconds.labels)
        self._delay = self._histogram(
            "event_loop_delay_seconds", "How late the event loop comes to what is due", _DELAY_BUCKETS
        )
        writes = self._counter("kubernetes_writes", "Writes to the Kubernetes API", "kind", "verb", "result")
        self._writes = lru_cache()(writes.labels)
        self._ready = self._gauge("ready", "1 where the operator does its work, as /readyz tells it")
        self._depth = self._gauge("queue_depth", "Objects that wait for a reconciling pass")
        self._orphans = self._gauge("orphans", "Resources with our tags that no object owns", "account")
        self._account_ready = self._gauge(
            "account_ready", "1 where the account is Ready, 0 where it is not", "account", "account_id"
        )
        self._account_ids: dict[str, str] = {}
        self._state = self._gauge("mover_state", "Always 1; `state` tells the mover's condition", *_MOVER, "state")
        self._states: dict[tuple[str, str], str] = {}
        self._namespaces: Tally[str] = Tally()
        self._success = self._gauge("last_success_timestamp_seconds", "When a run of the mover last succeeded", *_MOVER)
        self._last_start = self._gauge("last_start_timestamp_seconds", "When a run of the mover last started", *_MOVER)
        self._next_start = self._gauge(
            "next_start_timestamp_seconds", "When the mover's schedule starts a run next", *_MOVER
        )
        self._last_run = self._gauge("last_run", "Always 1; `phase` is that of the mover's last run", *_MOVER, "phase")
        self._last_seconds = self._gauge("last_run_duration_seconds", "Time that the mover's last run took", *_MOVER)
        self._bytes = self._counter("bytes_moved", "Bytes that ended runs transferred", *_MOVER)
        self._ended = self._counter("runs_ended", "Runs that ended, by their last phase", *_MOVER, "phase")
        self._run_seconds = self._histogram(
            "run_duration_seconds", "Time that a run took", _RUN_BUCKETS, "namespace", "phase"
        )
        self._run_rate = self._histogram(
            "run_throughput_bytes_per_second", "Bytes that a run transferred, by its time", _RATE_BUCKETS, "namespace"
        )
        self._active = self._gauge("active_runs", "Runs whose execution has not ended")
        self._progress = (
            self._gauge("run_transferred_bytes", "Bytes that the active run has transferred", *_RUN),
            self._gauge("run_estimated_bytes", "Bytes that the active run is expected to transfer", *_RUN),
            self._gauge("run_progress_ratio", "How far the active run has got, from 0 to 1", *_RUN),
            self._gauge("run_start_timestamp_seconds", "When the active run started", *_RUN),
        )

    def aws_call(self, account_id: str, service: str, operation: str, result: str, seconds: float) -> None:
        """Count one AWS call; `result` is `ok` or the kind of its failure, such as `throttled`."""
        self._calls(account_id, service, operation, result).inc()
        self._call_seconds(service, operation).observe(seconds)

    def statement(self, side: str, result: str) -> None:
        """Count one statement to a database; `result` is `ok` or the failure's kind."""
        self._statements.labels(side, result).inc()

    def reconciled(self, kind: str, result: str, seconds: float) -> None:
        """Count one reconciling pass of an object of `kind`."""
        self._pass_seconds(kind, result).observe(seconds)

    def loop_delay(self, seconds: float) -> None:
        """Note how late the event loop came to something that was due."""
        self._delay.observe(seconds)

    def kubernetes_write(self, kind: str, verb: str, result: str) -> None:
        """Count one write to the Kubernetes API; `result` is `ok` or metav1.Status' reason."""
        self._writes(kind, verb, result).inc()

    def ready(self, is_ready: Callable[[], bool]) -> None:
        """Show whether the operator works, as `is_ready` tells whenever somebody asks, from any thread."""
        self._ready.set_function(is_ready)

    def queue_depth(self, depth: Callable[[], int]) -> None:
        """Show how many objects wait, as `depth` tells whenever somebody asks, from any thread."""
        self._depth.set_function(depth)

    def account(self, name: str, account_id: str, *, is_ready: bool) -> None:
        """Show whether an account can be used."""
        if self._account_ids.get(name, account_id) != account_id:
            self.forget_account(name)
        self._account_ids[name] = account_id
        self._account_ready.labels(name, account_id).set(is_ready)

    def forget_account(self, name: str) -> None:
        """Remove the series of a deleted account."""
        account_id = self._account_ids.pop(name, None)
        if account_id is not None:
            self._account_ready.remove(name, account_id)

    def orphans(self, account: str, count: int) -> None:
        """Show how many resources in the account carry our tags and have no owner any more."""
        self._orphans.labels(account).set(count)

    def forget_orphans(self, account: str) -> None:
        """Remove the account's series."""
        self._orphans.remove(account)

    def mover_state(self, namespace: str, name: str, state: str) -> None:
        """Show one mover under `state`, and no longer under the state it had. Only a mover with a state has series."""
        before = self._states.get((namespace, name))
        if before == state:
            return
        if before is None:
            self._begin(namespace, name)
        else:
            self._state.remove(namespace, name, before)
        self._state.labels(namespace, name, state).set(1)
        self._states[namespace, name] = state

    def _begin(self, namespace: str, name: str) -> None:
        """Let counters begin at 0: what appears with its first value has not increased, says Prometheus."""
        self._bytes.labels(namespace, name)
        self._run_seconds.labels(namespace, "Succeeded")
        self._run_rate.labels(namespace)
        self._namespaces[namespace] += 1

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

    def last_run(self, namespace: str, name: str, phase: str, seconds: float | None) -> None:
        """Show how the mover's last run ended, and the time that it took, where it has started."""
        if (namespace, name) not in self._states:
            return
        for other in FINAL_PHASES - {phase}:
            self._last_run.remove(namespace, name, other)
        self._last_run.labels(namespace, name, phase).set(1)
        if seconds is not None:
            self._last_seconds.labels(namespace, name).set(seconds)
        else:
            self._last_seconds.remove(namespace, name)

    def run_ended(self, namespace: str, name: str, phase: str, moved: int, seconds: float | None) -> None:
        """Count a run that has come to its last phase, with what it transferred and, where it started, its time."""
        if (namespace, name) not in self._states:
            return
        self._ended.labels(namespace, name, phase).inc()
        self._bytes.labels(namespace, name).inc(moved)
        if seconds is not None:
            self._run_seconds.labels(namespace, phase).observe(seconds)
            if moved > 0 and seconds > 0:
                self._run_rate.labels(namespace).observe(moved / seconds)

    def active_runs(self, count: int) -> None:
        """Show how many runs go on."""
        self._active.set(count)

    def run_progress(self, namespace: str, mover: str, run: str, progress: Progress) -> None:
        """Show how far an active run has got."""
        transferred, estimated, ratio, started = progress
        values = (transferred, estimated, ratio, started.timestamp() if started is not None else None)
        for gauge, value in zip(self._progress, values, strict=True):
            if value is not None:
                gauge.labels(namespace, mover, run).set(value)
            else:
                gauge.remove(namespace, mover, run)

    def forget_run(self, namespace: str, mover: str, run: str) -> None:
        """Remove the series of a run that has ended or was deleted."""
        for gauge in self._progress:
            gauge.remove(namespace, mover, run)

    def forget_mover(self, namespace: str, name: str) -> None:
        """Remove every series of a deleted mover; whatever is still told of it creates none again."""
        state = self._states.pop((namespace, name), None)
        if state is None:
            return
        self._state.remove(namespace, name, state)
        for series in (self._bytes, self._success, self._last_start, self._next_start, self._last_seconds):
            series.remove(namespace, name)
        for phase in FINAL_PHASES:
            self._ended.remove(namespace, name, phase)
            self._last_run.remove(namespace, name, phase)
        self._namespaces[namespace] -= 1
        if not self._namespaces[namespace]:
            del self._namespaces[namespace]
            self._run_rate.remove(namespace)
            for phase in FINAL_PHASES:
                self._run_seconds.remove(namespace, phase)

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(name, text, labels, namespace="datamover", registry=self.registry)

    def _gauge(self, name: str, text: str, *labels: str) -> Gauge:
        return Gauge(name, text, labels, namespace="datamover", registry=self.registry)

    def _histogram(self, name: str, text: str, buckets: tuple[float, ...], *labels: str) -> Histogram:
        return Histogram(name, text, labels, namespace="datamover", registry=self.registry, buckets=buckets)
