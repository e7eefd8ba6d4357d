"""One pass over one run: carries its steps out, and keeps what it learns."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import structlog

from datamover_crds import DataMoverRun, DataMoverRunStatus, DataMoverStatus, JsonObject, dump
from datamover_operator.aws.errors import AwsError
from datamover_operator.kube.cache import Entry
from datamover_operator.kube.client import KubeError
from datamover_operator.kube.resources import Kind
from datamover_operator.planning.claims import belonging, claimed, released
from datamover_operator.planning.conditions import timestamp
from datamover_operator.planning.failure import Failure, FailureKind
from datamover_operator.planning.history import FINAL_PHASES
from datamover_operator.planning.names import CLAIM_ANNOTATION, FINALIZER
from datamover_operator.planning.run_steps import (
    AnnounceCancel,
    CancelRun,
    ClaimMover,
    ClaimRun,
    FreeRun,
    LimitBandwidth,
    Own,
    ReleaseMover,
    RunStep,
    Start,
)
from datamover_operator.planning.runs import Claim, ObservedRun
from datamover_operator.working.intake import wake_runs
from datamover_operator.working.office import Desk, Office
from datamover_operator.working.ports import Aws, send_before
from datamover_operator.working.reading import or_none

_BUSY = frozenset({"RUNNING", "QUEUED"})
_TRIES = 5
_log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Starts:
    """What this process knows of starts, by the run's uid.

    `unsent` holds the nonce of a claim whose start has not been sent, `void` that of one whose start certainly had no
    effect, `started` the execution that a start made, `cancelled` the one whose cancel has been accepted.
    """

    unsent: dict[str, str] = field(default_factory=dict)
    void: dict[str, str] = field(default_factory=dict)
    started: dict[str, str] = field(default_factory=dict)
    cancelled: dict[str, str] = field(default_factory=dict)

    def forget(self, uid: str) -> None:
        """The run is gone."""
        for known in (self.unsent, self.void, self.started, self.cancelled):
            known.pop(uid, None)


class RunPass:
    """Holds one pass' knowledge (`o`) and the stored object it goes on from. Methods raise KubeError, AwsError."""

    def __init__(
        self,
        office: Office,
        starts: Starts,
        entry: Entry[DataMoverRun],
        o: ObservedRun,
        aws: Aws | None,
    ) -> None:
        """Start from the object in `entry`, as observed in `o`."""
        self.o = o
        self.released = False
        self._office = office
        self._starts = starts
        self._raw = entry.raw
        self._aws = aws

    async def take(self, step: RunStep) -> None:
        """Carry one step out."""
        match step:
            case Own():
                self._take_in(await self._office.writer.metadata(Kind.RUN, self._raw, self._belonging()))
            case ClaimMover():
                await self._claim_mover(step)
            case ClaimRun():
                await self._claim_run()
            case Start():
                await self._start(step)
            case AnnounceCancel():
                await self.record(step.status)
            case CancelRun():
                await self._cancel(step)
            case LimitBandwidth():
                await self._limit(step)
            case ReleaseMover():
                await self._release_mover()
            case FreeRun():
                finalizers = [each for each in self.o.run.metadata.finalizers if each != FINALIZER]
                await self._office.writer.metadata(Kind.RUN, self._raw, {"finalizers": list(finalizers)})
                self.released = True

    async def record(self, status: DataMoverRunStatus) -> None:
        """Write the run's status, and an Event where its phase is new."""
        before, known = self.o.run.status.phase, self.o.run.status.execution_arn
        self._take_in(await self._office.writer.status(Kind.RUN, self._raw, dump(status)))
        if status.execution_arn != known and self.o.mover is not None:
            self._wake_mover()
        if status.phase in FINAL_PHASES and before not in FINAL_PHASES:
            moved = status.counters.bytes_transferred if status.counters is not None else None
            meta = self.o.run.metadata
            mover = self.o.run.spec.mover_ref.name
            self._office.metrics.run_ended(meta.namespace, mover, status.phase, moved or 0)
        if status.phase != before and status.phase is not None:
            is_bad = status.phase in {"Failed", "Rejected", "Unknown"}
            self._office.events.tell(self._raw, status.phase, status.message or status.phase, warning=is_bad)

    async def _claim_mover(self, step: ClaimMover) -> None:
        now, run = timestamp(self._office.clock.now()), self.o.run
        await self._change_mover(lambda status: claimed(status, run, step.execution_arn, now))

    async def _claim_run(self) -> None:
        assert self.o.mover is not None  # noqa: S101 - the plan claims the mover first
        settings, uid = self._office.settings, self.o.run.metadata.uid
        claim = Claim(self.o.nonce, self.o.mover.metadata.uid)
        text = json.dumps({"nonce": claim.nonce, "moverUid": claim.mover_uid})
        finalizers = [*(each for each in self.o.run.metadata.finalizers if each != FINALIZER), FINALIZER]
        wanted = self._belonging() | {"finalizers": list(finalizers), "annotations": {CLAIM_ANNOTATION: text}}
        send_before.set(self._office.clock.tick() + settings.settling_seconds - settings.aws_call_timeout_seconds)
        try:
            self._take_in(await self._office.writer.metadata(Kind.RUN, self._raw, wanted))
        except KubeError:
            self._starts.void[uid] = claim.nonce  # it may stand there, but nothing has been sent under it
            raise
        self._starts.unsent[uid] = claim.nonce
        self.o = replace(self.o, claim=claim, may_send=True)

    async def _start(self, step: Start) -> None:
        assert self._aws is not None  # noqa: S101 - without a way in nothing is started
        uid = self.o.run.metadata.uid
        nonce = self._starts.unsent.pop(uid)
        try:
            arn = await self._aws.datasync.start_task_execution(step.request)
        except AwsError as error:
            if error.failure.kind is FailureKind.UNKNOWN_OUTCOME:
                raise
            self._starts.void[uid] = nonce
            if error.failure.kind.passes:
                raise
            await self._refused(error.failure)
            return
        self._starts.started[uid] = arn
        self.o = replace(self.o, execution_arn=arn, may_send=False)

    async def _refused(self, failure: Failure) -> None:
        """What DataSync says of a task that is busy is not published: its state tells."""
        assert self._aws is not None  # noqa: S101 - it has just refused
        assert self.o.mover is not None  # noqa: S101 - nothing else is started
        task = await or_none(self._aws.datasync.describe_task(str(self.o.mover.status.task_arn)))
        is_busy = task is not None and task.get("status") in _BUSY
        self.o = replace(self.o, claim=None, failure=failure, task_is_busy=is_busy)
        self._wake_mover()

    async def _cancel(self, step: CancelRun) -> None:
        if self._aws is None:
            return
        try:
            await self._aws.datasync.cancel_task_execution(step.execution_arn)
        except AwsError as error:
            if error.failure.kind not in {FailureKind.NOT_FOUND, FailureKind.CONFLICT}:
                raise
            self.o = replace(self.o, execution=None)
            return
        self._starts.cancelled[self.o.run.metadata.uid] = step.execution_arn
        self.o = replace(self.o, cancel_sent=True)

    async def _limit(self, step: LimitBandwidth) -> None:
        if self._aws is not None:
            await self._aws.datasync.update_task_execution(step.execution_arn, step.bytes_per_second)
        options = {**_options(self.o.execution), "bytesPerSecond": step.bytes_per_second}
        self.o = replace(self.o, execution={**(self.o.execution or {}), "options": options})

    async def _release_mover(self) -> None:
        run = self.o.run
        await self._change_mover(lambda status: released(status, run))
        self._wake_mover()

    async def _change_mover(self, change: Callable[[DataMoverStatus], DataMoverStatus]) -> None:
        """Change the mover's status by compare-and-swap, on the newest version."""
        assert self.o.mover is not None  # noqa: S101 - the plan looks for it first
        meta = self.o.mover.metadata
        for _ in range(_TRIES):
            entry = self._office.caches.movers.get(meta.uid)
            if entry is None:
                raise KubeError(404, "NotFound", "the mover is gone")
            mover = entry.model
            status = change(mover.status)
            if status == mover.status:
                self.o = replace(self.o, mover=mover)
                return
            try:
                await self._office.writer.status(Kind.MOVER, entry.raw, dump(status))
            except KubeError as error:
                if not error.is_conflict:
                    raise
                await self._office.writer.read(Kind.MOVER, meta.namespace, meta.name)
            else:
                self.o = replace(self.o, mover=mover.model_copy(update={"status": status}))
                return
        raise KubeError(409, "Conflict", "the mover is written by others all the time")

    def _belonging(self) -> JsonObject:
        assert self.o.identity is not None  # noqa: S101 - a run belongs to a mover
        return belonging(self.o.identity, self.o.run.metadata)

    def _wake_mover(self) -> None:
        """The task's state has changed: have the mover described, and the runs that wait for it looked at."""
        assert self.o.mover is not None  # noqa: S101 - it has just been claimed or released
        meta = self.o.mover.metadata
        self._office.memories.of(meta.uid).must_describe = True
        self._office.queue.add((Desk.MOVER, meta.uid))
        wake_runs(self._office.caches, self._office.queue, meta.namespace, meta.name)

    def _take_in(self, raw: JsonObject) -> None:
        entry = self._office.caches.runs.put(raw)
        if entry.uid != self.o.run.metadata.uid:
            raise KubeError(409, "Conflict", "the run has been made anew under its name")
        self._raw = entry.raw
        self.o = replace(self.o, run=entry.model)


def _options(execution: JsonObject | None) -> JsonObject:
    options = (execution or {}).get("options")
    return options if isinstance(options, dict) else {}
