"""What Prometheus reads of table syncs, and that nothing of a deleted one stays."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from datamover_crds import SyncErrors, TableSyncStatus
from datamover_operator.process.metrics import Metrics
from datamover_operator.process.table_sync_metrics import Positions, Standing
from datamover_operator.tablesyncs.showing import new_errors
from tests.unit.tablesyncs.world import World

AT = datetime(2025, 1, 15, 12, tzinfo=UTC)
LATER = AT + timedelta(minutes=5)
COPYING = Standing("Copying", "Reconciling", "Copying", 0, 40, None)
STREAMING = Standing("Streaming", "Ready", "Ready", 0, 100, AT)
SHOP = {"namespace": "team-a", "table_sync": "shop"}


def series(metrics: Metrics) -> dict[str, list[tuple[dict[str, str], float]]]:
    """The samples that name a table sync, by series."""
    found: dict[str, list[tuple[dict[str, str], float]]] = {}
    for family in metrics.registry.collect():
        for sample in family.samples:
            if "table_sync" in sample.labels and not sample.name.endswith("_created"):
                labels = {key: value for key, value in sample.labels.items() if key not in SHOP}
                name = sample.name.removeprefix("datamover_table_sync_")
                found.setdefault(name, []).append((labels, sample.value))
    return found


def test_a_sync_is_shown_as_it_is_now() -> None:
    metrics = Metrics()
    metrics.table_syncs.standing("team-a", "shop", COPYING)
    metrics.table_syncs.standing("team-a", "shop", STREAMING)
    metrics.table_syncs.positions("team-a", "shop", Positions(5000, None, 9000, 10**10, None))
    metrics.table_syncs.positions("team-a", "shop", Positions(3000, 2, None, 10**10, LATER))
    metrics.table_syncs.errors("team-a", "shop", 2)
    assert series(metrics) == {
        "phase": [({"phase": "Streaming"}, 1)],
        "state": [({"state": "Ready", "reason": "Ready"}, 1)],
        "failures": [({}, 0)],
        "copied_ratio": [({}, 1)],
        "last_sync_timestamp_seconds": [({}, LATER.timestamp())],
        "lag_bytes": [({}, 3000)],
        "lag_seconds": [({}, 2)],
        "retained_wal_limit_bytes": [({}, 10**10)],
        "errors_total": [({}, 2)],
    }


def test_nothing_of_a_deleted_sync_stays_or_comes_back() -> None:
    metrics = Metrics()
    metrics.table_syncs.standing("team-a", "shop", STREAMING)
    metrics.table_syncs.positions("team-a", "shop", Positions(1, 1, 1, 1, LATER))
    metrics.table_syncs.forget("team-a", "shop")
    metrics.table_syncs.forget("team-a", "never seen")
    metrics.table_syncs.positions("team-a", "shop", Positions(1, 1, 1, 1, LATER))
    metrics.table_syncs.errors("team-a", "shop", 1)
    assert series(metrics) == {}


def test_each_pass_shows_what_it_saw() -> None:
    with World() as world:
        world.settle()
        world.show()
        world.servers.databases["old"].position += 5000
        world.pass_time(0)
        world.servers.databases["old"].position += 300
        world.reconcile()
        found = series(world.metrics)
        assert found["lag_bytes"] == [({}, 300)]
        assert found["retained_wal_bytes"] == [({}, 300)]
        assert found["phase"] == [({"phase": "Streaming"}, 1)]


def test_errors_are_counted_once_also_where_postgresql_counts_anew() -> None:
    with World() as world:
        world.settle()
        world.show()
        world.servers.databases["new"].has_conflict = True
        world.servers.databases["old"].position += 100
        for _ in range(3):
            world.pass_time(30)
            world.reconcile()
        stored = world.sync.status.errors
        assert stored is not None
        assert series(world.metrics)["errors_total"] == [({}, stored.apply_errors)]


def test_counters_that_begin_anew_do_not_run_backwards() -> None:
    with World() as world:
        world.settle()
        o = world.observed(SyncErrors(apply_errors=2, copy_errors=0))
        before = TableSyncStatus(errors=SyncErrors(apply_errors=7, copy_errors=1))
        assert new_errors(before, o) == 2
