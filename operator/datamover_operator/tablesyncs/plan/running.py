"""Whether the subscription shall be at work now: by mode, suspension, errors and the slot."""

from __future__ import annotations

from datetime import datetime, timedelta

from datamover_crds import from_duration, from_quantity, from_timestamp
from datamover_operator.tablesyncs.plan.errors import (
    HAS_DISABLE_ON_ERROR,
    next_start,
    skip_wanted,
    stops_at_errors,
)
from datamover_operator.tablesyncs.plan.names import publication_names
from datamover_operator.tablesyncs.plan.observed import Observed
from datamover_operator.tablesyncs.plan.steps import (
    Disable,
    Enable,
    FindTransaction,
    SetDisableOnError,
    SetTarget,
    Skip,
    Step,
    Wake,
)

_CONNECTS_WITHIN = timedelta(seconds=20)
"""PostgreSQL itself tries again every five seconds."""
_FLUSHED = timedelta(seconds=2)
"""PostgreSQL's counters follow the error that they count after a moment."""
_SURE = 2
"""After so many failures in a row it is worth a look into the slot for what can't be applied."""


def is_lost(o: Observed) -> bool:
    """Whether the slot is gone by which tables were copied: what it had kept is missing."""
    copied = o.subscription is not None and bool(o.subscription.tables)
    return o.source is not None and ((copied and o.slot is None) or (o.slot is not None and o.slot.lost))


def is_apart(o: Observed, now: datetime) -> bool:
    """Whether the destination has not been connected to the source for longer than a new worker takes."""
    return o.inactive_since is not None and now - o.inactive_since > _CONNECTS_WITHIN


def retained(o: Observed) -> int:
    """How much write-ahead log the source keeps for this sync, in bytes."""
    return o.slot.retained if o.slot is not None else 0


def keeps_too_much(o: Observed) -> bool:
    """Whether the source keeps more for this sync than it may."""
    return retained(o) > from_quantity(o.sync.spec.max_retained_wal)


def next_cycle(o: Observed, now: datetime) -> datetime | None:
    """Interval: when the destination is to catch up next; None: at once."""
    interval = from_duration(o.sync.spec.sync_interval)
    if o.synced is not None:  # the pass that ends one cycle does not begin the next one
        return now + interval
    last = o.sync.status.last_sync_time
    if last is None or retained(o) > from_quantity(o.sync.spec.max_retained_wal) // 2:
        return None
    return from_timestamp(last) + interval


def has_caught_up(o: Observed) -> bool:
    """Whether the destination has confirmed the target."""
    return o.target is not None and o.slot is not None and o.is_copied and o.slot.confirmed >= o.target


def running(o: Observed, now: datetime) -> tuple[Step, ...]:
    """The step that has the subscription work, or not, as it shall."""
    found = o.subscription
    if found is None or o.source is None or o.destination is None:
        return ()
    if found.enabled and not _shall_work(o, now):
        return (Disable(o.name),)
    if not found.enabled and _shall_work(o, now):
        position = skip_wanted(o)
        skip = (Skip(o.name, position),) if position is not None else ()
        return (*skip, Enable(o.name))
    if o.destination.server.version >= HAS_DISABLE_ON_ERROR and found.disables_on_error != stops_at_errors(o, now):
        return (SetDisableOnError(o.name, stops_at_errors(o, now)),)
    if is_apart(o, now) and not found.is_working and not o.woken:
        return (Wake(o.name),)
    if found.enabled and _needs_target(o):
        return (SetTarget(),)
    errors = o.errors
    can_look = not found.enabled and o.slot is not None and not o.slot.active and not o.looked
    if errors.stopped and errors.failures >= _SURE and errors.transaction is None and not errors.tables and can_look:
        return (FindTransaction(o.slot_name, publication_names(o.uid), found.oid),)
    return ()


def _shall_work(o: Observed, now: datetime) -> bool:
    found = o.subscription
    if o.sync.spec.suspend or is_lost(o) or found is None:
        return False
    due = next_start(o)
    if due is not None:
        return now >= due or skip_wanted(o) is not None
    if o.sync.spec.mode != "Interval" or o.finishes or not o.is_copied:
        return True
    if found.enabled:
        return not has_caught_up(o)
    cycle = next_cycle(o, now)
    return cycle is None or now >= cycle


def _needs_target(o: Observed) -> bool:
    """Once and promote wait for what the source has when all tables were copied; Interval for its start."""
    if o.target is not None:
        return False
    return o.is_copied if o.finishes else o.sync.spec.mode == "Interval"


def pause(o: Observed, now: datetime) -> datetime:
    """When to look again at a sync that is not at work."""
    if o.errors.stopped and o.errors.last_time is not None and now - from_timestamp(o.errors.last_time) < _FLUSHED:
        return now + _FLUSHED
    minute = now + timedelta(minutes=1)  # the source's disk fills also while nothing is replicated
    if o.sync.spec.suspend or is_lost(o):
        return minute
    due = next_start(o) or (next_cycle(o, now) if o.sync.spec.mode == "Interval" else None)
    return min(minute, max(due, now + timedelta(seconds=1))) if due is not None else minute
