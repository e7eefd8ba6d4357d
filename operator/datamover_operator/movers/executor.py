"""One pass over one mover: carries steps out in order, and keeps what it learns."""

from __future__ import annotations

from typing import assert_never

from pydantic import JsonValue

from datamover_common.kube.errors import KubeError
from datamover_crds import DataMover, DataMoverRun, DataMoverStatus, JsonObject, dump
from datamover_crds.contract import FINALIZER
from datamover_operator.aws.failure import FailureKind
from datamover_operator.aws.ports import Aws, send_before
from datamover_operator.controller.context import Context
from datamover_operator.controller.plan.notes import Note
from datamover_operator.kube.kinds import Entry
from datamover_operator.movers.aws_steps import apply
from datamover_operator.movers.kind import MOVER
from datamover_operator.movers.memory import MoverMemory
from datamover_operator.movers.plan.changes import change_notes
from datamover_operator.movers.plan.copies import changed
from datamover_operator.movers.plan.observed import Observed
from datamover_operator.movers.plan.run_objects import (
    NamespaceGoes,
    RunDeleted,
    RunExists,
    RunMade,
    RunObjectResult,
    RunSought,
    after_run_object,
    run_object,
)
from datamover_operator.movers.plan.run_steps import CreateRun, DeleteRun, DropLostRun, LookForRun
from datamover_operator.movers.plan.status import intent_of, notes_of, status_of, with_intent
from datamover_operator.movers.plan.steps import (
    AddFinalizer,
    Annotate,
    AwsStep,
    ClaimIntent,
    Delete,
    KubeStep,
    Plan,
    Record,
    RemoveFinalizer,
)
from datamover_operator.runs.kind import RUN
from datamover_operator.runs.plan.claims import without_current_run


class MoverPass:
    """Holds what one pass knows (`o`) and the stored object that it continues from. All methods raise KubeError."""

    def __init__(
        self, context: Context, entry: Entry[DataMover], o: Observed, aws: Aws | None, memory: MoverMemory
    ) -> None:
        """Start from the object in `entry`, as observed in `o`."""
        self.o = o
        self.released = False
        self._context = context
        self._raw = entry.raw
        self._aws = aws
        self._memory = memory

    async def take(self, plan: Plan) -> None:
        """Carry out a plan's steps: writes to Kubernetes one by one, calls to AWS side by side."""
        calls = []
        for step in plan.steps:
            if isinstance(step, KubeStep):
                await self._write(step, plan)
            else:
                calls.append(step)
        if calls:
            await self._call(calls)

    async def finish(self, plan: Plan) -> None:
        """Write the status that follows from the pass, if it differs from the stored one."""
        if not self.released:
            await self._record(plan)

    async def _call(self, steps: list[AwsStep]) -> None:
        assert self._aws is not None  # noqa: S101 - without a way in there are no such steps
        before = self.o
        self.o = await apply(before, self._aws, steps, self._is_living)
        for note in change_notes(before, self.o, steps):
            self._tell(note)
        self._memory.new_rights |= dict.fromkeys(self.o.new_rights - before.new_rights, self._context.clock.tick())
        self._memory.accepted = self.o.accepted
        is_unseen = any(each.failure.kind is FailureKind.NOT_FOUND for each in self.o.failures)
        if not is_unseen:
            self._memory.roles_deleted(each.arn for each in steps if isinstance(each, Delete) and each.kind == "role")
        if self.o.intent_claimed:
            self._memory.carried = None if self.o.has_unknown_outcome else self.o

    def _is_living(self, uid: str) -> bool:
        return self._context.caches[MOVER].get(uid) is not None

    async def _write(self, step: KubeStep, plan: Plan) -> None:
        match step:
            case AddFinalizer():
                await self._change_metadata({"finalizers": [*self._others_finalizers, FINALIZER]})
                self._memory.doubts.nothing_lost = self.o.is_blank
            case RemoveFinalizer():
                await self._context.writer.metadata(MOVER, self._raw, {"finalizers": self._others_finalizers})
                self.released = True
            case ClaimIntent():
                await self._claim(step, plan)
            case Record():
                await self._record(plan)
            case Annotate():
                await self._change_metadata({"annotations": dict(step.annotations)})
            case CreateRun():
                self.o = after_run_object(self.o, await self._create_run(step))
            case DeleteRun():
                await self._context.writer.delete(RUN, self.o.identity.namespace, step.name, step.uid)
                self.o = after_run_object(self.o, RunDeleted(step))
            case LookForRun():
                self.o = after_run_object(self.o, RunSought(step, await self._read_run(step.name), self._runs))
            case DropLostRun():
                status = without_current_run(self.o.mover.status)
                self._take_in(await self._context.writer.status(MOVER, self._raw, dump(status)))
            case _:
                assert_never(step)

    async def _claim(self, step: ClaimIntent, plan: Plan) -> None:
        settings = self._context.settings
        send_before.set(
            self._context.clock.tick() + settings.settling_seconds - settings.aws_call_timeout_seconds,
        )
        status = status_of(self.o, plan, self._context.clock.now())
        try:
            await self._store(with_intent(status, intent_of(self.o, step.calls)), plan)
        except KubeError:
            self._memory.doubts.settled = self.o.nonce  # it may stand there, but nothing has been sent under it
            raise
        self.o = changed(self.o, intent_claimed=True)
        self._memory.doubts.nothing_lost = False

    async def _record(self, plan: Plan) -> None:
        status = status_of(self.o, plan, self._context.clock.now())
        if status == self.o.mover.status:
            return
        await self._store(status, plan)
        if self.o.intent_claimed and status.bookkeeping.intent is None:
            self.o = changed(self.o, intent_claimed=False)
            self._memory.doubts.nothing_lost = self.o.is_blank
            self._memory.made = None if self.o.failures else self.o.generation

    async def _store(self, status: DataMoverStatus, plan: Plan) -> None:
        """Write a status that names everything this process knows, and tell what is new in it."""
        before = self.o.mover.status
        self._take_in(await self._context.writer.status(MOVER, self._raw, dump(status)))
        self._memory.carried = None
        if status.last_missed_time != before.last_missed_time:
            self._context.metrics.schedules.missed(self.o.identity.namespace, self.o.identity.name)
        for note in notes_of(before, status, plan):
            self._tell(note)

    async def _create_run(self, step: CreateRun) -> RunObjectResult:
        try:
            await self._context.writer.create(RUN, self.o.identity.namespace, run_object(self.o.identity, step))
        except KubeError as error:
            if error.is_terminating:
                return NamespaceGoes(step)
            if not error.is_already_there:
                raise
            return RunExists(step, await self._read_run(step.name), self._runs)
        return RunMade(step, self._runs)

    async def _read_run(self, name: str) -> DataMoverRun | None:
        raw = await self._context.writer.read(RUN, self.o.identity.namespace, name)
        return self._context.caches[RUN].put(raw).model if raw is not None else None

    @property
    def _runs(self) -> tuple[DataMoverRun, ...]:
        """The mover's runs as the cache has them now."""
        return tuple(self._context.caches[RUN].under((self.o.identity.namespace, self.o.identity.name)))

    @property
    def _others_finalizers(self) -> list[JsonValue]:
        return [each for each in self.o.mover.metadata.finalizers if each != FINALIZER]

    async def _change_metadata(self, metadata: JsonObject) -> None:
        self._take_in(await self._context.writer.metadata(MOVER, self._raw, metadata))

    def _take_in(self, raw: JsonObject) -> None:
        """Continue from the API server's answer, unless the spec has changed meanwhile."""
        entry = self._context.caches[MOVER].put(raw)
        mover, meta = entry.model, self.o.mover.metadata
        if (mover.metadata.uid, mover.metadata.generation) != (meta.uid, meta.generation):
            raise KubeError(409, "Conflict", "the object changed during the pass")
        self._raw = entry.raw
        self.o = changed(self.o, mover=mover)

    def _tell(self, note: Note) -> None:
        self._context.events.tell(self._raw, note.reason, note.message, warning=note.warning)
