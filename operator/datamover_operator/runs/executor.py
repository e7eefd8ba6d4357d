"""One pass over one run: carries its steps out, and keeps what it learns."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import assert_never

from pydantic import JsonValue

from datamover_common.kube.errors import KubeError
from datamover_crds import DataMover, DataMoverRun, DataMoverRunStatus, DataMoverStatus, JsonObject, dump
from datamover_crds.contract import CANCEL_ANNOTATION, CLAIM_ANNOTATION, ENDED_ANNOTATION, FINALIZER, RETRIED_ANNOTATION
from datamover_operator.aws.ports import Aws, send_before
from datamover_operator.controller.context import Context
from datamover_operator.controller.plan.conditions import seconds_between, timestamp
from datamover_operator.kube.kinds import Entry
from datamover_operator.movers.kind import MOVER
from datamover_operator.movers.memory import Memories
from datamover_operator.movers.plan.names import Identity
from datamover_operator.movers.wake import wake_mover
from datamover_operator.runs.aws_steps import AwsSteps
from datamover_operator.runs.errands import Errands
from datamover_operator.runs.executions import ExecutionCache
from datamover_operator.runs.kind import RUN
from datamover_operator.runs.memory import RunMemory
from datamover_operator.runs.mover_status import change_mover
from datamover_operator.runs.notifying import with_notifications
from datamover_operator.runs.objects import annotate_run, create_run
from datamover_operator.runs.plan.after import after
from datamover_operator.runs.plan.cancelling import dump_cancellation
from datamover_operator.runs.plan.claims import belonging, claimed, released
from datamover_operator.runs.plan.errands import Errand
from datamover_operator.runs.plan.news import (
    has_just_ended,
    has_new_execution,
    is_refused,
    mover_notes,
    new_refusal,
    notes_of,
    with_percent,
)
from datamover_operator.runs.plan.observed import ObservedRun
from datamover_operator.runs.plan.ownership import Claim, dump_claim
from datamover_operator.runs.plan.retries import retry_object
from datamover_operator.runs.plan.started import taken_from
from datamover_operator.runs.plan.steps import (
    ClaimMover,
    ClaimRun,
    Close,
    CreateRetry,
    Expire,
    FreeRun,
    KubeRunStep,
    MarkCancelled,
    Own,
    Protect,
    ReleaseMover,
    RunErrand,
    RunObjectStep,
    RunStep,
    Unclaim,
    WakeMover,
)

Change = Callable[[DataMoverStatus], DataMoverStatus]


@dataclass(frozen=True, slots=True)
class RunKnowledge:
    """What this process knows beside what is stored: of the run, of executions, of what movers have to look at."""

    memory: RunMemory
    executions: ExecutionCache
    movers: Memories
    errands: Errands


class RunPass:
    """Holds one pass' knowledge (`o`) and the stored object it goes on from. Methods raise KubeError, AwsError."""

    def __init__(
        self, context: Context, knowledge: RunKnowledge, entry: Entry[DataMoverRun], o: ObservedRun, aws: Aws | None
    ) -> None:
        """Start from the object in `entry`, as observed in `o`."""
        self.o = o
        self.released = False
        self._context = context
        self._memory = knowledge.memory
        self._aws_steps = AwsSteps(knowledge.memory, knowledge.executions, context.clock)
        self._movers = knowledge.movers
        self._errands = knowledge.errands
        self._raw = entry.raw
        self._aws = aws

    async def take(self, step: RunStep) -> None:
        """Carry one step out."""
        if isinstance(step, RunObjectStep):
            await self._change_runs(step)
        elif isinstance(step, KubeRunStep):
            await self._write(step)
        elif isinstance(step, WakeMover):
            self._wake_mover(step)
        elif isinstance(step, RunErrand):
            self._begin(step.errand)
        else:
            assert self._aws is not None  # noqa: S101 - without a way in there are no such steps
            self.o = after(self.o, await self._aws_steps.take(step, self._aws))
            self._memory.is_movers = self.o.is_movers

    async def record(self, status: DataMoverRunStatus) -> None:
        """Write the run's status, and tell what is new in it."""
        before = self.o.run.status
        status = with_notifications(self._context, self.o, status)
        self._take_in(await self._context.writer.status(RUN, self._raw, dump(status)))
        is_news = has_new_execution(before, status) or is_refused(before) != is_refused(status)
        if is_news and self.o.mover is not None:
            wake_mover(self._context, self._movers, self.o.mover)
        namespace, mover = self.o.run.metadata.namespace, self.o.run.spec.mover_ref.name
        if (reason := new_refusal(before, status)) and self.o.mover is not None:
            self._context.metrics.refused_starts.refused(namespace, mover, reason)
        if has_just_ended(before, status):
            moved = status.counters.bytes_transferred if status.counters is not None else None
            seconds = seconds_between(status.start_time, status.completion_time)
            self._context.metrics.run_ended(namespace, mover, status.phase or "Unknown", moved or 0, seconds)
        await self._tell(before, status)

    async def _tell(self, before: DataMoverRunStatus, after: DataMoverRunStatus) -> None:
        """Tell what is new in Events, on the mover, too; and on the mover how far its run has got."""
        run, mover = self.o.run, self.o.mover
        for note in notes_of(before, after):
            self._context.events.tell(self._raw, note.reason, note.message, warning=note.warning)
        entry = self._context.caches[MOVER].get(mover.metadata.uid) if mover is not None else None
        if mover is None or entry is None:
            return
        for note in mover_notes(run, before, after):
            self._context.events.tell(entry.raw, note.reason, note.message, warning=note.warning)
        await self._change_mover(lambda status: with_percent(status, run))

    async def _change_runs(self, step: RunObjectStep) -> None:
        match step:
            case MarkCancelled():
                mark: JsonObject = {CANCEL_ANNOTATION: dump_cancellation(step.why)}
                if step.run.metadata.uid == self.o.run.metadata.uid:
                    await self._change_metadata({"annotations": mark})
                else:
                    await annotate_run(self._context, step.run, mark)
                    self.o = replace(self.o, holder=None)
            case CreateRetry():
                if await create_run(self._context, retry_object(self._identity, self.o.run, step.name)):
                    await self._change_metadata({"annotations": {RETRIED_ANNOTATION: step.name}})
                else:
                    self.released = True
            case Expire():
                meta = self.o.run.metadata
                await self._context.writer.delete(RUN, meta.namespace, meta.name, meta.uid)
                self.released = True
            case _:
                assert_never(step)

    async def _write(self, step: KubeRunStep) -> None:
        match step:
            case Own():
                await self._change_metadata(self._belonging())
            case Protect():
                await self._change_metadata(self._belonging() | {"finalizers": self._finalizers(FINALIZER)})
            case ClaimMover():
                now, run = timestamp(self._context.clock.now()), self.o.run
                await self._change_mover(lambda status: claimed(status, run, step, now))
            case ReleaseMover():
                run = self.o.run
                await self._change_mover(lambda status: released(status, run))
                wake_mover(self._context, self._movers, self._mover)
            case ClaimRun():
                await self._claim_run()
            case Close():
                mark: JsonObject = {"annotations": {ENDED_ANNOTATION: step.reason}}
                await self._change_metadata((self._belonging() if self.o.identity is not None else {}) | mark)
            case Unclaim():
                await self._change_metadata({"annotations": {CLAIM_ANNOTATION: None}})
                self.o = replace(self.o, claim=None, may_send=False)
            case FreeRun():
                self.released = self.o.run.metadata.deletion_timestamp is not None
                answer = await self._context.writer.metadata(RUN, self._raw, {"finalizers": self._finalizers()})
                if not self.released:
                    self._take_in(answer)
            case _:
                assert_never(step)

    async def _claim_run(self) -> None:
        settings = self._context.settings
        claim = Claim(self.o.nonce, self._mover.metadata.uid)
        send_before.set(self._context.clock.tick() + settings.settling_seconds - settings.aws_call_timeout_seconds)
        self._memory.void_nonce = claim.nonce  # it may stand there, but nothing has been sent yet
        marks: JsonObject = {
            "finalizers": self._finalizers(FINALIZER),
            "annotations": {CLAIM_ANNOTATION: dump_claim(claim, taken_from(self._mover))},
        }
        await self._change_metadata(self._belonging() | marks)
        self.o = replace(self.o, claim=claim, may_send=True)

    def _begin(self, errand: Errand) -> None:
        assert self._aws is not None  # noqa: S101 - as for every step in AWS
        account = self._mover.spec.account_ref.name
        self._errands.begin(self.o.run.metadata.uid, errand, account, self._aws)
        self.o = replace(self.o, errand=errand, outcome=None)

    def _wake_mover(self, step: WakeMover) -> None:
        if step.everything:
            self._movers.of(self._mover.metadata.uid).everything.request()
        wake_mover(self._context, self._movers, self._mover)
        self.o = replace(self.o, mover_woken=True)

    async def _change_mover(self, change: Change) -> None:
        self.o = replace(self.o, mover=await change_mover(self._context, self._mover, change))

    async def _change_metadata(self, metadata: JsonObject) -> None:
        self._take_in(await self._context.writer.metadata(RUN, self._raw, metadata))

    def _belonging(self) -> JsonObject:
        return belonging(self._identity, self.o.run.metadata)

    def _finalizers(self, *ours: str) -> list[JsonValue]:
        return [*(each for each in self.o.run.metadata.finalizers if each != FINALIZER), *ours]

    @property
    def _identity(self) -> Identity:
        assert self.o.identity is not None  # noqa: S101 - a run belongs to a mover
        return self.o.identity

    @property
    def _mover(self) -> DataMover:
        assert self.o.mover is not None  # noqa: S101 - the plan looks for it first
        return self.o.mover

    def _take_in(self, raw: JsonObject) -> None:
        entry = self._context.caches[RUN].put(raw)
        if entry.uid != self.o.run.metadata.uid:
            raise KubeError(409, "Conflict", "the run has been made again under its name")
        self._raw = entry.raw
        self.o = replace(self.o, run=entry.model)
