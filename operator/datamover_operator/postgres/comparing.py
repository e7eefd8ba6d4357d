"""Count and sum up a table's rows, so that two tables can be compared whatever the order of their rows."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Final

from psycopg import sql

from datamover_operator.postgres.session import Session
from datamover_operator.postgres.state import Contents, TableKey

TIMEOUT: Final = 3600.0
"""Seconds for one table: it is read whole."""


async def contents(
    session: Session, key: TableKey, columns: Sequence[str], where: sql.SQL | None, *, is_partitioned: bool
) -> Contents:
    """Count a table's rows, and sum up a hash of each by these columns (none: count alone)."""
    action = f"compare table {'.'.join(key)}"
    row = sql.SQL(", ").join(map(sql.Identifier, columns))
    # 64 bits of each row's hash: a sum does not depend on the order, and counts a row that is there twice twice.
    total = (
        sql.SQL("sum(('x' || substr(md5(ROW({})::text), 1, 16))::bit(64)::int8::numeric)").format(row)
        if columns
        else sql.SQL("0")
    )
    # Tables that inherit from it are not replicated with it, but partitions are.
    source = sql.SQL("{}" if is_partitioned else "ONLY {}").format(sql.Identifier(*key))
    query = sql.SQL("SELECT json_build_array(count(*), coalesce({}, 0)::text)::text FROM {}").format(total, source)
    if where is not None:
        query += sql.SQL(" WHERE ({})").format(where)
    async with session.trial(action):
        await session.run(action, sql.SQL("SET LOCAL statement_timeout = {}").format(sql.Literal(int(TIMEOUT * 1000))))
        rows, checksum = json.loads(await session.ask(action, query, seconds=TIMEOUT))
    return Contents(int(rows), str(checksum))
