"""One pass over one run: carries its steps out, and keeps what it learns."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace

from pydantic import JsonValue

from datamover_crds import DataMover, DataMoverRun, DataMoverRunStatus, DataMoverStatus, JsonObject, dump
from datamover_crds.contract import CLAIM_ANNOTATION, FINAL_PHASES, FINALIZER
from datamover_operator.aws.failure import AwsError, Failure, FailureKind
from datamover_operator.aws.ports import Aws, send_before
from datamover_operator.controller.context import Context
from datamover_operator.controller.plan.conditions import timestamp
from datamover_operator.kube.cache import Entry
from datamover_operator.kube.client import KubeError
from datamover_operator.movers.memory import Memories
from datamover_operator.movers.reads import or_none
from datamover_operator.movers.wake import wake_mover
from datamover_operator.runs.executions import ExecutionCache
from datamover_operator.runs.kind import RUN
from datamover_operator.runs.memory import RunMemory
from datamover_operator.runs.mover_status import change_mover
from datamover_operator.runs.plan.claims import belonging, claimed, released
from datamover_operator.runs.plan.observed import FailedStep, ObservedRun
from datamover_operator.runs.plan.ownership import Claim
from datamover_operator.runs.plan.steps import (
    AwsRunStep,
    CancelRun,
    ClaimMover,
    ClaimRun,
    FreeRun,
    KubeRunStep,
    LimitBandwidth,
    Own,
    Protect,
    ReleaseMover,
    RunStep,
    Start,
    Unclaim,
)

_BUSY = frozenset({"RUNNING", "QUEUED"})
_BAD_ENDS = frozenset({"Failed", "Rejected", "Unknown"})

Change = Callable[[DataMoverStatus], DataMoverStatus]


@dataclass(frozen=True, slots=True)
class RunKnowledge:
    """What this process knows beside what is stored: of the run, of executions, of what movers have to look at."""

    memory: RunMemory
    executions: ExecutionCache
    movers: Memories


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
        self._executions = knowledge.executions
        self._movers = knowledge.movers
        self._raw = entry.raw
        self._aws = aws

    async def take(self, step: RunStep) -> None:
        """Carry one step out."""
        if isinstance(step, KubeRunStep):
            await self._write(step)
        else:
            await self._call(step)

    async def record(self, status: DataMoverRunStatus) -> None:
        """Write the run's status, and tell what is new in it."""
        before = self.o.run.status
        self._take_in(await self._context.writer.status(RUN, self._raw, dump(status)))
        if status.execution_arn != before.execution_arn and self.o.mover is not None:
            wake_mover(self._context, self._movers, self.o.mover)
        meta, mover, phase = self.o.run.metadata, self.o.run.spec.mover_ref.name, status.phase
        if phase in FINAL_PHASES and before.phase not in FINAL_PHASES:
            moved = status.counters.bytes_transferred if status.counters is not None else None
            self._context.metrics.run_ended(meta.namespace, mover, phase, moved or 0)
        self._tell(before, status)

    def _tell(self, before: DataMoverRunStatus, after: DataMoverRunStatus) -> None:
        """An Event for each new phase, and for what somebody has to change."""
        hindrance = _stalled(after)
        if after.phase != before.phase and after.phase is not None:
            is_bad = after.phase in _BAD_ENDS or (hindrance and after.phase not in FINAL_PHASES)
            self._context.events.tell(self._raw, after.phase, after.message or after.phase, warning=bool(is_bad))
        elif hindrance and hindrance != _stalled(before):
            self._context.events.tell(self._raw, after.reason or "Stalled", hindrance, warning=True)

    async def _write(self, step: KubeRunStep) -> None:
        match step:
            case Own():
                await self._change_metadata(self._belonging())
            case Protect():
                await self._change_metadata(self._belonging() | {"finalizers": self._finalizers(FINALIZER)})
            case ClaimMover():
                now, run = timestamp(self._context.clock.now()), self.o.run
                await self._change_mover(lambda status: claimed(status, run, step.execution_arn, now))
            case ReleaseMover():
                run, before = self.o.run, self._mover.status
                await self._change_mover(lambda status: released(status, run))
                if self._mover.status != before:
                    wake_mover(self._context, self._movers, self._mover)
            case ClaimRun():
                await self._claim_run()
            case Unclaim():
                await self._change_metadata({"annotations": {CLAIM_ANNOTATION: None}})
                self.o = replace(self.o, claim=None, may_send=False)
            case FreeRun():
                await self._context.writer.metadata(RUN, self._raw, {"finalizers": self._finalizers()})
                self.released = True

    async def _claim_run(self) -> None:
        settings = self._context.settings
        claim = Claim(self.o.nonce, self._mover.metadata.uid)
        text = json.dumps({"nonce": claim.nonce, "moverUid": claim.mover_uid})
        send_before.set(self._context.clock.tick() + settings.settling_seconds - settings.aws_call_timeout_seconds)
        self._memory.void_nonce = claim.nonce  # it may stand there, but nothing has been sent yet
        marks: JsonObject = {"finalizers": self._finalizers(FINALIZER), "annotations": {CLAIM_ANNOTATION: text}}
        await self._change_metadata(self._belonging() | marks)
        self.o = replace(self.o, claim=claim, may_send=True)

    async def _call(self, step: AwsRunStep) -> None:
        """What AWS does not carry out becomes a failed_step: the plan says what follows from it."""
        assert self._aws is not None  # noqa: S101 - without a way in there are no such steps
        try:
            match step:
                case Start():
                    await self._start(step, self._aws)
                case CancelRun():
                    await self._aws.datasync.cancel_task_execution(step.execution_arn)
                    self._memory.cancelled = step.execution_arn
                    self.o = replace(self.o, cancel_sent=True)
                case LimitBandwidth():
                    await self._aws.datasync.update_task_execution(step.execution_arn, step.bytes_per_second)
                    options = {**_options(self.o.execution), "bytesPerSecond": step.bytes_per_second}
                    self.o = replace(self.o, execution={**(self.o.execution or {}), "options": options})
        except AwsError as error:
            if error.failure.kind is FailureKind.UNKNOWN_OUTCOME:
                raise
            await self._failed(step, error.failure, self._aws)
        else:
            self.o = replace(self.o, failed_step=None)

    async def _start(self, step: Start, aws: Aws) -> None:
        self._memory.void_nonce = None
        self.o = replace(self.o, may_send=False)
        arn = await aws.datasync.start_task_execution(step.request)
        self._memory.started = arn
        self.o = replace(self.o, execution_arn=arn)

    async def _failed(self, step: AwsRunStep, failure: Failure, aws: Aws) -> None:
        """What DataSync says of a task that is busy, or an execution that has ended, is not published: look at them."""
        self.o = replace(self.o, failed_step=FailedStep(step, failure))
        if not isinstance(step, Start):
            await self._look(step.execution_arn, aws)
            return
        claim, mover = self.o.claim, self._mover
        if claim is not None:
            self._memory.void_nonce = claim.nonce
        self.o = replace(self.o, claim=None, failed_step=FailedStep(step, failure, await _is_busy(aws, mover)))
        if failure.kind is FailureKind.NOT_FOUND:
            self._movers.of(mover.metadata.uid).everything.request()
        wake_mover(self._context, self._movers, mover)

    async def _look(self, arn: str, aws: Aws) -> None:
        try:
            described = await or_none(aws.datasync.describe_task_execution(arn))
        except AwsError:
            return  # the poller asks again soon
        self._executions.put(arn, described)
        self.o = replace(self.o, execution=described, execution_gone=described is None)

    async def _change_mover(self, change: Change) -> None:
        self.o = replace(self.o, mover=await change_mover(self._context, self._mover, change))

    async def _change_metadata(self, metadata: JsonObject) -> None:
        self._take_in(await self._context.writer.metadata(RUN, self._raw, metadata))

    def _belonging(self) -> JsonObject:
        assert self.o.identity is not None  # noqa: S101 - a run belongs to a mover
        return belonging(self.o.identity, self.o.run.metadata)

    def _finalizers(self, *ours: str) -> list[JsonValue]:
        return [*(each for each in self.o.run.metadata.finalizers if each != FINALIZER), *ours]

    @property
    def _mover(self) -> DataMover:
        assert self.o.mover is not None  # noqa: S101 - the plan looks for it first
        return self.o.mover

    def _take_in(self, raw: JsonObject) -> None:
        entry = self._context.caches[RUN].put(raw)
        if entry.uid != self.o.run.metadata.uid:
            raise KubeError(409, "Conflict", "the run has been made anew under its name")
        self._raw = entry.raw
        self.o = replace(self.o, run=entry.model)


async def _is_busy(aws: Aws, mover: DataMover) -> bool:
    try:
        task = await or_none(aws.datasync.describe_task(str(mover.status.task_arn)))
    except AwsError:
        return False
    return task is not None and task.get("status") in _BUSY


def _options(execution: JsonObject | None) -> JsonObject:
    options = (execution or {}).get("options")
    return options if isinstance(options, dict) else {}


def _stalled(status: DataMoverRunStatus) -> str:
    return next((each.message for each in status.conditions if each.type == "Stalled" and each.status == "True"), "")
