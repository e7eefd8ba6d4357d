"""Changes of a mover's status for one of its runs: by compare-and-swap, on the newest version."""

from __future__ import annotations

from collections.abc import Callable

from datamover_common.kube.errors import KubeError
from datamover_crds import DataMover, DataMoverStatus, dump
from datamover_operator.controller.context import Context
from datamover_operator.movers.kind import MOVER
from datamover_operator.movers.plan.words import with_words

_TRIES = 5


async def change_mover(
    context: Context, mover: DataMover, change: Callable[[DataMoverStatus], DataMoverStatus]
) -> DataMover:
    """Return the mover with the changed status. Raises KubeError."""
    meta = mover.metadata
    for _ in range(_TRIES):
        entry = context.caches[MOVER].get(meta.uid)
        if entry is None:
            raise KubeError(404, "NotFound", "the mover is gone")
        known = entry.model
        status = change(known.status)
        if status == known.status:
            return known
        status = with_words(known, status)
        try:
            await context.writer.status(MOVER, entry.raw, dump(status))
        except KubeError as error:
            if not (error.is_conflict or error.is_not_found):
                raise
            await context.writer.read(MOVER, meta.namespace, meta.name)
        else:
            return known.model_copy(update={"status": status})
    raise KubeError(409, "Conflict", "the mover is written by others all the time")
