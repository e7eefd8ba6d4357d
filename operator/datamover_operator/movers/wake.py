"""Has movers looked at by others than themselves: their account's reconciler, and their runs'."""

from __future__ import annotations

from datamover_crds import DataMover
from datamover_operator.controller.context import Context
from datamover_operator.movers.kind import MOVER, by_account
from datamover_operator.movers.memory import Memories
from datamover_operator.runs.kind import RUN, active_by_mover


def wake_movers(context: Context, memories: Memories, account: str) -> None:
    """Have every mover of an account looked at, also those that rest after a refusal."""
    for uid in context.caches[MOVER].uids(by_account(account)):
        memories.of(uid).rest = None
        context.queue.add((MOVER, uid))


def wake_mover(context: Context, memories: Memories, mover: DataMover) -> None:
    """The task's state has changed: have the mover described, and the runs that wait for it looked at."""
    meta = mover.metadata
    memories.of(meta.uid).description.request()
    context.queue.add((MOVER, meta.uid))
    wake_runs(context, meta.namespace, meta.name)


def wake_runs(context: Context, namespace: str, mover: str) -> None:
    """Have the runs of a mover that have not ended looked at."""
    for uid in context.caches[RUN].uids(active_by_mover(namespace, mover)):
        context.queue.add((RUN, uid))
