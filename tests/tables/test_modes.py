"""Interval, suspend, Once and promote."""

from __future__ import annotations

from collections.abc import Callable

from tests.support.operator_process import Operators
from tests.support.postgres import NOTHING
from tests.support.receiver import receiving
from tests.support.table_syncs import TableWorld
from tests.support.waiting import eventually

Start = Callable[..., object]
ENABLED = "SELECT subenabled FROM pg_subscription WHERE subname = %s"


def test_interval_catches_up_and_rests(tables: TableWorld, start: Start) -> None:
    start()
    tables.sync(mode="Interval", syncInterval="10s")
    found = tables.wait_phase("Idle")
    first, name = found["status"]["lastSyncTime"], found["status"]["objectName"]
    eventually(lambda: tables.pair.destination.value(ENABLED, name) is False)
    tables.wait()
    tables.pair.source.run("INSERT INTO orders VALUES (2001, 'x', 1)")
    tables.follows()
    eventually(lambda: tables.status().get("lastSyncTime") != first)
    eventually(lambda: tables.pair.destination.value(ENABLED, name) is False)
    assert "nextSyncTime" in tables.wait_phase("Idle")["status"]


def test_suspended_nothing_moves_and_nothing_is_missing_afterwards(tables: TableWorld, start: Start) -> None:
    start()
    tables.sync(suspend=True)
    found = tables.wait_phase("Suspended")
    assert tables.pair.destination.value("SELECT count(*) FROM orders") == 0
    tables.patch(suspend=False)
    tables.wait_phase("Streaming")
    tables.follows()
    tables.patch(suspend=True)
    tables.wait_phase("Suspended")
    name = found["status"]["objectName"]
    eventually(lambda: tables.pair.destination.value(ENABLED, name) is False)
    tables.pair.source.run("INSERT INTO orders VALUES (2001, 'x', 1)")
    tables.pair.source.run("DELETE FROM orders WHERE id = 1")
    tables.patch(suspend=False)
    tables.follows()
    assert tables.pair.rows("orders") == (1000, 1000)
    tables.wait_phase("Streaming")


def test_once_moves_everything_and_takes_itself_down(tables: TableWorld, start: Start) -> None:
    source, destination = tables.pair.source, tables.pair.destination
    source.run("CREATE TABLE serials (id bigserial PRIMARY KEY, other int GENERATED ALWAYS AS IDENTITY, note text)")
    source.run("INSERT INTO serials (note) SELECT 'n' || n FROM generate_series(1, 77) n")
    start()
    tables.sync(mode="Once", tables=[{"name": "orders"}, {"name": "serials"}])
    found = tables.wait_phase("Completed")
    tables.wait()
    assert tables.pair.leftovers() == NOTHING
    for each in ("orders", "serials"):
        assert tables.pair.is_same(each)
    assert {each["verified"] for each in tables.status()["tables"]} == {"Equal"}
    assert found["status"]["percent"] == 100
    destination.run("INSERT INTO serials (note) VALUES ('next')")
    assert destination.run("SELECT id, other FROM serials WHERE note = 'next'") == [(78, 78)]
    assert "finalizers" not in tables.get()["metadata"]


def test_the_end_of_a_migration_is_told_to_a_webhook(tables: TableWorld, operator: Operators) -> None:
    operator(database_hosts="127.0.0.1", webhook_hosts="127.0.0.1")
    with receiving() as receiver:
        hook = {"webhook": {"url": f"{receiver.url}/team"}, "events": ["TableSyncReady", "TableSyncCompleted"]}
        tables.sync(mode="Once", notify=[hook])
        tables.wait_phase("Completed")
        eventually(lambda: [each["state"] for each in tables.status().get("notifications", [])] == ["Delivered"])
        (event,) = (call.event for call in receiver.of("/team"))
    source = f"/apis/datamover.io/v1alpha1/namespaces/{tables.namespace}/tablesyncs/t"
    assert (event["type"], event["source"], event["subject"]) == ("io.datamover.table.sync.completed", source, "t")
    assert event["data"]["tableSync"] == "t"


def test_a_completed_sync_never_copies_again_by_itself(tables: TableWorld, start: Start) -> None:
    """After the cut-over the destination is in use: a status that is lost, as after a restore, must cost no row."""
    start()
    tables.sync(mode="Once", existingRows="Truncate")
    tables.wait_phase("Completed")
    tables.pair.destination.run("DELETE FROM orders WHERE id > 5")
    tables.wipe_status()
    tables.wait_phase("Completed")
    tables.patch(maxRetainedWal="9Gi")
    tables.wait()
    assert tables.pair.rows("orders") == (1000, 5)
    tables.patch(resync="once more")
    eventually(lambda: tables.pair.rows("orders") == (1000, 1000))
    tables.wait_phase("Completed")


def test_promote_ends_a_continuous_sync_with_everything_compared(tables: TableWorld, start: Start) -> None:
    start()
    tables.sync()
    tables.wait_phase("Streaming")
    tables.pair.source.run("INSERT INTO orders VALUES (2001, 'last', 1)")
    tables.patch(promote=True)
    tables.wait_phase("Completed")
    found = tables.wait()
    assert tables.pair.rows("orders") == (1001, 1001)
    assert found["status"]["tables"][0]["verified"] == "Equal"
    assert tables.pair.leftovers() == NOTHING
    assert "completionTime" in found["status"]


def test_a_difference_is_told_and_nothing_is_taken_down(tables: TableWorld, start: Start) -> None:
    start()
    tables.sync()
    tables.wait_phase("Streaming")
    tables.pair.destination.run("UPDATE orders SET item = 'changed here' WHERE id = 7")
    tables.patch(promote=True)
    message = tables.stalled("VerificationFailed", timeout=120)
    assert "public.orders has 1,000 rows on both sides, with other values" in message
    assert tables.status()["tables"][0]["verified"] == "Different"
    assert tables.pair.leftovers() != NOTHING
    tables.pair.source.run("INSERT INTO orders VALUES (2001, 'still followed', 1)")
    eventually(lambda: tables.pair.rows("orders") == (1001, 1001))
    tables.patch(verify="RowCount")
    tables.wait_phase("Completed")
