"""The operator killed at each of its statements, before and after its effect: nothing doubled, nothing left."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from typing import Any

import pytest

from datamover_dev.stack.operator import Operator
from tests.support.postgres import NOTHING
from tests.support.postgres_proxy import PostgresProxy, When
from tests.support.table_syncs import TableWorld
from tests.support.waiting import eventually
from tests.tables.versions import FILTERS

Start = Callable[..., Operator]
ONE = {"publications": 2, "slots": 1, "subscriptions": 1}


@pytest.fixture
def proxies(tables: TableWorld) -> Iterator[tuple[PostgresProxy, PostgresProxy]]:
    """Ways to the source and to the destination, for the operator and for the subscription."""
    servers = tables.pair.source.server, tables.pair.destination.server
    with (
        PostgresProxy("127.0.0.1", servers[0].port) as source,
        PostgresProxy("127.0.0.1", servers[1].port) as destination,
    ):
        yield source, destination


def through(world: TableWorld, proxies: tuple[PostgresProxy, PostgresProxy], **spec: Any) -> None:  # noqa: ANN401 - as in a manifest
    """Apply a sync whose databases are reached through the proxies, without TLS."""
    uris = {
        side: database.url.replace(f":{database.server.port}/", f":{proxy.port}/").replace("=require", "=disable")
        for side, database, proxy in (
            ("source", world.pair.source, proxies[0]),
            ("destination", world.pair.destination, proxies[1]),
        )
    }
    world.sync(uris=uris, **spec)


def crash_through(
    proxies: tuple[PostgresProxy, PostgresProxy], start: Start, when: When, done: Callable[[], bool]
) -> list[str]:
    """Kill one operator after the other, each at a statement at which none was killed before, until all is done."""
    killed: list[str] = []
    while True:
        held = [proxy.hold(lambda path: path not in killed, when) for proxy in proxies]
        operator = start(wait=False)
        reached = _first(held, done)
        operator.kill()
        for proxy in proxies:
            proxy.shut()
            proxy.open()
        if reached is None:
            return killed
        killed.append(reached)


def _first(held: list[Future[str]], done: Callable[[], bool]) -> str | None:
    """The statement that is held; None where everything is done without one that is new."""

    def found() -> str | bool:
        reached, _ = wait(held, timeout=0, return_when=FIRST_COMPLETED)
        return next((each.result() for each in reached), "") or done()

    result = eventually(found, timeout=120, what="a statement is held, or everything is done")
    return result if isinstance(result, str) else None


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_crash_at_any_statement_doubles_nothing_and_leaves_nothing(
    tables: TableWorld, start: Start, proxies: tuple[PostgresProxy, PostgresProxy], when: When
) -> None:
    pair = tables.pair
    part, rows = ({"where": "id > 5"}, 995) if pair.version >= FILTERS.kwargs["since"] else ({}, 1000)
    pair.source.run("CREATE TABLE items (id serial PRIMARY KEY, note text)")
    pair.source.run("INSERT INTO items (note) SELECT 'n' FROM generate_series(1, 10)")
    pair.destination.run("CREATE TABLE orders (id int PRIMARY KEY, item text NOT NULL, price numeric(10, 2))")
    pair.destination.run("INSERT INTO orders VALUES (1, 'mine', 1)")
    through(
        tables,
        proxies,
        tables=[{"name": "orders", **part}, {"name": "items"}],
        existingRows="Truncate",
        retry={"backoff": "1s"},
    )

    def is_ready() -> bool:
        conditions = tables.status().get("conditions", [])
        return any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)

    killed = crash_through(proxies, start, when, is_ready)
    for statement in ("CREATE PUBLICATION", "pg_create_logical_replication_slot", "CREATE TABLE", "CREATE SUBSCRIPTION",
                      "ENABLE", "TRUNCATE", "REFRESH"):  # fmt: skip
        assert any(statement in path for path in killed), (statement, killed)
    assert {key: len(found) for key, found in pair.leftovers().items()} == ONE
    assert pair.destination.value("SELECT count(*) FROM orders") == rows
    last = start()
    pair.source.run("INSERT INTO orders VALUES (5000, 'later', 1)")
    pair.source.run("DELETE FROM items WHERE id = 3")
    tables.follows("items")
    eventually(lambda: pair.destination.value("SELECT count(*) FROM orders") == rows + 1)
    last.kill()

    tables.delete()
    killed = crash_through(proxies, start, when, lambda: tables.kube.get("TableSync", "t") is None)
    # A proxy sees the beginning of a statement: the slots are dropped in a DO block.
    for statement in ("DROP SUBSCRIPTION", "DO $$ DECLARE given_up", "DROP PUBLICATION"):
        assert any(statement in path for path in killed), (statement, killed)
    assert pair.leftovers() == NOTHING
    assert pair.destination.value("SELECT count(*) FROM orders") == rows + 1


def test_two_operators_at_once_make_one_of_each(tables: TableWorld, start: Start) -> None:
    start(wait=False)
    start(wait=False)
    for number in range(4):
        tables.pair.source.run(f"CREATE TABLE many_{number} (id int PRIMARY KEY)")
        tables.sync(f"s{number}", tables=[{"name": f"many_{number}"}])
    tables.pair.destination.run("CREATE TABLE orders (id int PRIMARY KEY, item text, price numeric(10, 2))")
    tables.pair.destination.run("INSERT INTO orders VALUES (1, 'mine', 1)")
    tables.sync(existingRows="Truncate")
    for name in ("t", *(f"s{number}" for number in range(4))):
        tables.wait(name, timeout=120)
    tables.follows()
    assert {key: len(found) for key, found in tables.pair.leftovers().items()} == {k: 5 * n for k, n in ONE.items()}
    for name in ("t", *(f"s{number}" for number in range(4))):
        tables.delete(name)
    for name in ("t", *(f"s{number}" for number in range(4))):
        tables.wait_gone(name, timeout=120)
    assert tables.pair.leftovers() == NOTHING
