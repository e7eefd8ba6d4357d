"""A table sync from apply to Ready to deleted, on a real API server and two real PostgreSQL servers."""

from __future__ import annotations

from collections.abc import Callable

from tests.support.postgres import NOTHING
from tests.support.table_syncs import TableWorld

Start = Callable[[], object]


def test_rows_are_copied_followed_and_stay_when_the_sync_goes(tables: TableWorld, start: Start) -> None:
    start()
    tables.sync()
    tables.wait()
    tables.follows()
    assert tables.status()["tables"] == [{"name": "public.orders", "state": "Ready"} | _size(tables)]

    tables.pair.source.run("UPDATE orders SET item = 'changed' WHERE id <= 10")
    tables.pair.source.run("DELETE FROM orders WHERE id > 990")
    tables.pair.source.run("INSERT INTO orders VALUES (5000, 'new', 1)")
    tables.follows()

    tables.delete()
    tables.wait_gone()
    assert tables.pair.leftovers() == NOTHING
    assert tables.pair.rows("orders") == (991, 991)


def _size(tables: TableWorld) -> dict[str, int]:
    found = tables.status()["tables"][0]
    return {key: found[key] for key in ("rows", "bytes")}
