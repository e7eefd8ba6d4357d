"""The reconcile loop of one run: claims, one start, and what the poller sees of it."""

from __future__ import annotations

import json
from dataclasses import replace

import structlog

from datamover_crds import DataMover, DataMoverRun, DataMoverRunStatus, dump
from datamover_operator.aws.errors import AwsError
from datamover_operator.kube.cache import Entry
from datamover_operator.kube.client import KubeError
from datamover_operator.kube.resources import Kind
from datamover_operator.planning.conditions import Judge
from datamover_operator.planning.history import FINAL_PHASES
from datamover_operator.planning.names import CLAIM_ANNOTATION, Identity
from datamover_operator.planning.run_steps import RunPlan
from datamover_operator.planning.runs import Claim, ObservedRun, plan_run
from datamover_operator.working.book import AccountBook
from datamover_operator.working.doubt import TagIndex, find_execution
from datamover_operator.working.office import Desk, Office
from datamover_operator.working.poller import Board, execution_of
from datamover_operator.working.ports import Aws
from datamover_operator.working.run_apply import RunPass, Starts

_MAX_ROUNDS = 20
_log = structlog.get_logger(__name__)


class Runs:
    """Reconciles runs, one pass at a time for each."""

    def __init__(self, office: Office, book: AccountBook, board: Board) -> None:
        """`board` holds what the poller has seen."""
        self._office = office
        self._book = book
        self._board = board
        self._starts = Starts()
        self._index = TagIndex()
        self._written: dict[str, float] = {}
        self._doubt_since: dict[str, tuple[str, float]] = {}

    async def reconcile(self, uid: str) -> None:
        """Bring one run further."""
        office, key = self._office, (Desk.RUN, uid)
        entry = office.caches.runs.get(uid)
        if entry is None:
            self._forget(uid)
            return
        run = entry.model
        try:
            plan = await (self._refuse(entry) if entry.problem and not _has_begun(run) else self._pass(entry, run))
        except AwsError as error:
            _log.info("AWS refused a call for a run", error=str(error))
            office.queue.retry(key)
        except KubeError as error:
            _log.info("a write was refused", error=str(error))
            await self._read_anew(entry)
            if error.is_conflict:
                office.queue.add(key)
            else:
                office.queue.retry(key)
        else:
            if plan.retry:
                office.queue.retry(key)
            else:
                office.queue.succeeded(key)

    async def _pass(self, entry: Entry[DataMoverRun], run: DataMoverRun) -> RunPlan:
        mover, aws = self._mover_of(run)
        o = await self._observe(run, mover, aws)
        work = RunPass(self._office, self._starts, entry, o, aws)
        for _ in range(_MAX_ROUNDS):
            plan = plan_run(work.o, self._office.clock.now())
            if plan.status is not None and not plan.steps:
                if await self._record(work, plan.status):
                    continue
                return plan
            if not plan.steps:
                return plan
            for step in plan.steps:
                await work.take(step)
            if work.released:
                return plan
        return RunPlan(retry=True)

    async def _refuse(self, entry: Entry[DataMoverRun]) -> RunPlan:
        """A stored object that its model does not accept is not started. One that is under way is followed."""
        run = entry.model
        judge = Judge(run.status.conditions, run.metadata.generation, self._office.clock.now())
        conditions = judge.stalled("InvalidObject", entry.problem)
        status = run.status.model_copy(
            update={"conditions": conditions, "observed_generation": run.metadata.generation}
        )
        if status != run.status:
            await self._office.writer.status(Kind.RUN, entry.raw, dump(status))
        return RunPlan()

    async def _record(self, work: RunPass, status: DataMoverRunStatus) -> bool:
        """Write the status if it is new and its time has come; return whether there is more to do at once."""
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

    async def _observe(self, run: DataMoverRun, mover: Entry[DataMover] | None, aws: Aws | None) -> ObservedRun:
        uid = run.metadata.uid
        model = mover.model if mover is not None else None
        claim = _claim_of(run)
        unsent = self._starts.unsent.get(uid)
        if claim is not None and self._starts.void.get(uid) == claim.nonce:
            claim = None
        arn = execution_of(run) or self._starts.started.get(uid)
        o = ObservedRun(
            run=run,
            mover=model,
            identity=self._identity(model),
            nonce=self._office.nonce(),
            claim=claim,
            may_send=claim is not None and unsent == claim.nonce,
            execution_arn=arn,
            execution=self._board.read(arn),
            cancel_sent=arn is not None and self._starts.cancelled.get(uid) == arn,
            execution_gone=self._board.is_posted(arn) and self._board.read(arn) is None,
            connected=aws is not None,
        )
        if arn is None and claim is not None and not o.may_send and run.status.phase not in FINAL_PHASES:
            return await self._look_up(o, claim, aws)
        return o

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
        found = await find_execution(aws, self._index, task, claim.nonce)
        if found is not None:
            self._starts.started[uid] = found
            return replace(o, execution_arn=found)
        return replace(o, settled=tick - first_seen >= self._office.settings.settling_seconds)

    def _mover_of(self, run: DataMoverRun) -> tuple[Entry[DataMover] | None, Aws | None]:
        mover = self._office.caches.movers.named(run.metadata.namespace, run.spec.mover_ref.name)
        if mover is None:
            return None, None
        return mover, self._book.way_into(mover.model.spec.account_ref.name)

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
        self._starts.forget(uid)
        self._written.pop(uid, None)
        self._doubt_since.pop(uid, None)


def _has_begun(run: DataMoverRun) -> bool:
    """Whether there is, or may be, an execution."""
    return execution_of(run) is not None or CLAIM_ANNOTATION in run.metadata.annotations


def _claim_of(run: DataMoverRun) -> Claim | None:
    """The stored claim; one that can't be read still means that the start may have been sent."""
    text = run.metadata.annotations.get(CLAIM_ANNOTATION)
    if text is None:
        return None
    try:
        claim = json.loads(text)
        return Claim(str(claim["nonce"]), str(claim["moverUid"]))
    except (ValueError, KeyError, TypeError):
        return Claim("", "")
