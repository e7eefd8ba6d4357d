"""Describes all active executions, a few at a time in each account, and wakes the runs that have news."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

import structlog

from datamover_common.fairness import Urgency
from datamover_common.turns import urgency
from datamover_crds import DataMoverRun
from datamover_operator.accounts.connections import Connections
from datamover_operator.aws.failure import AwsError, FailureKind
from datamover_operator.aws.ports import Aws
from datamover_operator.controller.context import Context
from datamover_operator.controller.periodic import run_periodically
from datamover_operator.movers.kind import MOVER, account_of
from datamover_operator.movers.plan.names import task_arn_of
from datamover_operator.runs.executions import ExecutionCache
from datamover_operator.runs.kind import ACTIVE, RUN, active_by_execution, execution_in, mover_of
from datamover_operator.runs.plan.executions import status_from
from datamover_operator.runs.plan.ownership import belongs_to, is_execution_of
from datamover_operator.runs.plan.state_changes import StateChange
from datamover_operator.runs.state_changes import StateChanges

_AT_ONCE = 16
"""Calls in one account: other calls must not queue up behind hundreds of these."""
HEARD_INTERVAL = 60.0
"""Seconds between two looks at an execution whose state changes are heard of."""
_MOST_EARLY = 1000
"""Of so many ends is known that they were told, and not yet seen: no run stands for them, or AWS did not answer."""
_log = structlog.get_logger(__name__)


class Poller:
    """Polls until cancelled."""

    def __init__(
        self,
        context: Context,
        connections: Connections,
        executions: ExecutionCache,
        wake_task: Callable[[str], None] = lambda _: None,
    ) -> None:
        """Keep what is described in `executions`; `wake_task` has the mover of a task looked at."""
        self._context = context
        self._connections = connections
        self._executions = executions
        self._active: dict[str, set[str]] = {}
        self._wake_task = wake_task
        self._looked_at: dict[str, float] = {}
        self._early: dict[str, str] = {}
        self._met: dict[str, str] = {}
        self._is_met = asyncio.Event()
        self.changes = StateChanges(context, connections, self.tell)

    async def run_forever(self) -> None:
        """Describe every active execution every `run_poll_interval_seconds`."""
        urgency.set(Urgency.RUN)
        async with asyncio.TaskGroup() as group:
            group.create_task(self._look_at_met(), name="executions whose end was told early")
            await run_periodically(self._context.settings.run_poll_interval_seconds, self._begin, self._poll)

    def _begin(self) -> list[str]:
        """Find what is active now; return its accounts. No run and no mover is unpacked for it."""
        caches = self._context.caches
        digests = [each.digest for each in caches[RUN].entries(ACTIVE)]
        movers = {(arn, mover_of(digest)) for digest in digests if (arn := execution_in(digest))}
        arns = {arn for arn, _ in movers}
        self._executions.keep_only(arns)
        self._context.metrics.active_runs(len(arns))
        self._active = {}
        self._looked_at = {arn: tick for arn, tick in self._looked_at.items() if arn in arns}
        for arn, mover in movers:
            known = caches[MOVER].named(*mover)
            if known is not None and self._is_due(account := account_of(known.digest), arn):
                self._active.setdefault(account, set()).add(arn)
        return list(self._active)

    def _is_due(self, account: str, arn: str) -> bool:
        """Where state changes are heard of, an execution that has been seen once is looked at now and then only."""
        looked_at = self._looked_at.get(arn)
        is_news = looked_at is None or arn in self._early
        rests = looked_at is not None and self._context.clock.tick() - looked_at < HEARD_INTERVAL
        return is_news or not (rests and self.changes.are_heard(account))

    async def tell(self, account: str, change: StateChange) -> bool:
        """An execution has another state; one that no run stands for yet may be of a start that is just recorded."""
        arn = change.execution_arn
        is_known = await self._look_at(account, arn, asyncio.Semaphore(1))
        if change.is_end and not self._executions.is_over(arn):
            self._early[arn] = account
            while len(self._early) > _MOST_EARLY:
                del self._early[next(iter(self._early))]
        if change.is_end and not is_known:
            self._wake_task(task_arn_of(arn))
        return is_known

    def meet(self, arn: str) -> None:
        """A run stands for the execution: one whose end was told before is looked at now."""
        if (account := self._early.get(arn)) is not None:
            self._met[arn] = account
            self._is_met.set()

    async def _look_at_met(self) -> None:
        while True:
            await self._is_met.wait()
            self._is_met.clear()
            met, self._met, slots = self._met, {}, asyncio.Semaphore(_AT_ONCE)
            await asyncio.gather(*(self._look_at(account, arn, slots) for arn, account in met.items()))

    async def _look_at(self, account: str, arn: str, slots: asyncio.Semaphore) -> bool:
        """Describe one execution; return whether a run stands for it."""
        async with slots:
            aws = self._connections.aws_for(account)
            runs = self._context.caches[RUN].under(active_by_execution(arn)) if aws is not None else []
            own = [run for run in runs if self._account(arn, run) == account]
            if aws is None or not own:
                return False
            await self._look(aws, arn, own)
            return True

    async def _poll(self, account: str) -> None:
        slots = asyncio.Semaphore(_AT_ONCE)
        await asyncio.gather(*(self._look_at(account, arn, slots) for arn in self._active[account]))

    async def _look(self, aws: Aws, arn: str, runs: Sequence[DataMoverRun]) -> None:
        asked = self._context.clock.tick()
        try:
            described = await aws.datasync.describe_task_execution(arn)
        except AwsError as error:
            if error.failure.kind is not FailureKind.NOT_FOUND:
                _log.info("an execution could not be described", execution=arn, error=str(error))
                return
            described = None
        self._looked_at[arn] = self._context.clock.tick()
        now = self._context.clock.now()
        is_news, samples = self._executions.put(arn, described, now, asked), self._executions.samples(arn)
        if self._executions.is_over(arn):
            self._early.pop(arn, None)
        for run in runs:
            if is_news or described is None or status_from(described, run.status, now, samples) != run.status:
                self._context.queue.add((RUN, run.metadata.uid))

    def _account(self, arn: str, run: DataMoverRun) -> str | None:
        """Only the run's own mover gives access to an execution, and only to one of its own task (I6)."""
        mover = self._context.caches[MOVER].named(run.metadata.namespace, run.spec.mover_ref.name)
        if mover is None:
            return None
        is_own = belongs_to(run, mover.uid) and is_execution_of(mover.model, arn)
        return mover.model.spec.account_ref.name if is_own else None
