"""One connection to one database: statements on it, each bounded in time, and what they fail with."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from typing import Final, LiteralString, Protocol

import psycopg
from psycopg import sql

from datamover_operator.postgres.errors import classify
from datamover_operator.postgres.failure import DatabaseError, Side

STATEMENT_TIMEOUT: Final = 20.0
"""Seconds, kept by the server."""
_PATIENCE: Final = 5.0
"""How many seconds after that the server is given up."""

Statement = LiteralString | sql.SQL | sql.Composed
Parameters = Mapping[str, object]


class Counts(Protocol):
    """Whoever counts what is sent."""

    def statement(self, side: Side, result: str) -> None:
        """Count a statement; `result` is `ok` or the failure's kind."""


class Session:
    """A connection in autocommit mode. Methods raise DatabaseError."""

    def __init__(
        self,
        side: Side,
        connection: psycopg.AsyncConnection[tuple[object, ...]],
        secrets: tuple[str, ...],
        counts: Counts,
    ) -> None:
        """None of `secrets` will be told in an error."""
        self.side: Side = side
        self._connection = connection
        self._secrets = secrets
        self._counts = counts

    @property
    def version(self) -> int:
        """The server's version, such as 150018."""
        return self._connection.info.server_version

    async def ask(
        self, action: str, query: Statement, parameters: Parameters | None = None, seconds: float = STATEMENT_TIMEOUT
    ) -> str:
        """Return the first column of the first row as text; empty where there is none."""
        with self._classified(action):
            async with asyncio.timeout(seconds + _PATIENCE):
                # In binary mode the extended protocol is used, which takes one statement alone.
                cursor = await self._connection.execute(query, parameters, binary=True)
                row = await cursor.fetchone()
        self._counts.statement(self.side, "ok")
        return str(row[0]) if row is not None and row[0] is not None else ""

    async def run(self, action: str, statement: Statement) -> None:
        """Send one statement."""
        with self._classified(action):
            async with asyncio.timeout(STATEMENT_TIMEOUT + _PATIENCE):
                await self._connection.execute(statement, binary=True)
        self._counts.statement(self.side, "ok")

    @asynccontextmanager
    async def transaction(self, action: str) -> AsyncIterator[None]:
        """Have the statements inside take effect together, or not at all."""
        await self.run(action, "BEGIN")
        try:
            yield
            await self.run(action, "COMMIT")
        except BaseException:
            await self._roll_back()
            raise

    @asynccontextmanager
    async def trial(self, action: str) -> AsyncIterator[None]:
        """Have the statements inside take no effect."""
        await self.run(action, "BEGIN")
        try:
            yield
        finally:
            await self._roll_back()

    async def _roll_back(self) -> None:
        """A connection on which even that fails is closed soon, which has the same effect."""
        if self._connection.closed:
            return
        try:
            await self.run("roll back", "ROLLBACK")
        except DatabaseError:
            await self._connection.close()

    @contextmanager
    def _classified(self, action: str) -> Iterator[None]:
        try:
            yield
        except (psycopg.Error, OSError) as error:
            failure = classify(error, self.side, action, self._secrets)
            self._counts.statement(self.side, failure.kind.value)
            raise DatabaseError(failure) from None
