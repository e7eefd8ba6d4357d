"""Wakes movers and runs on behalf of other reconcilers."""

from __future__ import annotations

from datamover_crds import DataMover
from datamover_operator.controller.context import Context
from datamover_operator.movers.kind import MOVER, by_account
from datamover_operator.movers.memory import Memories
from datamover_operator.runs.kind import RUN, active_by_mover


def wake_movers(context: Context, memories: Memories, account: str) -> None:
    """Wake every mover of an account, also those that wait after a refusal."""
    for uid in context.caches[MOVER].uids(by_account(account)):
        memories.of(uid).rest = None
        context.queue.add((MOVER, uid))


def wake_mover(context: Context, memories: Memories, mover: DataMover) -> None:
    """The task's state has changed: have it described again, and wake the runs that wait for it."""
    meta = mover.metadata
    memories.of(meta.uid).description.request()
    context.queue.add((MOVER, meta.uid))
    wake_runs(context, meta.namespace, meta.name)


def wake_runs(context: Context, namespace: str, mover: str) -> None:
    """Wake the runs of a mover that have not ended."""
    for uid in context.caches[RUN].uids(active_by_mover(namespace, mover)):
        context.queue.add((RUN, uid))
