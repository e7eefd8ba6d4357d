"""One listing of tasks an account and interval: shows which movers' tasks have vanished, or run for somebody else.

Steady movers are compared by their ARNs alone, as the cache has them: none of them is unpacked.
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
from datamover_operator.movers.plan.activity import TASK_ACTIVE

_PAGE = 100
SECONDS_A_PAGE = 7.0
"""An account with many tasks is swept less often than others: a page of its listing costs a call."""
_NOTABLE = TASK_ACTIVE | {"UNAVAILABLE"}
_log = structlog.get_logger(__name__)


def pause_after(listed: int) -> float:
    """For how many seconds an account is left alone after so many items were listed there."""
    return listed // _PAGE * SECONDS_A_PAGE


class Sweep:
    """Sweeps without an end."""

    def __init__(self, context: Context, connections: Connections, memories: Memories) -> None:
        """Sweep every account that is open in `connections`."""
        self._context = context
        self._connections = connections
        self._memories = memories
        self._not_before: dict[str, float] = {}

    async def run_forever(self) -> None:
        """Sweep every `sweep_interval_seconds`."""
        urgency.set(Urgency.CHECK)
        interval = self._context.settings.sweep_interval_seconds
        await run_periodically(interval, self._open, self._sweep)

    def _open(self) -> tuple[str, ...]:
        accounts = self._connections.open_accounts
        keep_only(accounts, self._not_before)
        return accounts

    async def _sweep(self, name: str) -> None:
        aws, tick = self._connections.aws_for(name), self._context.clock.tick()
        # What is made while the listing is under way may be missing in it.
        entries = self._context.caches[MOVER].entries(by_account(name))
        known = {arn for entry in entries for arn in named_arns(entry.digest, "task")}
        if aws is None or not known or tick < self._not_before.get(name, 0.0):
            return
        try:
            listed = await aws.datasync.list_tasks()
        except AwsError as error:
            _log.info("tasks could not be listed", account=name, error=str(error))
            return
        self._not_before[name] = tick + pause_after(len(listed))
        statuses = {str(task["taskArn"]): str(task.get("status")) for task in listed}
        async for arn in in_slices(known):
            if statuses.get(arn, "") in _NOTABLE or arn not in statuses:
                self._look(arn, statuses.get(arn))

    def _look(self, arn: str, status: str | None) -> None:
        for mover in self._context.caches[MOVER].under(by_task(arn)):
            memory = self._memories.of(mover.metadata.uid)
            if not is_true(mover.status.conditions, "Ready"):
                continue
            if status is None:
                memory.everything.request()
            elif status == "UNAVAILABLE" or mover.status.current_run is None:
                memory.description.request()
            else:
                continue
            self._context.queue.add((MOVER, mover.metadata.uid))
