"""The reconcile loop of one run: claims, one start, and what the poller sees of it."""

from __future__ import annotations

import structlog

from datamover_common.kube.errors import KubeError
from datamover_crds import DataMoverRun, DataMoverRunStatus, dump
from datamover_crds.contract import FINAL_PHASES
from datamover_operator.accounts.connections import Connections
from datamover_operator.aws.failure import AwsError
from datamover_operator.controller.context import Context
from datamover_operator.controller.plan.conditions import ConditionsBuilder
from datamover_operator.kube.kinds import Entry
from datamover_operator.movers.memory import Memories
from datamover_operator.runs.errands import Errands
from datamover_operator.runs.executions import ExecutionCache
from datamover_operator.runs.executor import RunKnowledge, RunPass
from datamover_operator.runs.gather import RunGatherer
from datamover_operator.runs.kind import RUN
from datamover_operator.runs.memory import RunMemories, RunMemory
from datamover_operator.runs.plan.observed import ObservedRun
from datamover_operator.runs.plan.ownership import claim_of, execution_of
from datamover_operator.runs.plan.planner import plan_run
from datamover_operator.runs.plan.steps import RunPlan, Start

_MAX_ROUNDS = 20
_log = structlog.get_logger(__name__)


class RunReconciler:
    """Reconciles runs, one pass at a time for each."""

    def __init__(
        self, context: Context, connections: Connections, executions: ExecutionCache, movers: Memories
    ) -> None:
        """`executions` holds what the poller has seen; `movers` remembers what their movers have to look at."""
        self._context = context
        self.errands = Errands(lambda uid: context.queue.add((RUN, uid)))
        self._gatherer = RunGatherer(context, connections, executions, self.errands)
        self._executions = executions
        self._movers = movers
        self._memories = RunMemories()

    async def reconcile(self, uid: str) -> None:
        """Bring one run a step further."""
        context, key = self._context, (RUN, uid)
        entry = context.caches[RUN].get(uid)
        if entry is None:
            self._forget(uid)
            return
        run = entry.model
        try:
            await (self._refuse(entry) if entry.problem and not _has_begun(run) else self._pass(entry, run))
        except AwsError as error:
            _log.info("no answer from AWS to a start", error=str(error))
            context.queue.retry(key)
        except KubeError as error:
            _log.info("a write failed", error=str(error))
            await self._reread(entry)
            if error.is_conflict:
                context.queue.add(key)
            else:
                context.queue.retry(key)

    async def _pass(self, entry: Entry[DataMoverRun], run: DataMoverRun) -> None:
        memory = self._memories.of(entry.uid)
        o, aws = await self._gatherer.gather(run, memory)
        work = RunPass(self._context, RunKnowledge(memory, self._executions, self._movers, self.errands), entry, o, aws)
        try:
            plan = await self._drive(work, memory)
        finally:
            rests = self._rest(work.o, memory)
        if plan.retry:
            self._context.queue.retry((RUN, run.metadata.uid))
        elif not rests:
            self._context.queue.succeeded((RUN, run.metadata.uid))
        if plan.again_at is not None:
            seconds = max(1.0, (plan.again_at - self._context.clock.now()).total_seconds())
            self._context.queue.add_after((RUN, run.metadata.uid), seconds)

    async def _drive(self, work: RunPass, memory: RunMemory) -> RunPlan:
        """Plan, record and carry out until nothing can be done now."""
        for _ in range(_MAX_ROUNDS):
            plan = plan_run(work.o, self._context.clock.now())
            has_ended = plan.status is not None and await self._record(work, plan.status, memory)
            if not plan.steps and not has_ended:
                return plan
            for step in plan.steps:
                await work.take(step)
            if work.released:
                return RunPlan()
        _log.warning("a pass took too many rounds; continuing later", rounds=_MAX_ROUNDS)
        return RunPlan(retry=True)

    async def _refuse(self, entry: Entry[DataMoverRun]) -> None:
        """A stored object that its model does not accept is not started. One that is under way is followed."""
        run = entry.model
        builder = ConditionsBuilder(run.status.conditions, run.metadata.generation, self._context.clock.now())
        conditions = builder.stalled("InvalidObject", entry.problem)
        status = run.status.model_copy(
            update={"conditions": conditions, "observed_generation": run.metadata.generation}
        )
        if status != run.status:
            await self._context.writer.status(RUN, entry.raw, dump(status))

    async def _record(self, work: RunPass, status: DataMoverRunStatus, memory: RunMemory) -> bool:
        """Write the status if it is new and its time has come; return whether the run has just ended by it."""
        stored, uid = work.o.run.status, work.o.run.metadata.uid
        if status == stored:
            return False
        pace = self._context.settings.run_status_pace_seconds
        wait = memory.recorded_at + pace - self._context.clock.tick()
        if (status.phase, status.selection) == (stored.phase, stored.selection) and wait > 0:
            self._context.queue.add_after((RUN, uid), wait)
            return False
        await work.record(status)
        memory.recorded_at = self._context.clock.tick()
        return status.phase in FINAL_PHASES

    def _rest(self, o: ObservedRun, memory: RunMemory) -> bool:
        """Delay a step that AWS did not carry out; longer if waiting alone will not help.

        A start is delayed by a minute at most: before it, the run has not even begun. Return whether a step is delayed.
        """
        queue, key, tick = self._context.queue, (RUN, o.run.metadata.uid), self._context.clock.tick()
        if o.failed_step is None or o.run.status.phase in FINAL_PHASES:
            memory.failed_step = None
            return False
        if memory.failed_step is not o.failed_step:
            is_long = o.failed_step.failure.kind.lasts and not isinstance(o.failed_step.step, Start)
            delay = self._context.settings.refused_retry_seconds if is_long else queue.retry(key)
            memory.failed_step, memory.retry_at = o.failed_step, tick + delay
        queue.add_after(key, memory.retry_at - tick)
        return True

    async def _reread(self, entry: Entry[DataMoverRun]) -> None:
        namespace, name = str(entry.metadata["namespace"]), str(entry.metadata["name"])
        try:
            await self._context.writer.read(RUN, namespace, name)
        except KubeError as error:
            _log.info("a run could not be read", error=str(error))

    def _forget(self, uid: str) -> None:
        self._context.queue.forget((RUN, uid))
        self._memories.forget(uid)
        self.errands.forget(uid)


def _has_begun(run: DataMoverRun) -> bool:
    """Whether there is, or may be, an execution."""
    return execution_of(run) is not None or claim_of(run) is not None
