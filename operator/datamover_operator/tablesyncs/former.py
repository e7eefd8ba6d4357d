"""Databases that the spec no longer names: what the sync had made there is removed, whenever they can be reached."""

from __future__ import annotations

from dataclasses import dataclass, replace

import structlog

from datamover_crds import RetiredEnd
from datamover_crds.postgresql import SslMode
from datamover_operator.postgres.endpoint import Endpoint, SourceAddress
from datamover_operator.postgres.failure import DatabaseError
from datamover_operator.postgres.ports import Databases
from datamover_operator.tablesyncs.memory import SyncMemory
from datamover_operator.tablesyncs.plan.names import is_ours, sync_slots
from datamover_operator.tablesyncs.plan.observed import Observed
from datamover_operator.tablesyncs.ways import Ways

PACE = 60.0
"""Seconds between two looks at a database that could not be cleaned."""
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Cleaner:
    """Cleans databases, one after the other."""

    databases: Databases

    async def clean(self, o: Observed, ways: Ways, memory: SyncMemory, tick: float) -> Observed:
        """Remove what is left in former databases; what can't be removed now stays in `o.retired`."""
        if not o.retired or tick < memory.clean_at:
            return o
        memory.clean_at = tick + PACE
        left: list[RetiredEnd] = []
        for each in o.retired:
            try:
                await self._clean(o, each, _way(each, ways, memory))
            except DatabaseError as error:
                _log.info("a former database could not be cleaned", side=each.side, error=str(error))
                left.append(each)
        return replace(o, retired=tuple(left))

    async def _clean(self, o: Observed, former: RetiredEnd, way: Endpoint) -> None:
        if former.side == "destination":
            async with self.databases.destination(way, SourceAddress(way)) as destination:
                state = await destination.state(o.name, ())
                found = state.subscription
                if state.server.id == former.end.id and found is not None and is_ours(found.comment, o.identity):
                    await destination.drop_subscription(o.name)
            return
        pattern = sync_slots(former.subscription_id or 0, former.destination_id or "")
        async with self.databases.source(way) as source:
            there = await source.state(o.name, pattern)
            if there.server.id != former.end.id:
                return
            slots = (*there.slots, *there.sync_slots)
            if slots:
                await source.drop_slots(slots)
            ours = [name for name, each in there.publications.items() if is_ours(each.comment, o.identity)]
            if ours:
                await source.drop_publications(ours)


def _way(former: RetiredEnd, ways: Ways, memory: SyncMemory) -> Endpoint:
    """The way by which it was reached; after a restart of this process with the credentials of today."""
    end = former.end
    place = (end.host, end.port, end.database, end.user)
    for known in (*reversed(memory.former), ways):
        way = known.source if former.side == "source" else known.destination
        if (way.host, way.port, way.database, way.user) == place:
            return way
    today = ways.source if former.side == "source" else ways.destination
    modes: tuple[SslMode, ...] = ("disable", "require", "verify-ca", "verify-full")
    mode = next((each for each in modes if each == end.ssl_mode), today.ssl_mode)
    return replace(today, host=end.host, port=end.port, database=end.database, user=end.user, ssl_mode=mode)
