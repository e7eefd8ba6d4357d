"""Rows that conflict, transactions to skip, slots that are lost, and write-ahead log that piles up."""

from __future__ import annotations

import re
from collections.abc import Callable

from tests.support.api import JsonDict
from tests.support.table_syncs import TableWorld
from tests.support.waiting import eventually
from tests.tables.versions import NEVER_STOPS, STOPS_AT_ERRORS

Start = Callable[..., object]
QUICK = {"limit": 1, "backoff": "1s"}


def _conflict(tables: TableWorld) -> str:
    """Have a transaction that can't be applied; return the message of the sync that has given up."""
    tables.pair.destination.run("INSERT INTO orders VALUES (2001, 'here', 1)")
    tables.pair.source.run("INSERT INTO orders VALUES (2001, 'there', 1)")

    def told() -> str:
        message = tables.stalled("ReplicationFailed", timeout=120)
        assert "the transaction that finishes at" in message, "it can't be looked for while the slot is in use"
        return message

    return eventually(told)


@STOPS_AT_ERRORS
def test_a_conflict_stops_its_own_sync_alone_and_goes_on_when_the_row_is_corrected(
    tables: TableWorld, start: Start
) -> None:
    tables.pair.source.run("CREATE TABLE items (id int PRIMARY KEY)")
    start()
    tables.sync("other", tables=[{"name": "items"}])
    tables.sync(retry=QUICK)
    tables.wait()
    message = _conflict(tables)
    status = tables.status()
    assert status["phase"] == "Failed"
    assert (status["errors"]["failures"], status["errors"]["tables"]) == (2, ["public.orders"])
    eventually(lambda: tables.status()["errors"]["applyErrors"] >= 2, what="PostgreSQL has counted both")
    assert f"the transaction that finishes at {status['errors']['transaction']} (public.orders)" in message
    assert "stopped 2 times in a row" in message

    tables.pair.source.run("INSERT INTO items VALUES (1)")
    tables.follows("items")
    tables.pair.destination.run("DELETE FROM orders WHERE id = 2001")
    tables.patch(retry={"limit": 2, "backoff": "1s"})
    tables.wait_phase("Streaming")
    tables.follows()
    errors = eventually(lambda: _past(tables.status()["errors"]))
    assert "transaction" not in errors


def _past(errors: JsonDict) -> JsonDict:
    assert errors["failures"] == 0, errors
    return errors


@NEVER_STOPS
def test_a_conflict_that_the_server_retries_by_itself_is_told_and_over_when_the_row_is_corrected(
    tables: TableWorld, start: Start
) -> None:
    def told() -> list[tuple[str, bool]]:
        return [(each["reason"], "its log says why" in each["message"]) for each in tables.status()["conditions"]]

    start()
    tables.sync(syncInterval="10s")
    tables.wait()
    tables.pair.destination.run("INSERT INTO orders VALUES (2001, 'here', 1)")
    tables.pair.source.run("INSERT INTO orders VALUES (2001, 'there', 1)")
    eventually(lambda: ("NotConnected", True) in told(), timeout=120, what="it is told where the reason stands")
    tables.pair.destination.run("DELETE FROM orders WHERE id = 2001")
    tables.follows(timeout=60)
    tables.wait()


@STOPS_AT_ERRORS
def test_a_transaction_is_skipped_that_the_message_names(tables: TableWorld, start: Start) -> None:
    start()
    tables.sync(retry={"limit": 1, "backoff": "1s"})
    tables.wait()
    message = _conflict(tables)
    (position,) = re.findall(r"spec\.skipTransaction to ([0-9A-F]+/[0-9A-F]+)", message)
    tables.pair.source.run("INSERT INTO orders VALUES (2002, 'after', 1)")
    tables.patch(skipTransaction=position)
    eventually(lambda: tables.pair.destination.value("SELECT item FROM orders WHERE id = 2002") == "after")
    tables.wait_phase("Streaming")
    assert tables.pair.destination.value("SELECT item FROM orders WHERE id = 2001") == "here"
    eventually(lambda: tables.status().get("lastSkippedTransaction") == position)


@STOPS_AT_ERRORS
def test_a_copy_that_can_not_be_made_names_its_table(tables: TableWorld, start: Start) -> None:
    tables.pair.destination.run("CREATE TABLE orders (id int PRIMARY KEY, item text, price numeric CHECK (price < 10))")
    start()
    tables.sync(retry={"limit": 1, "backoff": "1s"})
    message = tables.stalled("ReplicationFailed", timeout=120)
    assert "public.orders can't be copied" in message
    eventually(lambda: tables.status()["errors"]["copyErrors"] >= 2)
    tables.pair.destination.run("ALTER TABLE orders DROP CONSTRAINT orders_price_check")
    tables.patch(maxRetainedWal="9Gi")
    tables.wait()
    tables.follows()


def test_a_lost_slot_is_told_and_resync_copies_anew(tables: TableWorld, start: Start) -> None:
    start()
    tables.sync()
    found = tables.wait()
    slot = found["status"]["slotName"]
    slots = "FROM pg_replication_slots WHERE slot_name = %s"

    def is_dropped() -> bool:
        tables.pair.destination.run(f"ALTER SUBSCRIPTION {found['status']['objectName']} DISABLE")
        tables.pair.source.run(f"SELECT pg_drop_replication_slot(slot_name) {slots} AND NOT active", slot)
        return tables.pair.source.run(f"SELECT 1 {slots}", slot) == []

    eventually(is_dropped, what="nobody uses the slot: the operator may have enabled the subscription again")
    tables.pair.source.run("INSERT INTO orders VALUES (2001, 'missed', 1)")
    tables.patch(maxRetainedWal="9Gi")
    message = tables.stalled("SlotLost")
    assert "set spec.resync to a new token" in message
    assert tables.status()["phase"] == "Failed"
    assert tables.pair.source.run(f"SELECT 1 {slots}", slot) == [], "a new slot would hide what is missing"
    tables.patch(resync="1")
    tables.wait()
    tables.follows()
    assert tables.status()["lastResync"] == "1"
    tables.patch(resync="2")
    eventually(lambda: tables.status().get("lastResync") == "2")
    tables.wait()
    tables.follows()


def test_a_subscription_that_was_dropped_is_told_and_resync_copies_anew(tables: TableWorld, start: Start) -> None:
    start()
    tables.sync()
    name = tables.wait()["status"]["objectName"]
    tables.pair.destination.run(f"ALTER SUBSCRIPTION {name} DISABLE")
    tables.pair.destination.run(f"DROP SUBSCRIPTION {name}")
    tables.patch(maxRetainedWal="9Gi")
    assert "was dropped" in tables.stalled("SubscriptionLost")
    tables.patch(resync="again")
    tables.wait()
    tables.follows()


def test_more_wal_than_may_be_kept_is_told_while_rows_still_follow(tables: TableWorld, start: Start) -> None:
    start()
    tables.sync(suspend=True)
    tables.wait_phase("Suspended")
    tables.pair.source.run("INSERT INTO orders SELECT n, repeat('x', 500), 1 FROM generate_series(3001, 5000) n")
    tables.patch(maxRetainedWal="500k")
    message = tables.stalled("RetainedWalExceeded")
    assert "more than spec.maxRetainedWal (500k)" in message
    assert tables.status()["retainedWalBytes"] > 500_000
    tables.patch(suspend=False)
    tables.follows()


def test_where_the_spec_says_so_the_slot_is_given_up_before_the_disk_is_full(tables: TableWorld, start: Start) -> None:
    start()
    tables.sync(onRetainedWalExceeded="Drop")
    tables.wait()
    tables.patch(suspend=True)
    tables.wait_phase("Suspended")
    tables.pair.source.run("INSERT INTO orders SELECT n, repeat('x', 500), 1 FROM generate_series(3001, 5000) n")
    tables.patch(maxRetainedWal="500k")
    tables.stalled("SlotLost")
    assert tables.pair.leftovers()["slots"] == []
    eventually(lambda: any(reason == "SlotDropped" and "maxRetainedWal" in note for reason, note in tables.events()))
    tables.patch(maxRetainedWal="1Gi", suspend=False, resync="1")
    tables.wait()
    tables.follows()
