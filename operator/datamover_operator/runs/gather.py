"""Gathers what planning a run depends on: its mover, its execution, and what a start in doubt may have made."""

from __future__ import annotations

from dataclasses import replace

from datamover_crds import DataMover, DataMoverAccount, DataMoverRun
from datamover_crds.contract import FINAL_PHASES
from datamover_operator.accounts.connections import Connections
from datamover_operator.accounts.kind import ACCOUNT
from datamover_operator.aws.failure import AwsError
from datamover_operator.aws.ports import Aws
from datamover_operator.controller.context import Context
from datamover_operator.kube.kinds import Entry
from datamover_operator.movers.kind import MOVER
from datamover_operator.movers.plan.names import Identity
from datamover_operator.movers.recovery import find_execution
from datamover_operator.movers.tag_index import TagIndex
from datamover_operator.runs.errands import Errands
from datamover_operator.runs.executions import ExecutionCache
from datamover_operator.runs.kind import RUN, active_by_mover
from datamover_operator.runs.memory import RunMemory
from datamover_operator.runs.plan.observed import ObservedRun
from datamover_operator.runs.plan.ownership import Claim, bound_uid, claim_of, execution_of
from datamover_operator.runs.plan.turns import superseded_by, waits_behind


class RunGatherer:
    """Reads what one run depends on."""

    def __init__(
        self, context: Context, connections: Connections, executions: ExecutionCache, errands: Errands
    ) -> None:
        """`executions` holds what the poller has seen, `errands` what is done for runs in S3."""
        self._errands = errands
        self._context = context
        self._connections = connections
        self._executions = executions
        self._index = TagIndex()

    async def gather(self, run: DataMoverRun, memory: RunMemory) -> tuple[ObservedRun, Aws | None]:
        """Return what is known about a run, and the ports of its mover's account. Raises KubeError."""
        mover, is_gone = await self._mover_of(run)
        aws = self._connections.aws_for(mover.spec.account_ref.name) if mover is not None else None
        claim = claim_of(run)
        if claim is not None and memory.void_nonce == claim.nonce:
            claim = None
        arn = execution_of(run) or memory.started
        errand, outcome = self._errands.of(run.metadata.uid)
        o = ObservedRun(
            run=run,
            mover=mover,
            identity=self._identity(mover),
            nonce=self._context.nonce(),
            mover_gone=is_gone,
            claim=claim,
            execution_arn=arn,
            execution=self._executions.get(arn),
            samples=self._executions.samples(arn),
            cancel_sent=arn is not None and memory.cancelled == arn,
            execution_gone=self._executions.has(arn) and self._executions.get(arn) is None,
            failed_step=memory.failed_step if self._context.clock.tick() < memory.retry_at else None,
            connected=aws is not None,
            account=self._account_of(mover),
            errand=errand,
            outcome=outcome,
            is_movers={task: is_movers for task, is_movers in memory.is_movers.items() if is_movers},
        )
        if mover is not None and arn is None and run.status.phase not in FINAL_PHASES:
            o = self._among_others(o, mover)
        if arn is None and claim is not None and run.status.phase not in FINAL_PHASES:
            return await self._look_up(o, claim, aws, memory), aws
        return o, aws

    async def _look_up(self, o: ObservedRun, claim: Claim, aws: Aws | None, memory: RunMemory) -> ObservedRun:
        """Look for the execution of a start whose outcome is unknown."""
        tick = self._context.clock.tick()
        if memory.in_doubt != claim.nonce:
            memory.in_doubt, memory.doubt_since = claim.nonce, tick
        task = o.mover.status.task_arn if o.mover is not None else None
        if aws is None or task is None:
            return replace(o, settled=False)
        try:
            found = await find_execution(aws, self._index, task, claim.nonce)
        except AwsError as error:
            return replace(o, settled=False, search_failure=error.failure)
        if found is not None:
            memory.started = found
            return replace(o, execution_arn=found)
        left = memory.doubt_since + self._context.settings.settling_seconds - tick
        return replace(o, settled=left <= 0, settles_in=max(0.0, left))

    async def _mover_of(self, run: DataMoverRun) -> tuple[DataMover | None, bool]:
        """The mover that the run belongs to, and whether it is gone: only the API server can tell. Raises KubeError."""
        namespace, name, bound = run.metadata.namespace, run.spec.mover_ref.name, bound_uid(run)
        matters = run.status.phase not in FINAL_PHASES and (bound is not None or run.metadata.deletion_timestamp)
        entry = self._named(namespace, name, bound)
        if entry is None and matters:
            await self._context.writer.read(MOVER, namespace, name)
            entry = self._named(namespace, name, bound)
        return entry.model if entry is not None else None, entry is None and bool(matters)

    def _among_others(self, o: ObservedRun, mover: DataMover) -> ObservedRun:
        """Add what the mover's other runs mean for one that has not started."""
        active, current = self._active_runs(o.run), mover.status.current_run
        held = [each for each in active if current is not None and each.metadata.uid == current.uid]
        return replace(
            o,
            superseded_by=superseded_by(o.run, mover, active),
            behind=waits_behind(o.run, mover, active),
            holder=next((each for each in held if each.metadata.uid != o.run.metadata.uid), None),
            active=frozenset(each.metadata.uid for each in active),
        )

    def _active_runs(self, run: DataMoverRun) -> list[DataMoverRun]:
        """The runs of the same mover that have not ended."""
        key = active_by_mover(run.metadata.namespace, run.spec.mover_ref.name)
        return list(self._context.caches[RUN].under(key))

    def _named(self, namespace: str, name: str, uid: str | None) -> Entry[DataMover] | None:
        entry = self._context.caches[MOVER].named(namespace, name)
        return entry if entry is not None and uid in {None, entry.uid} else None

    def _account_of(self, mover: DataMover | None) -> DataMoverAccount | None:
        name = mover.spec.account_ref.name if mover is not None else ""
        entry = self._context.caches[ACCOUNT].named("", name)
        return entry.model if entry is not None else None

    def _identity(self, mover: DataMover | None) -> Identity | None:
        if mover is None:
            return None
        meta = mover.metadata
        return Identity(meta.uid, self._context.cluster_id, meta.namespace, meta.name)
