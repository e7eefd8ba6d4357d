"""What Prometheus reads, and that nothing of a deleted mover stays."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from importlib.metadata import version
from types import FrameType
from typing import Any

from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from datamover_crds.contract import FINAL_PHASES
from datamover_operator.process.metrics import Metrics, Progress


def value(metrics: Metrics, name: str, **labels: str) -> float | None:
    return metrics.registry.get_sample_value(name, labels)


def test_calls_passes_and_writes_are_counted_by_their_labels() -> None:
    metrics = Metrics()
    metrics.aws_call("123456789012", "datasync", "CreateTask", "ok", 0.2)
    metrics.aws_call("123456789012", "datasync", "CreateTask", "Throttled", 0.1)
    metrics.reconciled("DataMover", "ready", 1.5)
    metrics.kubernetes_write("DataMover", "patch", "ok")
    metrics.kubernetes_write("DataMover", "patch", "Conflict")
    call = {"service": "datasync", "operation": "CreateTask"}
    counted = call | {"account_id": "123456789012"}
    assert value(metrics, "datamover_aws_calls_total", **counted, result="ok") == 1
    assert value(metrics, "datamover_aws_calls_total", **counted, result="Throttled") == 1
    assert value(metrics, "datamover_aws_call_duration_seconds_count", **call) == 2
    assert value(metrics, "datamover_reconcile_duration_seconds_sum", kind="DataMover", result="ready") == 1.5
    assert value(metrics, "datamover_kubernetes_writes_total", kind="DataMover", verb="patch", result="ok") == 1
    conflicts = {"kind": "DataMover", "verb": "patch", "result": "Conflict"}
    assert value(metrics, "datamover_kubernetes_writes_total", **conflicts) == 1


def test_gauges_show_the_present() -> None:
    metrics = Metrics()
    waiting = ["one", "two"]
    metrics.queue_depth(lambda: len(waiting))
    metrics.active_runs(3)
    assert value(metrics, "datamover_queue_depth") == 2
    waiting.clear()
    assert value(metrics, "datamover_queue_depth") == 0
    assert value(metrics, "datamover_active_runs") == 3


def states(metrics: Metrics) -> set[tuple[str, str]]:
    """The movers that have a state, with it."""
    samples = (sample for family in metrics.registry.collect() for sample in family.samples)
    return {(each.labels["mover"], each.labels["state"]) for each in samples if each.name == "datamover_mover_state"}


def test_a_mover_is_shown_in_its_present_state_only() -> None:
    metrics = Metrics()
    metrics.mover_state("team", "nightly", "Reconciling")
    metrics.mover_state("team", "hourly", "Reconciling")
    metrics.mover_state("team", "nightly", "Ready")
    metrics.mover_state("team", "nightly", "Ready")
    assert states(metrics) == {("nightly", "Ready"), ("hourly", "Reconciling")}


def test_an_account_is_shown_until_it_is_deleted() -> None:
    metrics = Metrics()
    metrics.account("prod", "123456789012", is_ready=False)
    assert value(metrics, "datamover_account_ready", account="prod", account_id="123456789012") == 0
    metrics.account("prod", "123456789012", is_ready=True)
    assert value(metrics, "datamover_account_ready", account="prod", account_id="123456789012") == 1
    metrics.account("prod", "210987654321", is_ready=True)
    assert value(metrics, "datamover_account_ready", account="prod", account_id="123456789012") is None
    metrics.forget_account("prod")
    metrics.forget_account("never-seen")
    assert value(metrics, "datamover_account_ready", account="prod", account_id="210987654321") is None


def test_an_active_run_shows_how_far_it_has_got() -> None:
    metrics = Metrics()
    run = {"namespace": "team", "mover": "nightly", "run": "nightly-1"}
    started = datetime(2026, 1, 1, tzinfo=UTC)
    metrics.run_progress("team", "nightly", "nightly-1", Progress(0, None, None, started))
    assert value(metrics, "datamover_run_transferred_bytes", **run) == 0
    assert value(metrics, "datamover_run_estimated_bytes", **run) is None
    assert value(metrics, "datamover_run_start_timestamp_seconds", **run) == 1767225600
    metrics.run_progress("team", "nightly", "nightly-1", Progress(50, 200, 0.25, started))
    assert value(metrics, "datamover_run_estimated_bytes", **run) == 200
    assert value(metrics, "datamover_run_progress_ratio", **run) == 0.25
    metrics.forget_run("team", "nightly", "nightly-1")
    metrics.forget_run("team", "nightly", "never-seen")
    assert series(metrics, "nightly") == set()


def test_runs_that_started_are_measured() -> None:
    metrics = Metrics()
    metrics.mover_state("team", "nightly", "Ready")
    for seconds in (None, 10.0, 0.0):
        metrics.run_ended("team", "nightly", "Failed", moved=2_000_000, seconds=seconds)
    assert value(metrics, "datamover_runs_ended_total", namespace="team", mover="nightly", phase="Failed") == 3
    duration = {"namespace": "team", "phase": "Failed"}
    assert value(metrics, "datamover_run_duration_seconds_count", **duration) == 2
    assert value(metrics, "datamover_run_duration_seconds_bucket", **duration, le="15.0") == 2
    assert value(metrics, "datamover_run_throughput_bytes_per_second_sum", namespace="team") == 200_000
    metrics.forget_mover("team", "nightly")
    assert value(metrics, "datamover_run_duration_seconds_count", **duration) is None
    assert value(metrics, "datamover_run_throughput_bytes_per_second_sum", namespace="team") is None


def test_refused_starts_are_counted_by_reason_until_the_mover_is_gone() -> None:
    metrics = Metrics()
    for mover, reason in (("m", "AlreadyRunning"), ("m", "AlreadyRunning"), ("m", "Refused"), ("other", "Refused")):
        metrics.refused_starts.refused("team", mover, reason)
    counted = {"name": "datamover_starts_refused_total", "namespace": "team"}
    assert value(metrics, **counted, mover="m", reason="AlreadyRunning") == 2
    assert value(metrics, **counted, mover="m", reason="Refused") == 1
    metrics.refused_starts.forget("team", "m")
    metrics.refused_starts.forget("team", "never-seen")
    assert series(metrics, "m") == set()
    assert value(metrics, **counted, mover="other", reason="Refused") == 1


def test_a_mover_shows_how_its_last_run_ended() -> None:
    metrics = Metrics()
    mover = {"namespace": "team", "mover": "nightly"}
    metrics.mover_state("team", "nightly", "Ready")
    metrics.last_run("team", "nightly", "Failed", 30.0)
    metrics.last_run("team", "nightly", "Rejected", None)
    assert value(metrics, "datamover_last_run", **mover, phase="Failed") is None
    assert value(metrics, "datamover_last_run", **mover, phase="Rejected") == 1
    assert value(metrics, "datamover_last_run_duration_seconds", **mover) is None


def test_the_version_is_told() -> None:
    samples = (sample for family in Metrics().registry.collect() for sample in family.samples)
    (told,) = [each for each in samples if each.name == "datamover_build_info"]
    assert (told.labels["version"], told.value) == (version("datamover-operator"), 1)


def test_a_mover_shows_when_it_started_and_starts_next() -> None:
    metrics = Metrics()
    metrics.mover_state("team", "nightly", "Ready")
    last, following = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 2, tzinfo=UTC)
    metrics.starts("team", "nightly", last=last, following=following)
    assert value(metrics, "datamover_last_start_timestamp_seconds", mover="nightly", namespace="team") == 1767225600
    assert value(metrics, "datamover_next_start_timestamp_seconds", mover="nightly", namespace="team") == 1767312000
    metrics.starts("team", "nightly", last=last, following=None)
    assert value(metrics, "datamover_next_start_timestamp_seconds", mover="nightly", namespace="team") is None


def tell_all(metrics: Metrics, name: str) -> None:
    """Tell everything that there is to tell of a mover but its state."""
    at = datetime(2026, 1, 1, tzinfo=UTC)
    metrics.last_success("team", name, at)
    metrics.starts("team", name, last=at, following=at)
    for phase in FINAL_PHASES:
        metrics.run_ended("team", name, phase, moved=100, seconds=10.0)
        metrics.last_run("team", name, phase, 10.0)


def series(metrics: Metrics, name: str) -> set[str]:
    """The series that a mover has."""
    samples = (sample for family in metrics.registry.collect() for sample in family.samples)
    return {sample.name for sample in samples if sample.labels.get("mover") == name}


def test_a_deleted_mover_leaves_no_series_and_what_is_told_later_makes_none() -> None:
    metrics = Metrics()
    for name in ("nightly", "hourly"):
        metrics.mover_state("team", name, "Ready")
        tell_all(metrics, name)
    shown = series(metrics, "hourly")
    assert {
        "datamover_bytes_moved_total",
        "datamover_last_success_timestamp_seconds",
        "datamover_last_start_timestamp_seconds",
        "datamover_next_start_timestamp_seconds",
        "datamover_runs_ended_total",
        "datamover_last_run",
        "datamover_last_run_duration_seconds",
    } <= shown
    metrics.forget_mover("team", "nightly")
    metrics.forget_mover("team", "never-seen")
    assert series(metrics, "nightly") == set()
    tell_all(metrics, "nightly")
    assert series(metrics, "nightly") == set()
    assert series(metrics, "hourly") == shown
    assert states(metrics) == {("hourly", "Ready")}
    assert value(metrics, "datamover_bytes_moved_total", namespace="team", mover="hourly") == 100 * len(FINAL_PHASES)


def test_one_mover_costs_the_same_beside_many() -> None:
    """Nothing that is told of a mover goes through the series of the others."""
    metrics = Metrics()

    def lines(name: str) -> int:
        """How many lines of Python run for a mover's whole life."""
        count = 0

        def trace(_frame: FrameType, event: str, _argument: object) -> Any:  # noqa: ANN401 - a trace function returns one
            nonlocal count
            count += event == "line"
            return trace

        before = sys.gettrace()
        sys.settrace(trace)
        try:
            metrics.mover_state("team", name, "Ready")
            metrics.starts("team", name, last=None, following=None)
            tell_all(metrics, name)
            metrics.forget_mover("team", name)
        finally:
            sys.settrace(before)
        return count

    alone = lines("first")
    for number in range(200):
        metrics.mover_state("team", f"mover-{number}", "Ready")
        tell_all(metrics, f"mover-{number}")
    assert lines("second") <= alone


def test_what_is_served_is_valid() -> None:
    metrics = Metrics()
    name = 'odd "name"\\ in\nlines'
    metrics.queue_depth(lambda: 1)
    metrics.mover_state("team", name, "Ready")
    tell_all(metrics, name)
    metrics.aws_call("123456789012", "datasync", "CreateTask", "ok", 0.2)
    metrics.reconciled("mover", "ok", 0.2)
    metrics.kubernetes_write("DataMover", "delete", "NotFound")
    families = list(text_string_to_metric_families(generate_latest(metrics.registry).decode()))
    samples = [(sample.name, *sorted(sample.labels.items())) for family in families for sample in family.samples]
    assert len(samples) == len(set(samples)), "each series stands there once"
    assert all(family.documentation and family.type != "unknown" for family in families)
    own = {family.name: family for family in families if family.name.startswith("datamover_")}
    labels = {sample.labels["mover"] for sample in own["datamover_last_success_timestamp_seconds"].samples}
    assert labels == {name}


def test_two_operators_in_one_process_do_not_share_series() -> None:
    first, second = Metrics(), Metrics()
    first.active_runs(5)
    assert value(second, "datamover_active_runs") == 0
