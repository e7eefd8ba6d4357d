"""Reads what a pass depends on: the way into both databases, and what each of them says."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from typing import TypeVar

from datamover_crds import SyncEnd
from datamover_operator.postgres.definitions import PublishedTable
from datamover_operator.postgres.endpoint import Endpoint
from datamover_operator.postgres.failure import DatabaseError, Failure, Side
from datamover_operator.postgres.ports import Databases, Destination, Source
from datamover_operator.postgres.state import Server, TableKey
from datamover_operator.tablesyncs.plan.expressions import UnusableExpressionError, check_filter
from datamover_operator.tablesyncs.plan.names import NO_SLOTS, sync_slots
from datamover_operator.tablesyncs.plan.observed import Catalogue, Observed
from datamover_operator.tablesyncs.plan.tables import missing_tables
from datamover_operator.tablesyncs.ways import Ways

T = TypeVar("T")


@dataclass(slots=True)
class Ends:
    """The sessions of one pass, at most one on each side; None where the database was not reached."""

    source: Source | None = None
    destination: Destination | None = None


@asynccontextmanager
async def opened(databases: Databases, ways: Ways, failures: list[Failure]) -> AsyncIterator[Ends]:
    """Connect to both databases side by side; what fails is added to `failures`."""
    ends = Ends()
    async with AsyncExitStack() as stack:

        async def source() -> None:
            ends.source = await stack.enter_async_context(databases.source(ways.source))

        async def destination() -> None:
            way = databases.destination(ways.destination, ways.from_destination)
            ends.destination = await stack.enter_async_context(way)

        await asyncio.gather(_kept(source(), failures), _kept(destination(), failures))
        yield ends


async def look(ends: Ends, o: Observed) -> Observed:
    """Read the state of both sides, side by side, by one statement each."""
    failures = list(o.failures)
    source, destination = await asyncio.gather(
        _kept(ends.source.state(o.name, _leftovers(o)), failures) if ends.source is not None else _nothing(),
        _kept(ends.destination.state(o.name, o.keys), failures) if ends.destination is not None else _nothing(),
    )
    return replace(o, source=source, destination=destination, failures=tuple(failures))


def ends_of(o: Observed, ways: Ways) -> dict[Side, SyncEnd]:
    """The databases as they were reached, for the status."""
    ends: dict[Side, SyncEnd] = {}
    if o.source is not None:
        ends["source"] = _end(ways.source, o.source.server)
    if o.destination is not None:
        ends["destination"] = _end(ways.destination, o.destination.server)
    return ends


def _end(way: Endpoint, server: Server) -> SyncEnd:
    version = f"{server.version // 10000}.{server.version % 10000}"
    return SyncEnd(
        host=way.host,
        port=way.port,
        database=way.database,
        user=way.user,
        ssl_mode=way.ssl_mode,
        id=server.id,
        version=version,
    )


async def inspect(ends: Ends, o: Observed) -> Observed:
    """Read both catalogues, and try without effect what will be needed."""
    failures: list[Failure] = []
    if ends.source is None or ends.destination is None:
        return o
    catalogue = Catalogue()
    try:
        source, destination = await asyncio.gather(ends.source.tables(o.keys), ends.destination.tables(o.keys))
        catalogue = Catalogue(source=source, destination=destination, filters=await _filters(ends.source, o, failures))
    except DatabaseError as error:
        return replace(o, failures=(*o.failures, error.failure))
    if o.destination is not None and o.destination.can_subscribe:
        # What a server refuses to another role it writes into its log, with the password in it.
        await _kept(ends.destination.try_source(), failures)
    for definition in missing_tables(o, catalogue) if o.sync.spec.create_tables else ():
        await _kept(ends.destination.try_table(definition), failures)
    return replace(o, catalogue=replace(catalogue, failures=tuple(failures)))


async def _filters(source: Source, o: Observed, failures: list[Failure]) -> dict[TableKey, tuple[str, ...]]:
    found = {}
    for wanted in o.sync.spec.tables:
        if wanted.where is None or not _is_expression(wanted.where):
            continue
        try:
            found[wanted.key] = tuple(await source.filter_columns(PublishedTable(wanted.key, (), wanted.where)))
        except DatabaseError as error:
            failures.append(error.failure)
    return found


def _is_expression(text: str) -> bool:
    try:
        check_filter(text)
    except UnusableExpressionError:
        return False
    return True


def _leftovers(o: Observed) -> str:
    """Which slots at the source a copy of ours may have left."""
    known = o.known
    if known.subscription_id is None or known.destination is None:
        return NO_SLOTS
    return sync_slots(known.subscription_id, known.destination.id.partition("/")[0])


async def _kept(work: Awaitable[T], failures: list[Failure]) -> T | None:
    try:
        return await work
    except DatabaseError as error:
        failures.append(error.failure)
        return None


async def _nothing() -> None:
    return None
