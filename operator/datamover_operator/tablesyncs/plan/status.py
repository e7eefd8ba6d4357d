"""What a sync's status says after a pass, and which Events tell of it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from datamover_crds import Condition, SyncErrors, TableSyncStatus, from_timestamp
from datamover_operator.controller.plan.conditions import timestamp
from datamover_operator.controller.plan.notes import Note
from datamover_operator.notifications.plan.deliveries import announced
from datamover_operator.notifications.plan.receivers import subscriptions
from datamover_operator.postgres.state import from_position
from datamover_operator.tablesyncs.plan.changes import is_elsewhere, resync_of, serves
from datamover_operator.tablesyncs.plan.copying import estimated_completion, percent_of, table_states, with_verdicts
from datamover_operator.tablesyncs.plan.ends import all_retired, current_end
from datamover_operator.tablesyncs.plan.notifying import sync_news
from datamover_operator.tablesyncs.plan.observed import Observed
from datamover_operator.tablesyncs.plan.progress import is_completed, next_sync, phase_of
from datamover_operator.tablesyncs.plan.running import keeps_too_much
from datamover_operator.tablesyncs.plan.steps import Plan, Record

SYNC_PACE = timedelta(minutes=1)
"""A sync that follows a busy source writes no more often than this that it does."""
_COARSE = 16 * 2**20
"""Differences of fewer bytes than this are not worth a write."""


def status_of(o: Observed, plan: Plan, now: datetime) -> TableSyncStatus:
    """The status that follows from what is known and planned; unchanged where there is nothing new to tell."""
    stored = o.sync.status
    elsewhere = is_elsewhere(o)
    # Until the other databases may be set up, what is in the former ones goes on, and they are those of the sync.
    moves = not elsewhere or any(isinstance(step, Record) for step in plan.steps)
    changed: dict[str, object] = {
        "observed_generation": o.sync.metadata.generation if plan.conditions else stored.observed_generation,
        "conditions": plan.conditions or stored.conditions,
        "phase": phase_of(o),
        "source": current_end(o, "source") if moves else stored.source,
        "destination": current_end(o, "destination") if moves else stored.destination,
        "retired": all_retired(o) if moves else stored.retired,
        "errors": o.errors if o.errors != SyncErrors() else None,
        "last_skipped_transaction": o.skipped or stored.last_skipped_transaction,
        "last_resync": resync_of(o) or stored.last_resync,
        "next_sync_time": next_sync(o, now),
        **_positions(o, now),
    }
    found = o.subscription
    if elsewhere and moves:
        changed |= {"copy_start_time": None, "subscription_id": None, "tables": ()}
    if found is not None and not elsewhere and serves(o):
        changed |= {
            "object_name": o.name,
            "slot_name": o.slot_name,
            "subscription_id": found.oid,
            "tables": table_states(o),
        }
        if found.tables and stored.copy_start_time is None:
            changed["copy_start_time"] = timestamp(now)
    if is_completed(o):
        changed["tables"] = with_verdicts(o, stored.tables)
        changed["completion_time"] = stored.completion_time or timestamp(now)
    status = stored.model_copy(update=changed)
    progress = {"percent": percent_of(o, status.tables), "estimated_completion_time": None}
    status = status.model_copy(update=progress)
    status = status.model_copy(update={"estimated_completion_time": estimated_completion(o, status, now)})
    news, whom = sync_news(stored, status), subscriptions(o.sync.spec.notify)
    return status.model_copy(update={"notifications": announced(stored.notifications, o.uid, news, whom, now)})


def _positions(o: Observed, now: datetime) -> dict[str, object]:
    """What moves all the time: told in steps, and at a pace."""
    stored, slot = o.sync.status, o.slot
    told: dict[str, object] = {}
    if is_completed(o):
        return {"lag_bytes": None, "lag_seconds": None, "retained_wal_bytes": None}
    if slot is not None:
        told["lag_bytes"] = _coarse(stored.lag_bytes, slot.lag)
        told["retained_wal_bytes"] = (
            slot.retained if keeps_too_much(o) else _coarse(stored.retained_wal_bytes, slot.retained)
        )
        told["lag_seconds"] = _lag_seconds(o, now)
    if o.synced is not None:
        position = from_position(o.synced)
        last = from_timestamp(stored.last_sync_time) if stored.last_sync_time is not None else None
        is_cycle = o.sync.spec.mode == "Interval"
        if position != stored.synced_position and (last is None or is_cycle or now - last >= SYNC_PACE):
            told |= {"last_sync_time": timestamp(now), "synced_position": position}
        elif is_cycle:
            told["last_sync_time"] = timestamp(now)
    return told


def _coarse(before: int | None, now: int) -> int:
    """A new figure where it differs much from the one that was told."""
    if before is not None and abs(now - before) <= max(_COARSE, before // 2):
        return before
    return now


def _lag_seconds(o: Observed, now: datetime) -> int | None:
    """As the source measures it; while nothing is confirmed, since when the destination had everything."""
    slot, stored = o.slot, o.sync.status
    if slot is None or not o.is_copied:
        return None
    if slot.lag == 0 or (slot.active and slot.lag <= _COARSE):
        seconds = 0
    elif slot.replay_lag is not None:
        seconds = round(slot.replay_lag)
    elif stored.last_sync_time is not None:
        seconds = max(0, round((now - from_timestamp(stored.last_sync_time)).total_seconds()))
    else:
        return None
    before = stored.lag_seconds
    return before if before is not None and abs(seconds - before) <= max(5, before // 2) else seconds


def notes_of(before: TableSyncStatus, after: TableSyncStatus) -> tuple[Note, ...]:
    """The Events that the change from one status to the next deserves."""
    notes: list[Note] = []
    old, new = _told(before.conditions), _told(after.conditions)
    if after.phase != before.phase and after.phase in {"Copying", "Streaming", "Suspended"}:
        notes.append(Note(after.phase, new.get("Ready") or new.get("Reconciling") or ""))
    elif new.get("Ready") and not old.get("Ready"):
        notes.append(Note("Ready", new["Ready"]))
    if new.get("Stalled") and new.get("Stalled") != old.get("Stalled"):
        reason = next(c.reason for c in after.conditions if c.type == "Stalled")
        if reason != next((c.reason for c in before.conditions if c.type == "Stalled"), ""):
            notes.append(Note(reason, new["Stalled"], warning=True))
    return tuple(notes)


def _told(conditions: Iterable[Condition]) -> dict[str, str]:
    return {c.type: c.message or c.reason for c in conditions if c.status == "True"}
