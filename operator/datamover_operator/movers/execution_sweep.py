"""One listing of executions an account and interval: shows those that somebody else has started, however short.

Such an execution may begin and end between two listings of tasks, which show only what runs.
"""

from __future__ import annotations

import structlog

from datamover_common.fairness import Urgency
from datamover_common.slices import in_slices
from datamover_common.turns import urgency
from datamover_crds.contract import is_true
from datamover_operator.accounts.connections import Connections
from datamover_operator.aws.failure import AwsError
from datamover_operator.controller.context import Context
from datamover_operator.controller.periodic import keep_only, run_periodically
from datamover_operator.movers.kind import MOVER, by_account, by_task, named_arns
from datamover_operator.movers.memory import Memories
from datamover_operator.movers.plan.names import task_arn_of
from datamover_operator.movers.sweep import pause_after

_LOOK = 1.0
"""Seconds between two looks for accounts whose listing is due; the first is due as soon as an account has tasks."""
_INTERVALS = 1.5
"""Listed a little less often than tasks are: what is found has to be a run within a minute, with the defaults."""
_log = structlog.get_logger(__name__)


class ExecutionSweep:
    """Sweeps without an end."""

    def __init__(self, context: Context, connections: Connections, memories: Memories) -> None:
        """Sweep every account that is open in `connections`."""
        self._context = context
        self._connections = connections
        self._memories = memories
        self._interval = context.settings.sweep_interval_seconds * _INTERVALS
        self._not_before: dict[str, float] = {}
        self._seen: dict[str, frozenset[int]] = {}

    async def run_forever(self) -> None:
        """Sweep."""
        urgency.set(Urgency.CHECK)
        await run_periodically(_LOOK, self._due, self._sweep)

    def _due(self) -> list[str]:
        accounts, tick = self._connections.open_accounts, self._context.clock.tick()
        keep_only(accounts, self._not_before, self._seen)
        return [name for name in accounts if tick >= self._not_before.get(name, float("-inf"))]

    async def _sweep(self, name: str) -> None:
        aws, tick = self._connections.aws_for(name), self._context.clock.tick()
        entries = self._context.caches[MOVER].entries(by_account(name))
        if aws is None or not any(named_arns(entry.digest, "task") for entry in entries):
            return
        self._not_before[name] = tick + self._interval
        try:
            listed = await aws.datasync.list_all_executions()
        except AwsError as error:
            _log.info("executions could not be listed", account=name, error=str(error))
            return
        self._not_before[name] = tick + max(self._interval, pause_after(len(listed)))
        now = frozenset(map(hash, listed))  # of a month's executions the ARNs would be a burden
        before, self._seen[name] = self._seen.get(name, now), now
        async for arn in in_slices(listed):
            if hash(arn) not in before:
                self._look(arn)

    def _look(self, execution: str) -> None:
        """Have the task's mover looked at, unless a run stands for the execution or for one that is active."""
        for mover in self._context.caches[MOVER].under(by_task(task_arn_of(execution))):
            last = mover.status.last_run
            is_known = mover.status.current_run is not None or (last is not None and last.execution_arn == execution)
            if is_true(mover.status.conditions, "Ready") and not is_known:
                self._memories.of(mover.metadata.uid).description.request()
                self._context.queue.add((MOVER, mover.metadata.uid))
