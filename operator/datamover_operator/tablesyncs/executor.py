"""One pass over one sync: carries steps out, and keeps what it learns."""

from __future__ import annotations

from dataclasses import replace

from pydantic import JsonValue

from datamover_common.kube.errors import KubeError
from datamover_crds import JsonObject, TableSync, TableSyncStatus, dump
from datamover_crds.contract import FINALIZER
from datamover_operator.controller.context import Context
from datamover_operator.kube.kinds import Entry
from datamover_operator.postgres.failure import DatabaseError
from datamover_operator.postgres.ports import Destination, Source
from datamover_operator.tablesyncs.gather import Ends, inspect, look
from datamover_operator.tablesyncs.kind import TABLE_SYNC
from datamover_operator.tablesyncs.plan.observed import Observed
from datamover_operator.tablesyncs.plan.status import notes_of, status_of
from datamover_operator.tablesyncs.plan.steps import (
    AddFinalizer,
    CreateSlot,
    CreateSubscription,
    CreateTables,
    DestinationStep,
    Disable,
    DropPublications,
    DropSlots,
    DropSubscription,
    Enable,
    Inspect,
    KubeStep,
    Plan,
    Publish,
    Refresh,
    RemoveFinalizer,
    SetConnection,
    SourceStep,
)


class SyncPass:
    """Holds one pass' knowledge (`o`) and the stored object it goes on from. All methods raise KubeError."""

    def __init__(self, context: Context, entry: Entry[TableSync], o: Observed) -> None:
        """Start from the object in `entry`, as observed in `o`, without sessions."""
        self.o = o
        self.released = False
        self._context = context
        self._raw = entry.raw
        self._ends = Ends()

    async def hold(self) -> None:
        """Keep the object from now on until what is made for it is gone."""
        await self._write(AddFinalizer())

    async def look(self, ends: Ends) -> None:
        """Look at the databases through these sessions, and use them from now on."""
        self._ends = ends
        self.o = await look(ends, self.o)

    async def take(self, plan: Plan) -> None:
        """Carry out a plan's steps, in order; look at the databases again after each one that changes something."""
        for step in plan.steps:
            if isinstance(step, KubeStep):
                await self._write(step)
            elif isinstance(step, Inspect):
                self.o = await inspect(self._ends, self.o)
            else:
                await self._change(step)
                await self.look(self._ends)

    async def finish(self, plan: Plan) -> None:
        """Write the status that follows from the pass, if it is another than the stored one."""
        if self.released or (self.o.is_going and not self.o.finalizer):
            return
        before, status = self.o.sync.status, status_of(self.o, plan)
        if status != before:
            await self._store(before, status, plan)

    async def _store(self, before: TableSyncStatus, status: TableSyncStatus, plan: Plan) -> None:
        self._take_in(await self._context.writer.status(TABLE_SYNC, self._raw, dump(status)))
        for note in notes_of(before, status, plan):
            self._context.events.tell(self._raw, note.reason, note.message, warning=note.warning)

    async def _write(self, step: KubeStep) -> None:
        finalizers: list[JsonValue]
        match step:
            case AddFinalizer():
                finalizers = [*self.o.sync.metadata.finalizers, FINALIZER]
                self._take_in(await self._context.writer.metadata(TABLE_SYNC, self._raw, {"finalizers": finalizers}))
            case RemoveFinalizer():
                finalizers = [each for each in self.o.sync.metadata.finalizers if each != FINALIZER]
                await self._context.writer.metadata(TABLE_SYNC, self._raw, {"finalizers": finalizers})
                self.released = True

    async def _change(self, step: SourceStep | DestinationStep) -> None:
        source, destination = self._ends.source, self._ends.destination
        try:
            if isinstance(step, SourceStep) and source is not None:
                await _at_source(source, step)
            elif isinstance(step, DestinationStep) and destination is not None:
                await _at_destination(destination, step)
        except DatabaseError as error:
            self.o = replace(self.o, failures=(*self.o.failures, error.failure))

    def _take_in(self, raw: JsonObject) -> None:
        """Go on from what the API server has answered, unless what is wanted has changed meanwhile."""
        entry = self._context.caches[TABLE_SYNC].put(raw)
        sync, meta = entry.model, self.o.sync.metadata
        if (sync.metadata.uid, sync.metadata.generation) != (meta.uid, meta.generation):
            raise KubeError(409, "Conflict", "the object changed during the pass")
        self._raw = entry.raw
        self.o = replace(self.o, sync=sync, finalizer=FINALIZER in sync.metadata.finalizers)


async def _at_source(source: Source, step: SourceStep) -> None:
    match step:
        case Publish(definitions):
            await source.publish(definitions)
        case CreateSlot(name):
            await source.create_slot(name)
        case DropSlots(names):
            await source.drop_slots(names)
        case DropPublications(names):
            await source.drop_publications(names)


async def _at_destination(destination: Destination, step: DestinationStep) -> None:
    match step:
        case CreateTables(definitions):
            await destination.create_tables(definitions)
        case CreateSubscription(definition, empty):
            await destination.create_subscription(definition, empty)
        case SetConnection(name, comment):
            await destination.set_connection(name, comment)
        case Enable(name):
            await destination.enable(name)
        case Disable(name):
            await destination.disable(name)
        case Refresh(name):
            await destination.refresh(name)
        case DropSubscription(name):
            await destination.drop_subscription(name)
