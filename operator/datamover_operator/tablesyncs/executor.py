"""One pass over one sync: carries steps out, and keeps what it learns."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import assert_never

from pydantic import JsonValue

from datamover_common.kube.errors import KubeError
from datamover_crds import JsonObject, TableSync, TableSyncStatus, dump
from datamover_crds.contract import FINALIZER
from datamover_operator.controller.context import Context
from datamover_operator.controller.plan.notes import Note
from datamover_operator.kube.kinds import Entry
from datamover_operator.postgres.failure import DatabaseError
from datamover_operator.tablesyncs.database_steps import change, find_transaction, set_sequences
from datamover_operator.tablesyncs.gather import Ends, ends_of, inspect, look
from datamover_operator.tablesyncs.kind import TABLE_SYNC
from datamover_operator.tablesyncs.memory import SyncMemory
from datamover_operator.tablesyncs.plan.errors import judged
from datamover_operator.tablesyncs.plan.observed import Observed, Synced
from datamover_operator.tablesyncs.plan.running import has_caught_up
from datamover_operator.tablesyncs.plan.status import notes_of, status_of
from datamover_operator.tablesyncs.plan.steps import (
    AddFinalizer,
    Annotate,
    Disable,
    Enable,
    FindTransaction,
    Inspect,
    KubeStep,
    OwnStep,
    Plan,
    Record,
    RemoveFinalizer,
    SetSequences,
    SetTarget,
    Skip,
    Unhold,
    Verify,
    Wake,
)
from datamover_operator.tablesyncs.plan.story import note_of
from datamover_operator.tablesyncs.showing import new_errors, positions
from datamover_operator.tablesyncs.verifying import Verifier
from datamover_operator.tablesyncs.ways import Ways


@dataclass(frozen=True, slots=True)
class Means:
    """What a pass works with: sessions, the ways that they lead by, and the comparisons in the background."""

    ends: Ends
    ways: Ways
    verifier: Verifier


class SyncPass:
    """Holds one pass' knowledge (`o`) and the stored object it goes on from. All methods raise KubeError."""

    def __init__(self, context: Context, entry: Entry[TableSync], o: Observed, memory: SyncMemory) -> None:
        """Start from the object in `entry`, as observed in `o`, without sessions."""
        self.o = o
        self.released = False
        self._context = context
        self._raw = entry.raw
        self._memory = memory
        self._means: Means | None = None

    async def look(self, means: Means) -> None:
        """Look at the databases through these sessions, and use them from now on."""
        self._means = means
        now, memory = self._context.clock.now(), self._memory
        o = await look(means.ends, self.o)
        o = replace(o, ends=ends_of(o, means.ways))
        o = replace(o, errors=judged(o, now))
        is_apart = o.slot is not None and not o.slot.active and o.subscription is not None and o.subscription.enabled
        memory.inactive_since = (memory.inactive_since or now) if is_apart else None
        o = replace(o, target=memory.target, verification=memory.verification, inactive_since=memory.inactive_since)
        self._see(replace(o, last_synced=memory.last_synced, told_at=memory.told_at), now)

    def _see(self, o: Observed, now: datetime) -> None:
        """Note that the destination has what it was to have."""
        if o.target is not None and has_caught_up(o):
            self._memory.last_synced = Synced(o.target, now)
            o = replace(o, synced=o.target, last_synced=self._memory.last_synced)
        self.o = o

    async def take(self, plan: Plan) -> None:
        """Carry out a plan's steps, in order, up to the first that fails; look again after what changes a database."""
        for step in plan.steps:
            if isinstance(step, KubeStep):
                await self._write(step, plan)
            elif isinstance(step, OwnStep):
                await self._do(step)
            elif self._means is not None:
                try:
                    await change(self._means.ends, step)
                except DatabaseError as error:
                    self.o = replace(self.o, failures=(*self.o.failures, error.failure))
                else:
                    self._remember(step)
                    self._tell(note_of(step))
                await self.look(self._means)
            if self.released or self.o.failures:
                return
        for note in plan.notes:
            self._tell(note)

    async def finish(self, plan: Plan) -> None:
        """Write the status that follows from the pass, if it is another than the stored one."""
        if self.released or (self.o.is_going and not self.o.finalizer):
            return
        self._aim()
        await self._record(plan)

    def _aim(self) -> None:
        """Continuous: what the source has now is what the destination is seen to have, or not, next time."""
        o, memory = self.o, self._memory
        follows = o.sync.spec.mode == "Continuous" and not o.finishes and o.is_copied
        if follows and o.source is not None and (o.synced is not None or memory.target is None):
            memory.target = o.source.position

    async def _record(self, plan: Plan) -> None:
        now = self._context.clock.now()
        before, status = self.o.sync.status, status_of(self.o, plan, now)
        self._show(before, now)
        if status == before:
            return
        self._take_in(await self._context.writer.status(TABLE_SYNC, self._raw, dump(status)))
        self._memory.told_at = now
        self.o = replace(self.o, retired=status.retired, told_at=now)
        for note in notes_of(before, status):
            self._tell(note)

    def _show(self, before: TableSyncStatus, now: datetime) -> None:
        if self.o.source is None:
            return
        metrics, meta = self._context.metrics.table_syncs, self.o.sync.metadata
        metrics.positions(meta.namespace, meta.name, positions(self.o, now))
        metrics.errors(meta.namespace, meta.name, new_errors(before, self.o))

    def _remember(self, step: object) -> None:
        """What this pass has done that the databases alone do not tell."""
        match step:
            case Enable():
                errors = self.o.errors.model_copy(update={"stopped": False})
                self.o = replace(self.o, disabled=False, errors=errors)
            case Wake():
                self.o = replace(self.o, woken=True)
            case Disable():
                self.o = replace(self.o, disabled=True)
                self._memory.target = None
            case Skip(_, position):
                self.o = replace(self.o, skipped=position)

    async def _do(self, step: OwnStep) -> None:
        means, o = self._means, self.o
        if means is None:
            return
        match step:
            case Inspect():
                self.o = await inspect(means.ends, o)
            case SetTarget():
                self._memory.target = o.source.position if o.source is not None else None
                self._see(replace(o, target=self._memory.target), self._context.clock.now())
            case Verify():
                means.verifier.start(o.uid, step, means.ways, self._memory, self._again())
                self.o = replace(o, verification=self._memory.verification)
            case FindTransaction():
                found = await find_transaction(means.ends, step)
                errors = o.errors.model_copy(update=found)
                self.o = replace(o, looked=True, errors=errors)
            case SetSequences():
                failure = await set_sequences(means.ends, step)
                self.o = replace(o, failures=(*o.failures, failure)) if failure is not None else o
            case _:
                assert_never(step)

    def _again(self) -> Callable[[], None]:
        """Have the sync looked at."""
        queue, key = self._context.queue, (TABLE_SYNC, self.o.uid)
        return lambda: queue.add(key)

    async def _write(self, step: KubeStep, plan: Plan) -> None:
        writer, metadata = self._context.writer, self.o.sync.metadata
        others: list[JsonValue] = [each for each in metadata.finalizers if each != FINALIZER]
        match step:
            case AddFinalizer():
                finalizers = [*others, FINALIZER]
                self._take_in(await writer.metadata(TABLE_SYNC, self._raw, {"finalizers": finalizers}))
            case RemoveFinalizer():
                await writer.metadata(TABLE_SYNC, self._raw, {"finalizers": others})
                self.released = True
            case Unhold():
                self._take_in(await writer.metadata(TABLE_SYNC, self._raw, {"finalizers": others}))
            case Record():
                await self._record(plan)
            case Annotate(annotations):
                annotated: JsonObject = dict(annotations)
                self._take_in(await writer.metadata(TABLE_SYNC, self._raw, {"annotations": annotated}))
            case _:
                assert_never(step)

    def _tell(self, note: Note | None) -> None:
        if note is not None:
            self._context.events.tell(self._raw, note.reason, note.message, warning=note.warning)

    def _take_in(self, raw: JsonObject) -> None:
        """Go on from what the API server has answered, unless what is wanted has changed meanwhile."""
        entry = self._context.caches[TABLE_SYNC].put(raw)
        sync, meta = entry.model, self.o.sync.metadata
        if (sync.metadata.uid, sync.metadata.generation) != (meta.uid, meta.generation):
            raise KubeError(409, "Conflict", "the object changed during the pass")
        self._raw = entry.raw
        self.o = replace(self.o, sync=sync, finalizer=FINALIZER in sync.metadata.finalizers)
