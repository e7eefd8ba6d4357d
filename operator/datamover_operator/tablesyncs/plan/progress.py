"""How far a sync is that has nothing to be set up: its phase, its conditions, and when to look again."""

from __future__ import annotations

from datetime import datetime, timedelta

from datamover_crds import SyncPhase, from_duration
from datamover_crds.contract import COMPLETED_ANNOTATION
from datamover_operator.controller.plan.amounts import size
from datamover_operator.controller.plan.conditions import Conditions, timestamp
from datamover_operator.postgres.state import Subscription
from datamover_operator.tablesyncs.plan.changes import is_elsewhere
from datamover_operator.tablesyncs.plan.desired import resync_stamp
from datamover_operator.tablesyncs.plan.ends import all_retired
from datamover_operator.tablesyncs.plan.errors import has_failed, next_start, skip_hindrance, told
from datamover_operator.tablesyncs.plan.observed import Observed
from datamover_operator.tablesyncs.plan.running import is_apart, is_lost, keeps_too_much, next_cycle, pause, retained
from datamover_operator.tablesyncs.plan.steps import Plan

COPY_POLL = timedelta(seconds=2)
"""How often a copy, or a destination that catches up, is looked at."""
_ERROR_POLL = timedelta(seconds=5)
_CLEAN_POLL = timedelta(seconds=10)
_CLOSE = 16 * 2**20
"""So many bytes behind, a destination counts as following."""


def is_completed(o: Observed) -> bool:
    """Whether the sync has done all that it was to do, for the present resync token."""
    return o.sync.metadata.annotations.get(COMPLETED_ANNOTATION) == resync_stamp(o.sync.spec.resync)


def phase_of(o: Observed) -> SyncPhase:
    """Where the sync is by what the databases say; as before where they say nothing."""
    if is_completed(o):
        return "Completed"
    if o.source is None or o.destination is None or is_elsewhere(o):
        return o.sync.status.phase or "Pending"
    found = o.subscription
    if found is None:
        return "Pending"
    if has_failed(o) or is_lost(o):
        return "Failed"
    if o.sync.spec.suspend:
        return "Suspended"
    return _working_phase(o, found)


def _working_phase(o: Observed, found: Subscription) -> SyncPhase:
    if not found.tables:
        return "Pending"
    if any(state in "idf" for state in found.tables.values()):
        return "Copying"
    if not o.is_copied or o.finishes or o.errors.stopped:
        return "CatchingUp"
    if o.sync.spec.mode == "Interval":
        return "CatchingUp" if found.enabled else "Idle"
    is_close = o.slot is not None and o.slot.lag <= _CLOSE
    return "Streaming" if is_close or o.sync.status.phase == "Streaming" else "CatchingUp"


def plan_progress(o: Observed, now: datetime) -> Plan:
    """Tell how far it is, and when to look again."""
    phase = phase_of(o)
    if is_lost(o):
        return Plan(again_at=pause(o, now), conditions=o.conditions(now).stalled("SlotLost", _lost(o)))
    if has_failed(o):
        return Plan(again_at=pause(o, now), conditions=o.conditions(now).stalled("ReplicationFailed", told(o)))
    return Plan(again_at=_again_at(o, phase, now), conditions=_hinting(_conditions(o, phase, now), skip_hindrance(o)))


def _hinting(conditions: Conditions, hint: str) -> Conditions:
    """The conditions, of which those that say something say this, too."""
    return tuple(
        each.model_copy(update={"message": each.message + hint}) if each.message else each for each in conditions
    )


def _conditions(o: Observed, phase: SyncPhase, now: datetime) -> Conditions:
    judge = o.conditions(now)
    if keeps_too_much(o):
        return judge.stalled("RetainedWalExceeded", _too_much(o))
    due = next_start(o)
    if due is not None:
        return judge.progressing("Retrying", f"{told(o)}; it is tried again at {timestamp(due)}")
    match phase:
        case "Streaming" if is_apart(o, now):
            since = timestamp(o.inactive_since) if o.inactive_since is not None else ""
            return judge.progressing(
                "NotConnected",
                f"the destination server has not been connected to the source since {since}; its log says why",
            )
        case "Streaming":
            return judge.ready("changes of the source follow")
        case "Idle":
            return judge.ready(f"the destination catches up every {o.sync.spec.sync_interval}")
        case "Suspended":
            return judge.ready("suspended: nothing is replicated, and the source keeps its write-ahead log")
        case "Copying" | "CatchingUp":
            if o.sync.spec.mode == "Interval" and o.is_copied and o.sync.status.last_sync_time is not None:
                return judge.ready(f"the destination catches up every {o.sync.spec.sync_interval}")
            return judge.progressing(phase, _copied(o))
        case _:
            return judge.progressing(phase, "setting up replication")


def _again_at(o: Observed, phase: SyncPhase, now: datetime) -> datetime:
    found = o.subscription
    if all_retired(o):
        return now + _CLEAN_POLL
    if found is None or not found.enabled:
        return pause(o, now)
    if phase != "Streaming":
        return now + COPY_POLL
    interval = from_duration(o.sync.spec.sync_interval)
    is_watched = o.errors.failures > 0 or o.inactive_since is not None
    return now + (min(_ERROR_POLL, interval) if is_watched else interval)


def _copied(o: Observed) -> str:
    states = list(o.subscription.tables.values()) if o.subscription is not None else []
    ready = sum(state == "r" for state in states)
    if states and ready == len(states):
        return f"all {ready} tables are copied; the destination catches up with the source"
    return f"{ready} of {len(states)} tables are copied"


def _lost(o: Observed) -> str:
    why = "was invalidated" if o.slot is not None else "was dropped"
    return (
        f"the replication slot {o.slot_name} {why}: changes that it had kept are missing at the destination; set "
        "spec.resync to a new token to copy the tables anew"
    )


def _too_much(o: Observed) -> str:
    kept = size(float(f"{retained(o):.1e}"))  # exact, it would be another message at each look
    mend = "; spec.suspend holds it back" if o.sync.spec.suspend else ""
    return (
        f"the source keeps {kept} of write-ahead log for this sync, more than spec.maxRetainedWal "
        f"({o.sync.spec.max_retained_wal}){mend}: its disk may fill; see why the destination does not keep up"
    )


def next_sync(o: Observed, now: datetime) -> str | None:
    """Interval: when the destination is to catch up next, for the status."""
    if o.sync.spec.mode != "Interval" or o.sync.spec.suspend or is_completed(o):
        return None
    cycle = next_cycle(o, now)
    return timestamp(cycle) if cycle is not None else None
