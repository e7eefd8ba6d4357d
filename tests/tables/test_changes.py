"""What changes in the spec or its Secrets is brought into the databases, without losing or doubling a row."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.support.postgres import NOTHING, Pair, two_databases
from tests.support.table_syncs import TableWorld
from tests.support.waiting import eventually
from tests.tables.versions import FILTERS

Start = Callable[..., object]


def test_tables_come_and_go(tables: TableWorld, start: Start) -> None:
    source, destination = tables.pair.source, tables.pair.destination
    source.run("CREATE TABLE items (id int PRIMARY KEY)")
    source.run("INSERT INTO items SELECT generate_series(1, 20)")
    start()
    tables.sync()
    tables.wait()
    tables.patch(tables=[{"name": "orders"}, {"name": "items"}])
    tables.wait()
    tables.follows("items")
    source.run("INSERT INTO items VALUES (21)")
    source.run("INSERT INTO orders VALUES (2001, 'x', 1)")
    for each in ("items", "orders"):
        tables.follows(each)

    tables.patch(tables=[{"name": "items"}])
    tables.wait()
    source.run("INSERT INTO orders VALUES (2002, 'not followed', 1)")
    source.run("INSERT INTO items VALUES (22)")
    tables.follows("items")
    assert destination.value("SELECT count(*) FROM orders WHERE id = 2002") == 0
    assert [each["name"] for each in tables.status()["tables"]] == ["public.items"]


def test_a_new_table_with_rows_at_the_destination_is_refused_and_the_others_go_on(
    tables: TableWorld, start: Start
) -> None:
    tables.pair.both("CREATE TABLE items (id int PRIMARY KEY)", "INSERT INTO items VALUES (1)")
    start()
    tables.sync()
    tables.wait()
    tables.patch(tables=[{"name": "orders"}, {"name": "items"}])
    assert "public.items" in tables.stalled("RowsExist")
    tables.pair.source.run("INSERT INTO orders VALUES (2001, 'x', 1)")
    tables.follows()
    tables.patch(existingRows="Truncate")
    tables.wait()
    tables.follows("items")
    assert tables.pair.rows("orders") == (1001, 1001), "what was copied before keeps its rows"


@FILTERS
def test_columns_and_filters_change(tables: TableWorld, start: Start) -> None:
    source, destination = tables.pair.source, tables.pair.destination
    start()
    tables.sync(tables=[{"name": "orders", "where": "id <= 10"}])
    tables.wait()
    tables.patch(tables=[{"name": "orders", "where": "id <= 20", "columns": ["id", "item"]}])
    tables.wait()
    source.run("UPDATE orders SET item = 'both', price = 0 WHERE id IN (5, 15)")
    eventually(lambda: destination.run("SELECT id, item FROM orders WHERE item = 'both'") == [(5, "both")])
    assert destination.value("SELECT price FROM orders WHERE id = 5") != 0
    source.run("DELETE FROM orders WHERE id = 16")
    source.run("INSERT INTO orders VALUES (16, 'again', 3)")
    eventually(lambda: destination.run("SELECT item, price FROM orders WHERE id = 16") == [("again", None)])


def test_a_changed_password_is_applied_to_the_subscription(tables: TableWorld, start: Start) -> None:
    pair = tables.pair
    role = f"own_{pair.source.name}"
    pair.source.run(f"CREATE ROLE {role} SUPERUSER LOGIN PASSWORD 'first'")
    try:
        start()
        uri = pair.source.server.url(pair.source.name, user=role, password="first")
        tables.sync(uris={"source": uri})
        eventually(lambda: tables.pair.source.run(SENDERS, pair.source.name) == [(role,)])
        pair.source.run(f"ALTER ROLE {role} PASSWORD 'second'")
        tables.secret("source", uri=uri.replace("first", "second"))
        pair.source.run("SELECT pg_terminate_backend(pid) FROM pg_stat_replication WHERE usename = %s", role)
        tables.patch(maxRetainedWal="8Gi")
        tables.wait()
        pair.source.run("INSERT INTO orders VALUES (2001, 'x', 1)")
        tables.follows()
        assert "second" not in str(tables.get())
    finally:
        tables.delete()
        tables.wait_gone()
        pair.source.run(f"DROP ROLE {role}")


SENDERS = """SELECT r.usename FROM pg_stat_replication r JOIN pg_replication_slots s ON s.active_pid = r.pid
    WHERE s.database = %s AND r.state = 'streaming'"""


def test_another_address_of_the_same_source_keeps_the_copy(tables: TableWorld, start: Start) -> None:
    start(database_hosts="127.0.0.1,localhost")
    tables.sync(source=tables.parts(tables.pair.source, sslMode="require"))
    tables.wait()
    before = tables.status()
    tables.patch(source=tables.parts(tables.pair.source, sslMode="require", host="localhost"))
    tables.wait()
    after = tables.status()
    assert (after["subscriptionId"], after["copyStartTime"]) == (before["subscriptionId"], before["copyStartTime"])
    assert after["source"]["host"] == "localhost"
    assert "host=localhost" in tables.pair.destination.value("SELECT subconninfo FROM pg_subscription")
    tables.pair.source.run("INSERT INTO orders VALUES (2001, 'x', 1)")
    tables.follows()


def test_another_destination_is_copied_to_and_the_old_one_cleaned(tables: TableWorld, start: Start) -> None:
    pair = tables.pair
    with two_databases((pair.source.server, pair.destination.server)) as other:
        start()
        tables.sync()
        tables.wait()
        tables.secret("other", uri=other.destination.url)
        tables.patch(destination={"uriSecretRef": {"name": "other", "key": "uri"}})
        tables.wait()
        eventually(lambda: pair.leftovers()["subscriptions"] == [])
        moved = Pair(pair.source, other.destination)
        assert moved.is_same("orders")
        pair.source.run("INSERT INTO orders VALUES (2001, 'x', 1)")
        eventually(lambda: moved.is_same("orders"))
        eventually(lambda: "retired" not in tables.status())
        assert pair.rows("orders") == (1001, 1000), "rows stay where they are"
        tables.delete()
        tables.wait_gone()
        assert moved.leftovers() == NOTHING


def test_another_source_is_copied_from_and_the_old_one_cleaned(tables: TableWorld, start: Start) -> None:
    pair = tables.pair
    with two_databases((pair.source.server, pair.destination.server)) as other:
        other.source.run("CREATE TABLE orders (id int PRIMARY KEY, item text, price numeric(10, 2))")
        other.source.run("INSERT INTO orders VALUES (1, 'other', 1)")
        start()
        tables.sync()
        tables.wait()
        tables.secret("other", uri=other.source.url)
        tables.patch(source={"uriSecretRef": {"name": "other", "key": "uri"}})
        tables.stalled("RowsExist")
        assert pair.leftovers()["subscriptions"] != [], "nothing is taken down before the new one may be set up"
        tables.patch(existingRows="Truncate")
        tables.wait()
        moved = Pair(other.source, pair.destination)
        eventually(lambda: moved.is_same("orders"))
        eventually(lambda: (pair.leftovers()["publications"], pair.leftovers()["slots"]) == ([], []))
        tables.delete()
        tables.wait_gone()
        assert moved.leftovers() == NOTHING


def test_a_former_database_that_is_away_is_cleaned_when_it_is_back(tables: TableWorld, start: Start) -> None:
    """Its credentials are remembered: the Secret that the spec named then names another database now.

    Where it is can't be lost with the status, as after a restore.
    """
    pair = tables.pair
    with two_databases((pair.source.server, pair.destination.server)) as other:
        start()
        tables.sync()
        tables.wait()
        other.destination.run(f"ALTER DATABASE {pair.destination.name} ALLOW_CONNECTIONS false")
        try:
            tables.secret("destination", uri=other.destination.url)
            tables.patch(maxRetainedWal="9Gi")
            tables.wait()
            assert [each["side"] for each in tables.status()["retired"]] == ["destination"]
            assert Pair(pair.source, other.destination).is_same("orders")
            tables.wipe_status()
            eventually(lambda: [each["side"] for each in tables.status().get("retired", [])] == ["destination"])
        finally:
            other.destination.run(f"ALTER DATABASE {pair.destination.name} ALLOW_CONNECTIONS true")
        tables.delete()
        tables.wait_gone(timeout=120)
        assert pair.leftovers()["subscriptions"] == []
        assert Pair(pair.source, other.destination).leftovers() == NOTHING


@pytest.mark.parametrize("side", ["source", "destination"])
def test_what_is_left_in_a_former_database_is_removed_by_the_statements_that_are_told(
    tables: TableWorld, start: Start, side: str
) -> None:
    pair = tables.pair
    with two_databases((pair.source.server, pair.destination.server)) as other:
        former, new = getattr(pair, side), getattr(other, side)
        moved = Pair(other.source, pair.destination) if side == "source" else Pair(pair.source, other.destination)
        other.source.run("CREATE TABLE orders (id int PRIMARY KEY, item text, price numeric(10, 2))")
        start()
        tables.sync(existingRows="Truncate")
        tables.wait()
        new.run(f"ALTER DATABASE {former.name} ALLOW_CONNECTIONS false")
        try:
            tables.secret(side, uri=new.url)
            tables.patch(maxRetainedWal="9Gi")
            eventually(lambda: [each["side"] for each in tables.status().get("retired", [])] == [side])
            tables.wait()
            tables.delete()
            told = tables.blocked()
            eventually(lambda: moved.leftovers() == NOTHING, what="the present databases are cleaned meanwhile")
            tables.patch(deletionPolicy="Retain")
            tables.wait_gone()
        finally:
            new.run(f"ALTER DATABASE {former.name} ALLOW_CONNECTIONS true")
        assert pair.leftovers() != NOTHING
        _, _, typed = told.partition(f"at the former {side} 127.0.0.1:{former.server.port}/{former.name}: ")
        for statement in typed.split("; "):
            former.run(statement)
        assert pair.leftovers() == NOTHING
