"""Servers that go and come back, networks that are cut, and hands that change things behind our back."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from datamover_dev.stack.operator import Operator
from tests.support.postgres import NOTHING
from tests.support.postgres_proxy import PostgresProxy
from tests.support.table_syncs import TableWorld
from tests.support.waiting import eventually
from tests.tables.versions import FILTERS

Start = Callable[..., Operator]


@pytest.fixture
def link(tables: TableWorld) -> Iterator[PostgresProxy]:
    """The way from the destination server to the source; a sync uses it, and the operator goes another way."""
    with PostgresProxy("127.0.0.1", tables.pair.source.server.port) as link:
        reached = {"port": link.port, "sslMode": "disable"}
        tables.sync(
            source=tables.parts(tables.pair.source, sslMode="require", reachedFromDestination=reached),
            destination=tables.parts(tables.pair.destination, sslMode="require"),
            retry={"limit": 10, "backoff": "1s"},
            syncInterval="10s",
        )
        yield link


def test_a_network_that_is_cut_between_the_servers_is_told_and_survived(
    tables: TableWorld, start: Start, link: PostgresProxy
) -> None:
    start()
    tables.wait_phase("Streaming")
    link.shut()
    tables.pair.source.run("INSERT INTO orders VALUES (2001, 'during', 1)")
    tables.wait(condition="Reconciling", reason="NotConnected", timeout=120)
    link.open()
    tables.follows()
    tables.wait(timeout=90)
    link.shut()
    link.open()
    tables.pair.source.run("INSERT INTO orders VALUES (2002, 'after', 1)")
    tables.follows()


def test_a_network_that_is_cut_while_tables_are_copied_costs_a_new_copy_alone(
    tables: TableWorld, start: Start, link: PostgresProxy
) -> None:
    tables.pair.destination.run("CREATE TABLE orders (id int PRIMARY KEY, item text, price numeric(10, 2))")
    tables.pair.destination.run(
        "CREATE FUNCTION held() RETURNS trigger LANGUAGE plpgsql "
        "AS 'BEGIN PERFORM pg_advisory_xact_lock_shared(1); RETURN NEW; END'"
    )
    tables.pair.destination.run("CREATE TRIGGER held BEFORE INSERT ON orders FOR EACH ROW EXECUTE FUNCTION held()")
    tables.pair.destination.run("ALTER TABLE orders ENABLE ALWAYS TRIGGER held")
    tables.pair.destination.run("SELECT pg_advisory_lock(1)")
    start()
    waiting = "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND database = %s::oid"
    own = tables.pair.destination.value("SELECT oid FROM pg_database WHERE datname = current_database()")
    eventually(lambda: tables.pair.destination.run(waiting, own), what="a copy is under way")
    link.shut()
    link.open()
    tables.pair.destination.run("SELECT pg_advisory_unlock(1)")
    tables.wait_phase("Streaming", timeout=120)
    tables.follows()
    assert tables.pair.rows("orders") == (1000, 1000)


@pytest.mark.parametrize("side", ["source", "destination"])
def test_a_server_that_is_restarted_is_told_and_survived(tables: TableWorld, start: Start, side: str) -> None:
    start()
    tables.sync(syncInterval="10s", retry={"backoff": "1s"})
    tables.wait_phase("Streaming")
    server = (tables.pair.source if side == "source" else tables.pair.destination).server
    server.stop()
    try:
        tables.wait(condition="Reconciling", reason=f"{side.title()}Unreachable")
    finally:
        server.start()
    tables.wait(timeout=120)
    tables.pair.source.run("INSERT INTO orders VALUES (2001, 'after', 1)")
    tables.follows()


def test_a_wrong_password_is_told_and_the_right_one_taken_up(tables: TableWorld, start: Start) -> None:
    start()
    tables.sync(uris={"source": tables.pair.source.url.replace(tables.pair.source.server.password, "wrong-word")})
    message = tables.stalled("AccessDenied")
    assert "password authentication failed" in message
    assert "wrong-word" not in str(tables.get())
    tables.secret("source", uri=tables.pair.source.url)
    tables.wait(timeout=90)
    tables.follows()


def test_a_subscription_that_is_disabled_by_hand_is_enabled(tables: TableWorld, start: Start) -> None:
    start()
    tables.sync(syncInterval="10s")
    name = tables.wait()["status"]["objectName"]
    tables.pair.destination.run(f"ALTER SUBSCRIPTION {name} DISABLE")
    tables.pair.source.run("INSERT INTO orders VALUES (2001, 'x', 1)")
    tables.follows(timeout=90)


@FILTERS
def test_a_publication_that_is_altered_by_hand_is_put_right(tables: TableWorld, start: Start) -> None:
    tables.pair.source.run("CREATE TABLE other (id int PRIMARY KEY)")
    start()
    tables.sync(syncInterval="10s", tables=[{"name": "orders", "where": "id <= 5000"}])
    name = tables.wait()["status"]["objectName"]
    published = "SELECT tablename, rowfilter FROM pg_publication_tables WHERE pubname = %s ORDER BY 1"
    before = tables.pair.source.run(published, name)
    altered = "SELECT pubupdate FROM pg_publication WHERE pubname = %s"
    for change in (
        "SET TABLE other",
        "ADD TABLE other",
        "SET TABLE ONLY orders",
        "SET (publish = 'insert')",
        "DROP TABLE orders",
    ):
        tables.pair.source.run(f"ALTER PUBLICATION {name} {change}")
        eventually(
            lambda: tables.pair.source.run(published, name) == before and tables.pair.source.value(altered, name),
            timeout=60,
            what=change,
        )
    tables.pair.source.run("INSERT INTO orders VALUES (2001, 'x', 1)")
    tables.follows()


def test_tables_that_are_dropped_are_told_or_made_anew(tables: TableWorld, start: Start) -> None:
    start()
    tables.sync(syncInterval="10s")
    tables.wait()
    tables.pair.destination.run("DROP TABLE orders")
    eventually(lambda: tables.pair.destination.value("SELECT to_regclass('public.orders')") is not None, timeout=60)
    tables.follows()
    tables.pair.source.run("DROP TABLE orders")
    assert "public.orders does not exist in the source" in tables.stalled("TableNotFound")
    tables.delete()
    tables.wait_gone()
    assert tables.pair.leftovers() == NOTHING


def test_a_transaction_that_is_open_at_the_source_is_told_while_the_slot_waits_for_it(
    tables: TableWorld, start: Start
) -> None:
    """Its locks block nobody: the table is written meanwhile."""
    other = type(tables.pair.source)(tables.pair.source.server, tables.pair.source.name)
    other.run("BEGIN")
    other.run("CREATE TABLE unrelated (id int)")
    try:
        start()
        tables.sync()
        found = tables.wait(condition="Reconciling", reason="Timeout", timeout=90)
        assert "a transaction that has been open at the source" in str(found["status"]["conditions"])
        tables.pair.source.run("INSERT INTO orders VALUES (2001, 'x', 1)")
    finally:
        other.run("COMMIT")
        other.close()
    tables.wait(timeout=90)
    tables.follows()


def test_a_lock_that_somebody_holds_costs_a_timeout_and_no_more(tables: TableWorld, start: Start) -> None:
    other = type(tables.pair.source)(tables.pair.source.server, tables.pair.source.name)
    other.run("BEGIN")
    other.run("LOCK TABLE orders IN SHARE UPDATE EXCLUSIVE MODE")
    try:
        start()
        tables.sync()
        found = tables.wait(condition="Reconciling", reason="Timeout", timeout=90)
        assert "lock timeout" in str(found["status"]["conditions"])
    finally:
        other.run("COMMIT")
        other.close()
    tables.wait(timeout=90)
