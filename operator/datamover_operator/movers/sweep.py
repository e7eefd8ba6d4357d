"""One listing of tasks an account and interval: shows which movers' tasks have vanished, or run for somebody else."""

from __future__ import annotations

import asyncio

import structlog

from datamover_crds import DataMover
from datamover_crds.contract import is_true
from datamover_operator.accounts.connections import Connections
from datamover_operator.aws.failure import AwsError
from datamover_operator.aws.ports import Aws
from datamover_operator.controller.context import Context
from datamover_operator.controller.periodic import run_periodically
from datamover_operator.movers.kind import MOVER
from datamover_operator.movers.memory import Memories
from datamover_operator.movers.plan.activity import TASK_ACTIVE

_log = structlog.get_logger(__name__)


class Sweep:
    """Sweeps without an end."""

    def __init__(self, context: Context, connections: Connections, memories: Memories) -> None:
        """Sweep every account that is open in `connections`."""
        self._context = context
        self._connections = connections
        self._memories = memories

    async def run_forever(self) -> None:
        """Sweep every `sweep_interval_seconds`."""
        interval = self._context.settings.sweep_interval_seconds
        await run_periodically(interval, lambda: self._connections.open_accounts, self._sweep)

    async def _sweep(self, name: str) -> None:
        aws = self._connections.aws_for(name)
        movers = self._context.caches[MOVER]
        entries = [entry for uid in movers.uids(("account", name)) if (entry := movers.get(uid)) is not None]
        if aws is None or not entries:
            return
        try:
            statuses = await _statuses(aws)
        except AwsError as error:
            _log.info("tasks could not be listed", account=name, error=str(error))
            return
        for entry in entries:
            if _is_settled(mover := entry.model):
                self._compare(mover, statuses)
            await asyncio.sleep(0)  # thousands are read one by one, while others go on

    def _compare(self, mover: DataMover, statuses: dict[str, str]) -> None:
        memory = self._memories.of(mover.metadata.uid)
        status = statuses.get(str(mover.status.task_arn))
        if status is None:
            memory.everything.request()
        elif status == "UNAVAILABLE" or (status in TASK_ACTIVE and mover.status.current_run is None):
            memory.description.request()
        else:
            return
        self._context.queue.add((MOVER, mover.metadata.uid))


async def _statuses(aws: Aws) -> dict[str, str]:
    return {str(task["taskArn"]): str(task.get("status")) for task in await aws.datasync.list_tasks()}


def _is_settled(mover: DataMover) -> bool:
    return mover.status.task_arn is not None and is_true(mover.status.conditions, "Ready")
