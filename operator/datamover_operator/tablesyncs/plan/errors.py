"""What the counters of errors and a subscription that stopped by itself mean.

PostgreSQL tells of an error in the destination's log alone; in its catalogues there is a counter, and the subscription
is disabled where it has disable_on_error. A lost connection counts as an error, too, so one alone means little.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from datamover_crds import SyncErrors, from_duration, from_timestamp
from datamover_operator.controller.plan.conditions import timestamp
from datamover_operator.postgres.state import Slot, Subscription, from_position, to_position
from datamover_operator.tablesyncs.plan.observed import Observed, shown

CALM = timedelta(minutes=2)
"""How long after the last error a subscription is left to try again by itself."""
LONGEST_BACKOFF = timedelta(minutes=10)
HAS_DISABLE_ON_ERROR = 150000
_HAS_SKIP = 150000
_PAUSED = frozenset({"Idle", "Suspended", "Failed"})


def judged(o: Observed, now: datetime) -> SyncErrors:
    """What is to be said of errors after a look at the databases."""
    base, found = o.errors, o.subscription
    if found is None:
        return SyncErrors() if o.destination is not None else base
    known = {"apply_errors": found.apply_errors, "copy_errors": found.copy_errors}
    is_new = found.apply_errors > base.apply_errors or found.copy_errors > base.copy_errors
    told = base.model_copy(update=known)
    if _has_stopped(o, found, is_new=is_new):
        tables = tuple(sorted(shown(key) for key, state in found.tables.items() if state in "id"))
        is_copy = found.copy_errors > base.copy_errors or not is_new
        return told.model_copy(
            update={
                "stopped": True,
                "failures": base.failures + 1,
                "last_time": timestamp(now),
                "stopped_at": from_position(o.slot.confirmed) if o.slot is not None else base.stopped_at,
                "tables": tables[:100] if is_copy else base.tables,
            }
        )
    if is_new and not base.stopped:
        return told.model_copy(update={"last_time": timestamp(now)})
    told = told.model_copy(update={"stopped": base.stopped and not found.enabled})
    if base.failures and _got_past(o, found, base):
        return told.model_copy(update={"failures": 0, "stopped_at": None, "transaction": None, "tables": ()})
    return told


def _has_stopped(o: Observed, found: Subscription, *, is_new: bool) -> bool:
    """Whether the subscription was disabled since the last look, and not by us."""
    if found.enabled or o.errors.stopped or o.disabled or not found.tables:
        return False
    is_paused = o.sync.spec.suspend or (o.sync.status.phase in _PAUSED and not is_new)
    return not is_paused and (found.disables_on_error or is_new)


def _got_past(o: Observed, found: Subscription, base: SyncErrors) -> bool:
    slot = o.slot
    if slot is None or not found.enabled or not o.is_copied:
        return False
    return slot.confirmed > to_position(base.stopped_at or "0/0") or _is_level(slot)


def _is_level(slot: Slot) -> bool:
    return slot.active and slot.lag == 0


def has_failed(o: Observed) -> bool:
    """Whether replication has been started again in vain as often as it may be."""
    return o.errors.stopped and o.errors.failures > o.sync.spec.retry.limit


def next_start(o: Observed) -> datetime | None:
    """When a subscription that stopped at an error is to be enabled again; None: it has not stopped."""
    errors = o.errors
    if not errors.stopped or errors.last_time is None:
        return None
    wait = LONGEST_BACKOFF
    if not has_failed(o):
        wait = min(from_duration(o.sync.spec.retry.backoff) * 2 ** min(errors.failures - 1, 16), LONGEST_BACKOFF)
    return from_timestamp(errors.last_time) + wait


def stops_at_errors(o: Observed, now: datetime) -> bool:
    """Whether the subscription shall be disabled by the next error.

    While tables are copied, an error would have all of the table read again every few seconds. Later a lost connection
    must not stop replication until we look: so only after an error, and until some calm has passed.
    """
    last = from_timestamp(o.errors.last_time) if o.errors.last_time is not None else None
    return not o.is_copied or o.errors.failures > 0 or (last is not None and now - last < CALM)


def skip_wanted(o: Observed) -> str | None:
    """The transaction to pass over now: one that was not passed over before, where replication has stopped."""
    wanted = o.sync.spec.skip_transaction
    if wanted is None or not o.errors.stopped or wanted in {o.sync.status.last_skipped_transaction, o.skipped}:
        return None
    return wanted


def skip_hindrance(o: Observed) -> str:
    """Why the transaction that the spec names is never passed over, to go on a sentence with; empty where it may be."""
    version = o.destination.server.version if o.destination is not None else _HAS_SKIP
    if o.sync.spec.skip_transaction is None or version >= _HAS_SKIP:
        return ""
    return (
        f"; spec.skipTransaction has no effect: the destination is PostgreSQL {version // 10000}, and only 15 or newer "
        "can pass over a transaction; correct the row there, or set spec.resync to a new token"
    )


def told(o: Observed) -> str:
    """The sentence on what stopped replication, with the ways out."""
    errors = o.errors
    if errors.tables and errors.transaction is None:
        what = f"{', '.join(errors.tables)} can't be copied"
    elif errors.transaction is not None:
        changed = f" ({', '.join(errors.tables)})" if errors.tables else ""
        what = f"the transaction that finishes at {errors.transaction}{changed} can't be applied"
    else:
        what = f"changes after {errors.stopped_at or 'the start'} can't be applied"
    skip = f", or set spec.skipTransaction to {errors.transaction}" if errors.transaction is not None else ""
    return (
        f"{what}: stopped {errors.failures} times in a row, {errors.apply_errors} errors in applying and "
        f"{errors.copy_errors} in copying so far; the destination server's log has the row and the reason: correct it "
        f"there{skip}, or set spec.resync to copy everything anew"
    )
