"""What a sync's status says after a pass, and which Events tell of it."""

from __future__ import annotations

from collections.abc import Iterable

from datamover_crds import Condition, SyncObjects, TableState, TableSyncStatus
from datamover_operator.controller.plan.notes import Note
from datamover_operator.postgres.state import Subscription
from datamover_operator.tablesyncs.plan.observed import Observed, shown
from datamover_operator.tablesyncs.plan.progress import phase_of
from datamover_operator.tablesyncs.plan.steps import Plan

_STATES = {"i": "Pending", "d": "Copying", "f": "CatchingUp", "s": "CatchingUp", "r": "Ready"}


def status_of(o: Observed, plan: Plan) -> TableSyncStatus:
    """The status that follows from what is known and planned."""
    stored = o.sync.status
    changed: dict[str, object] = {
        "observed_generation": o.sync.metadata.generation if plan.conditions else stored.observed_generation,
        "conditions": plan.conditions,
        "phase": phase_of(o),
    }
    found = o.destination.subscription if o.destination is not None else None
    if found is not None and o.destination is not None:
        changed["objects"] = SyncObjects(
            name=o.name,
            subscription_id=found.oid,
            destination_id=o.destination.server.system,
            source_id=o.source.server.system if o.source is not None else None,
        )
        changed["tables"] = tuple(_table(o, found, key) for key in sorted(o.keys))
    return stored.model_copy(update=changed)


def _table(o: Observed, found: Subscription, key: tuple[str, str]) -> TableState:
    size = o.destination.sizes.get(key) if o.destination is not None else None
    return TableState.model_validate(
        {
            "name": shown(key),
            "state": _STATES[found.tables.get(key, "i")],
            "rows": size.rows if size is not None else None,
            "bytes": size.bytes if size is not None else None,
        }
    )


def notes_of(before: TableSyncStatus, after: TableSyncStatus, plan: Plan) -> tuple[Note, ...]:
    """The Events that the change from one status to the next deserves."""
    notes = list(plan.notes)
    old, new = _told(before.conditions), _told(after.conditions)
    if new.get("Ready") and not old.get("Ready"):
        notes.append(Note("Ready", new["Ready"]))
    if new.get("Stalled") and new.get("Stalled") != old.get("Stalled"):
        reason = next(c.reason for c in after.conditions if c.type == "Stalled")
        notes.append(Note(reason, new["Stalled"], warning=True))
    return tuple(notes)


def _told(conditions: Iterable[Condition]) -> dict[str, str]:
    return {c.type: c.message or c.reason for c in conditions if c.status == "True"}
