"""What Prometheus reads, and that nothing of a deleted mover stays."""

from __future__ import annotations

from datetime import UTC, datetime

from datamover_operator.metrics import Metrics


def value(metrics: Metrics, name: str, **labels: str) -> float | None:
    return metrics.registry.get_sample_value(name, labels)


def test_calls_passes_and_writes_are_counted_by_their_labels() -> None:
    metrics = Metrics()
    metrics.aws_call("datasync", "CreateTask", "ok", 0.2)
    metrics.aws_call("datasync", "CreateTask", "Throttled", 0.1)
    metrics.reconciled("DataMover", "ready", 1.5)
    metrics.kubernetes_write("DataMover", "patch")
    call = {"service": "datasync", "operation": "CreateTask"}
    assert value(metrics, "datamover_aws_calls_total", **call, result="ok") == 1
    assert value(metrics, "datamover_aws_calls_total", **call, result="Throttled") == 1
    assert value(metrics, "datamover_aws_call_duration_seconds_count", **call) == 2
    assert value(metrics, "datamover_reconcile_duration_seconds_sum", kind="DataMover", result="ready") == 1.5
    assert value(metrics, "datamover_kubernetes_writes_total", kind="DataMover", verb="patch") == 1


def test_gauges_show_the_present() -> None:
    metrics = Metrics()
    metrics.queue_depth(7)
    metrics.queue_depth(2)
    metrics.active_runs(3)
    assert value(metrics, "datamover_queue_depth") == 2
    assert value(metrics, "datamover_active_runs") == 3


def test_a_mover_is_counted_under_its_present_state_only() -> None:
    metrics = Metrics()
    metrics.mover_state("team", "nightly", "Reconciling")
    metrics.mover_state("team", "hourly", "Reconciling")
    metrics.mover_state("team", "nightly", "Ready")
    metrics.mover_state("team", "nightly", "Ready")
    assert value(metrics, "datamover_movers", state="Reconciling") == 1
    assert value(metrics, "datamover_movers", state="Ready") == 1


def test_a_mover_shows_when_it_started_and_starts_next() -> None:
    metrics = Metrics()
    last, following = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 2, tzinfo=UTC)
    metrics.starts("team", "nightly", last=last, following=following)
    assert value(metrics, "datamover_last_start_timestamp_seconds", mover="nightly", namespace="team") == 1767225600
    assert value(metrics, "datamover_next_start_timestamp_seconds", mover="nightly", namespace="team") == 1767312000
    metrics.starts("team", "nightly", last=last, following=None)
    assert value(metrics, "datamover_next_start_timestamp_seconds", mover="nightly", namespace="team") is None


def test_a_deleted_mover_leaves_no_series() -> None:
    metrics = Metrics()
    for name in ("nightly", "hourly"):
        metrics.mover_state("team", name, "Ready")
        metrics.bytes_moved("team", name, 100)
        metrics.bytes_moved("team", name, 11)
        metrics.last_success("team", name, datetime(2026, 1, 1, tzinfo=UTC))
        metrics.run_ended("team", name, "Failed")
    metrics.forget_mover("team", "nightly")
    metrics.forget_mover("team", "never-seen")
    assert value(metrics, "datamover_movers", state="Ready") == 1
    assert value(metrics, "datamover_bytes_moved_total", namespace="team", mover="nightly") is None
    assert value(metrics, "datamover_last_success_timestamp_seconds", namespace="team", mover="nightly") is None
    failed = {"mover": "nightly", "namespace": "team", "phase": "Failed"}
    assert value(metrics, "datamover_runs_ended_total", **failed) is None
    assert value(metrics, "datamover_runs_ended_total", **failed | {"mover": "hourly"}) == 1
    assert value(metrics, "datamover_bytes_moved_total", namespace="team", mover="hourly") == 111
    assert value(metrics, "datamover_last_success_timestamp_seconds", namespace="team", mover="hourly") == 1767225600


def test_two_operators_in_one_process_do_not_share_series() -> None:
    first, second = Metrics(), Metrics()
    first.queue_depth(5)
    assert value(second, "datamover_queue_depth") == 0
