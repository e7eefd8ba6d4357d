"""Deletion removes the subscription, the slot and the publications, or says what is left and how to get out."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from datamover_dev.stack.operator import Operator
from tests.support.postgres import NOTHING
from tests.support.postgres_proxy import PostgresProxy
from tests.support.table_syncs import TableWorld
from tests.support.waiting import eventually

Start = Callable[..., Operator]


@pytest.fixture
def gates(tables: TableWorld) -> Iterator[dict[str, PostgresProxy]]:
    """Ways of the operator alone to the source and to the destination; a Ready sync uses them."""
    pair = tables.pair
    with (
        PostgresProxy("127.0.0.1", pair.source.server.port) as source,
        PostgresProxy("127.0.0.1", pair.destination.server.port) as destination,
    ):
        tables.sync(
            source=tables.parts(
                pair.source,
                port=source.port,
                sslMode="disable",
                reachedFromDestination={"port": pair.source.server.port},
            ),
            destination=tables.parts(pair.destination, port=destination.port, sslMode="disable"),
        )
        yield {"source": source, "destination": destination}


@pytest.mark.parametrize("side", ["source", "destination"])
def test_a_side_that_is_away_is_cleaned_when_it_is_back(
    tables: TableWorld, start: Start, gates: dict[str, PostgresProxy], side: str
) -> None:
    start()
    name = tables.wait()["status"]["objectName"]
    gates[side].shut()
    tables.delete()
    message = tables.blocked()
    other = "subscriptions" if side == "source" else "slots"
    eventually(lambda: tables.pair.leftovers()[other] == [], what="the other side is cleaned meanwhile")
    assert f"{side}: can't connect" in message
    assert "to let the object go, set spec.deletionPolicy to Retain" in message
    assert ("pg_drop_replication_slot" in message) == (side == "source")
    assert (f"DROP SUBSCRIPTION {name}" in message) == (side == "destination")
    gates[side].open()
    tables.wait_gone(timeout=90)
    assert tables.pair.leftovers() == NOTHING
    assert tables.pair.rows("orders") == (1000, 1000)


def test_retain_lets_the_object_go_and_replication_go_on(tables: TableWorld, start: Start) -> None:
    start()
    tables.sync(deletionPolicy="Retain")
    tables.wait()
    tables.delete()
    tables.wait_gone()
    tables.pair.source.run("INSERT INTO orders VALUES (2001, 'x', 1)")
    tables.follows()
    assert {len(found) for found in tables.pair.leftovers().values()} == {1, 2}


@pytest.mark.parametrize("side", ["source", "destination"])
def test_retain_is_the_way_out_of_a_deletion_that_is_blocked_and_what_is_left_is_typed(
    tables: TableWorld, start: Start, gates: dict[str, PostgresProxy], side: str
) -> None:
    start()
    tables.wait()
    gates[side].shut()
    tables.delete()
    message = tables.blocked()
    other = "subscriptions" if side == "source" else "slots"
    eventually(lambda: tables.pair.leftovers()[other] == [], what="the other side is cleaned meanwhile")
    tables.patch(deletionPolicy="Retain")
    tables.wait_gone()
    assert tables.pair.leftovers() != NOTHING, "as the message said"

    active = "SELECT 1 FROM pg_replication_slots WHERE active AND database = current_database()"
    eventually(lambda: tables.pair.source.run(active) == [], what="the source has seen the subscription go")
    _, _, typed = message.partition(f"at the {side}: ")
    for statement in typed.split("; "):
        (tables.pair.source if side == "source" else tables.pair.destination).run(statement)
    assert tables.pair.leftovers() == NOTHING
    assert tables.pair.rows("orders") == (1000, 1000)


def test_a_deleted_namespace_takes_its_secrets_first_and_nothing_is_left(tables: TableWorld, start: Start) -> None:
    start()
    tables.sync()
    tables.wait()
    for name in ("source", "destination"):
        tables.api.delete(f"/api/v1/namespaces/{tables.namespace}/secrets/{name}")
    tables.delete()
    tables.wait_gone()
    assert tables.pair.leftovers() == NOTHING


def test_without_its_secrets_a_new_process_says_what_it_lacks(tables: TableWorld, start: Start) -> None:
    operator = start()
    tables.sync()
    tables.wait()
    operator.kill()
    tables.api.delete(f"/api/v1/namespaces/{tables.namespace}/secrets/source")
    tables.delete()
    start()
    message = tables.blocked()
    assert f"Secret '{tables.namespace}/source' does not exist" in message
    tables.secret("source", uri=tables.pair.source.url)
    tables.wait_gone(timeout=90)
    assert tables.pair.leftovers() == NOTHING


def test_what_was_never_set_up_goes_at_once_whatever_is_away(tables: TableWorld, start: Start) -> None:
    start()
    tables.sync(source=tables.parts(tables.pair.source, port=1, sslMode="disable"))
    eventually(lambda: "conditions" in tables.status())
    tables.delete()
    tables.wait_gone()


def test_a_sync_that_goes_while_tables_are_copied_leaves_no_slot(tables: TableWorld, start: Start) -> None:
    """Each table's copy has a slot of its own, which nobody else would remove."""
    pair = tables.pair
    pair.source.run("CREATE TABLE big (id int PRIMARY KEY, filler text)")
    pair.source.run("INSERT INTO big SELECT n, repeat('x', 500) FROM generate_series(1, 20000) n")
    pair.destination.run("CREATE TABLE big (id int PRIMARY KEY, filler text)")
    pair.destination.run(
        "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(0.01); RETURN NEW; END'"
    )
    pair.destination.run("CREATE TRIGGER slow BEFORE INSERT ON big FOR EACH ROW EXECUTE FUNCTION slow()")
    pair.destination.run("ALTER TABLE big ENABLE ALWAYS TRIGGER slow")
    start()
    tables.sync(tables=[{"name": "big"}])
    eventually(lambda: len(pair.leftovers()["slots"]) == 2, what="a copy is under way")
    tables.wait_phase("Copying")
    eventually(lambda: tables.status()["tables"][0]["state"] == "Copying")
    tables.delete()
    tables.wait_gone()
    assert pair.leftovers() == NOTHING
