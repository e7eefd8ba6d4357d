"""Which ended runs a mover keeps."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from datamover_crds import DataMoverRun, RunHistory, from_duration, from_timestamp
from datamover_crds.contract import FINAL_PHASES, ORIGIN_LABEL, USER_ORIGIN
from datamover_operator.movers.plan.run_steps import DeleteRun


def history_steps(keep: RunHistory, runs: Sequence[DataMoverRun], now: datetime) -> tuple[DeleteRun, ...]:
    """The ended runs for which `keep` has no room, the oldest first.

    A run that a user has declared is the user's to delete: one that is applied again, as GitOps tools do, would start.
    """
    ended = sorted(
        (run for run in runs if is_over(run) and is_told(run) and not is_users(run)), key=ended_at, reverse=True
    )
    oldest = now - from_duration(keep.max_age) if keep.max_age is not None else None
    kept = Counter[bool]()
    surplus = []
    for run in ended:
        has_succeeded = run.status.phase == "Succeeded"
        limit = keep.succeeded_limit if has_succeeded else keep.failed_limit
        is_full = kept.total() >= keep.limit or (limit is not None and kept[has_succeeded] >= limit)
        if is_full or (oldest is not None and ended_at(run) < oldest):
            surplus.append(run)
        else:
            kept[has_succeeded] += 1
    return tuple(DeleteRun(run.metadata.name, run.metadata.uid, run.status.start_time) for run in reversed(surplus))


def is_users(run: DataMoverRun) -> bool:
    """Whether somebody has made the run who says nothing of its origin."""
    return run.metadata.labels.get(ORIGIN_LABEL, USER_ORIGIN) == USER_ORIGIN


def is_told(run: DataMoverRun) -> bool:
    """Whether nobody is to be notified of the run's end any more."""
    return all(delivery.state != "Pending" for delivery in run.status.notifications)


def is_over(run: DataMoverRun) -> bool:
    """Whether the run has ended and is not being deleted already."""
    return run.status.phase in FINAL_PHASES and run.metadata.deletion_timestamp is None


def ended_at(run: DataMoverRun) -> datetime:
    """When the run ended; where that was never known, when its object was made."""
    moment = run.status.completion_time or run.metadata.creation_timestamp
    return from_timestamp(moment or "1970-01-01T00:00:00Z")


def latest(*moments: str | None) -> str | None:
    """The last of some timestamps, as it was written."""
    return max((moment for moment in moments if moment is not None), key=from_timestamp, default=None)
