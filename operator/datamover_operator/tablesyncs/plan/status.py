"""What a sync's status says after a pass, and which Events tell of it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from datamover_crds import Condition, SyncErrors, TableSyncStatus
from datamover_operator.controller.plan.conditions import timestamp
from datamover_operator.controller.plan.notes import Note
from datamover_operator.notifications.plan.deliveries import announced
from datamover_operator.notifications.plan.receivers import subscriptions
from datamover_operator.tablesyncs.plan.changes import is_elsewhere, resync_of, serves
from datamover_operator.tablesyncs.plan.copying import estimated_completion, percent_of, with_verdicts
from datamover_operator.tablesyncs.plan.ends import all_retired, current_end
from datamover_operator.tablesyncs.plan.figures import Figures, newest, worth_telling
from datamover_operator.tablesyncs.plan.notifying import sync_news
from datamover_operator.tablesyncs.plan.observed import Observed
from datamover_operator.tablesyncs.plan.progress import is_completed, next_sync, phase_of
from datamover_operator.tablesyncs.plan.steps import Plan, Record


def status_of(o: Observed, plan: Plan, now: datetime) -> TableSyncStatus:
    """The status that follows from what is known and planned; the stored one where there is nothing new to tell.

    Figures that change with every look at a busy source are written along with what deserves a write of its own.
    """
    status = _status(o, plan, now, worth_telling(o, now))
    return status if status == o.sync.status else _status(o, plan, now, newest(o, now))


def _status(o: Observed, plan: Plan, now: datetime, figures: Figures) -> TableSyncStatus:
    stored = o.sync.status
    elsewhere = is_elsewhere(o)
    # Until the other databases may be set up, what is in the former ones goes on, and they are those of the sync.
    moves = not elsewhere or any(isinstance(step, Record) for step in plan.steps)
    changed: dict[str, object] = {
        "observed_generation": o.sync.metadata.generation if plan.conditions else stored.observed_generation,
        "conditions": plan.conditions or stored.conditions,
        "phase": phase_of(o),
        "source": current_end(o, "source") if moves else o.known.source,
        "destination": current_end(o, "destination") if moves else o.known.destination,
        "retired": all_retired(o) if moves else o.known.retired,
        "errors": o.errors if o.errors != SyncErrors() else None,
        "last_skipped_transaction": o.skipped or stored.last_skipped_transaction,
        "last_resync": resync_of(o) or stored.last_resync,
        "next_sync_time": next_sync(o, now),
        **figures.positions,
    }
    found = o.subscription
    if elsewhere and moves:
        changed |= {"copy_start_time": None, "subscription_id": None, "tables": ()}
    if found is not None and not elsewhere and serves(o):
        changed |= {
            "object_name": o.name,
            "slot_name": o.slot_name,
            "subscription_id": found.oid,
            "tables": figures.tables,
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


def notes_of(before: TableSyncStatus, after: TableSyncStatus) -> tuple[Note, ...]:
    """The Events that the change from one status to the next deserves."""
    notes: list[Note] = []
    old, new = _told(before.conditions), _told(after.conditions)
    if after.phase != before.phase and after.phase in {"Copying", "Streaming", "Suspended"}:
        said = new.get("Ready") or new.get("Reconciling") or ""
        notes.append(Note(after.phase, said.removeprefix(f"{after.phase.lower()}: ")))
    elif new.get("Ready") and not old.get("Ready"):
        notes.append(Note("Ready", new["Ready"]))
    if new.get("Stalled") and new.get("Stalled") != old.get("Stalled"):
        reason = next(c.reason for c in after.conditions if c.type == "Stalled")
        if reason != next((c.reason for c in before.conditions if c.type == "Stalled"), ""):
            notes.append(Note(reason, new["Stalled"], warning=True))
    return tuple(notes)


def _told(conditions: Iterable[Condition]) -> dict[str, str]:
    return {c.type: c.message or c.reason for c in conditions if c.status == "True"}
