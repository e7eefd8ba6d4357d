"""The reconcile loop of one run: claims, one start, and what the poller sees of it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import structlog

from datamover_crds import DataMover, DataMoverRun, DataMoverRunStatus, dump
from datamover_crds.contract import FINAL_PHASES
from datamover_operator.accounts.connections import AccountBook
from datamover_operator.aws.failure import AwsError
from datamover_operator.aws.ports import Aws
from datamover_operator.controller.context import Desk, Office
from datamover_operator.controller.plan.conditions import Judge
from datamover_operator.kube.cache import Entry
from datamover_operator.kube.client import KubeError
from datamover_operator.kube.resources import Kind
from datamover_operator.movers.plan.names import Identity
from datamover_operator.movers.recovery import TagIndex, find_execution
from datamover_operator.runs.executor import Ledger, RunPass
from datamover_operator.runs.plan.observed import ObservedRun, Setback
from datamover_operator.runs.plan.ownership import Claim, bound_uid, claim_of, execution_of
from datamover_operator.runs.plan.planner import plan_run
from datamover_operator.runs.plan.steps import RunPlan, Start
from datamover_operator.runs.poller import Board

_MAX_ROUNDS = 20
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Rest:
    """A step is not tried again before `until`, in this process' monotonic seconds."""

    setback: Setback
    until: float


class Runs:
    """Reconciles runs, one pass at a time for each."""

    def __init__(self, office: Office, book: AccountBook, board: Board) -> None:
        """`board` holds what the poller has seen."""
        self._office = office
        self._book = book
        self._ledger = Ledger(board)
        self._index = TagIndex()
        self._written: dict[str, float] = {}
        self._doubt_since: dict[str, tuple[str, float]] = {}
        self._rests: dict[str, _Rest] = {}

    async def reconcile(self, uid: str) -> None:
        """Bring one run further."""
        office, key = self._office, (Desk.RUN, uid)
        entry = office.caches.runs.get(uid)
        if entry is None:
            self._forget(uid)
            return
        run = entry.model
        try:
            await (self._refuse(entry) if entry.problem and not _has_begun(run) else self._pass(entry, run))
        except AwsError as error:
            _log.info("AWS gave no answer to a start", error=str(error))
            office.queue.retry(key)
        except KubeError as error:
            _log.info("a write was refused", error=str(error))
            await self._read_anew(entry)
            if error.is_conflict:
                office.queue.add(key)
            else:
                office.queue.retry(key)

    async def _pass(self, entry: Entry[DataMoverRun], run: DataMoverRun) -> None:
        o, aws = await self._observe(run)
        work = RunPass(self._office, self._ledger, entry, o, aws)
        try:
            plan = await self._drive(work)
        finally:
            rests = self._rest(work.o)
        if plan.retry:
            self._office.queue.retry((Desk.RUN, run.metadata.uid))
        elif not rests:
            self._office.queue.succeeded((Desk.RUN, run.metadata.uid))

    async def _drive(self, work: RunPass) -> RunPlan:
        """Plan, record and carry out until nothing can be done now."""
        for _ in range(_MAX_ROUNDS):
            plan = plan_run(work.o, self._office.clock.now())
            has_ended = plan.status is not None and await self._record(work, plan.status)
            if not plan.steps and not has_ended:
                return plan
            for step in plan.steps:
                await work.take(step)
            if work.released:
                return RunPlan()
        _log.warning("a pass was ended", rounds=_MAX_ROUNDS)
        return RunPlan(retry=True)

    async def _refuse(self, entry: Entry[DataMoverRun]) -> None:
        """A stored object that its model does not accept is not started. One that is under way is followed."""
        run = entry.model
        judge = Judge(run.status.conditions, run.metadata.generation, self._office.clock.now())
        conditions = judge.stalled("InvalidObject", entry.problem)
        status = run.status.model_copy(
            update={"conditions": conditions, "observed_generation": run.metadata.generation}
        )
        if status != run.status:
            await self._office.writer.status(Kind.RUN, entry.raw, dump(status))

    async def _record(self, work: RunPass, status: DataMoverRunStatus) -> bool:
        """Write the status if it is new and its time has come; return whether the run has just ended by it."""
        stored, uid = work.o.run.status, work.o.run.metadata.uid
        if status == stored:
            return False
        pace = self._office.settings.run_status_pace_seconds
        wait = self._written.get(uid, 0.0) + pace - self._office.clock.tick()
        if status.phase == stored.phase and wait > 0:
            self._office.queue.add_after((Desk.RUN, uid), wait)
            return False
        await work.record(status)
        self._written[uid] = self._office.clock.tick()
        return status.phase in FINAL_PHASES

    def _rest(self, o: ObservedRun) -> bool:
        """Let a step rest that AWS did not carry out; longer where that will not pass by itself.

        A start rests a minute at most: until it is made, the run has not even begun. Return whether one rests.
        """
        queue, uid, tick = self._office.queue, o.run.metadata.uid, self._office.clock.tick()
        key, rest = (Desk.RUN, uid), self._rests.get(uid)
        if o.setback is None or o.run.status.phase in FINAL_PHASES:
            self._rests.pop(uid, None)
            return False
        if rest is None or rest.setback is not o.setback:
            is_long = o.setback.failure.kind.lasts and not isinstance(o.setback.step, Start)
            delay = self._office.settings.refused_retry_seconds if is_long else queue.retry(key)
            rest = self._rests[uid] = _Rest(o.setback, tick + delay)
        queue.add_after(key, rest.until - tick)
        return True

    async def _observe(self, run: DataMoverRun) -> tuple[ObservedRun, Aws | None]:
        uid = run.metadata.uid
        mover, is_gone = await self._mover_of(run)
        aws = self._book.way_into(mover.spec.account_ref.name) if mover is not None else None
        claim = claim_of(run)
        if claim is not None and self._ledger.void.get(uid) == claim.nonce:
            claim = None
        arn = execution_of(run) or self._ledger.started.get(uid)
        rest = self._rests.get(uid)
        o = ObservedRun(
            run=run,
            mover=mover,
            identity=self._identity(mover),
            nonce=self._office.nonce(),
            mover_gone=is_gone,
            claim=claim,
            execution_arn=arn,
            execution=self._ledger.board.read(arn),
            cancel_sent=arn is not None and self._ledger.cancelled.get(uid) == arn,
            execution_gone=self._ledger.board.is_posted(arn) and self._ledger.board.read(arn) is None,
            setback=rest.setback if rest is not None and self._office.clock.tick() < rest.until else None,
            connected=aws is not None,
        )
        if arn is None and claim is not None and run.status.phase not in FINAL_PHASES:
            return await self._look_up(o, claim, aws), aws
        return o, aws

    async def _look_up(self, o: ObservedRun, claim: Claim, aws: Aws | None) -> ObservedRun:
        """Look for the execution of a start whose outcome nobody knows."""
        uid, tick = o.run.metadata.uid, self._office.clock.tick()
        nonce, first_seen = self._doubt_since.get(uid, ("", tick))
        if nonce != claim.nonce:
            first_seen = tick
        self._doubt_since[uid] = (claim.nonce, first_seen)
        task = o.mover.status.task_arn if o.mover is not None else None
        if aws is None or task is None:
            return replace(o, settled=False)
        try:
            found = await find_execution(aws, self._index, task, claim.nonce)
        except AwsError as error:
            return replace(o, settled=False, search_failure=error.failure)
        if found is not None:
            self._ledger.started[uid] = found
            return replace(o, execution_arn=found)
        return replace(o, settled=tick - first_seen >= self._office.settings.settling_seconds)

    async def _mover_of(self, run: DataMoverRun) -> tuple[DataMover | None, bool]:
        """The mover that the run belongs to, and whether it is gone: only the API server can tell. Raises KubeError."""
        namespace, name, bound = run.metadata.namespace, run.spec.mover_ref.name, bound_uid(run)
        matters = run.status.phase not in FINAL_PHASES and (bound is not None or run.metadata.deletion_timestamp)
        entry = self._named(namespace, name, bound)
        if entry is None and matters:
            await self._office.writer.read(Kind.MOVER, namespace, name)
            entry = self._named(namespace, name, bound)
        return entry.model if entry is not None else None, entry is None and bool(matters)

    def _named(self, namespace: str, name: str, uid: str | None) -> Entry[DataMover] | None:
        entry = self._office.caches.movers.named(namespace, name)
        return entry if entry is not None and uid in {None, entry.uid} else None

    def _identity(self, mover: DataMover | None) -> Identity | None:
        if mover is None:
            return None
        meta = mover.metadata
        return Identity(meta.uid, self._office.cluster_id, meta.namespace, meta.name)

    async def _read_anew(self, entry: Entry[DataMoverRun]) -> None:
        namespace, name = str(entry.metadata["namespace"]), str(entry.metadata["name"])
        try:
            await self._office.writer.read(Kind.RUN, namespace, name)
        except KubeError as error:
            _log.info("a run could not be read", error=str(error))

    def _forget(self, uid: str) -> None:
        self._office.queue.forget((Desk.RUN, uid))
        self._ledger.forget(uid)
        for known in (self._written, self._doubt_since, self._rests):
            known.pop(uid, None)


def _has_begun(run: DataMoverRun) -> bool:
    """Whether there is, or may be, an execution."""
    return execution_of(run) is not None or claim_of(run) is not None
