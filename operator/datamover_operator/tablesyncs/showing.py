"""What metrics show of a sync: how it stands by its status, and how far behind it was seen to be in a pass."""

from __future__ import annotations

from datetime import datetime

from datamover_crds import TableSyncStatus, from_quantity, from_timestamp
from datamover_crds.contract import is_true
from datamover_operator.process.table_sync_metrics import Positions, Standing
from datamover_operator.tablesyncs.plan.figures import lag_seconds
from datamover_operator.tablesyncs.plan.observed import Observed

_KINDS = ("Ready", "Reconciling", "Stalled")


def standing(status: TableSyncStatus) -> Standing:
    """How a sync is."""
    state = next((kind for kind in _KINDS if is_true(status.conditions, kind)), "Unknown")
    reason = next((each.reason for each in status.conditions if each.type == state), "")
    return Standing(
        phase=status.phase or "Pending",
        state=state,
        reason=reason,
        failures=status.errors.failures if status.errors is not None else 0,
        copied_percent=status.percent,
        last_sync=from_timestamp(status.last_sync_time) if status.last_sync_time is not None else None,
    )


def positions(o: Observed, now: datetime) -> Positions:
    """How far behind the destination is; the status tells it in steps and seldom, this does not."""
    slot = o.slot
    return Positions(
        lag_bytes=slot.lag if slot is not None else None,
        lag_seconds=lag_seconds(o, now),
        retained_wal_bytes=slot.retained if slot is not None else None,
        retained_wal_limit_bytes=from_quantity(o.sync.spec.max_retained_wal),
        last_sync=o.last_synced.at if o.last_synced is not None else None,
    )


def new_errors(before: TableSyncStatus, o: Observed) -> int:
    """How many errors PostgreSQL has counted since the status before: its counters begin anew with a subscription."""
    known = before.errors
    if known is None:
        return 0 if before.copy_start_time is None else o.errors.apply_errors + o.errors.copy_errors
    pairs = ((known.apply_errors, o.errors.apply_errors), (known.copy_errors, o.errors.copy_errors))
    return sum(now - old if now >= old else now for old, now in pairs)
