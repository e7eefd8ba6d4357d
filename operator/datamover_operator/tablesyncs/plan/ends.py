"""Which databases the sync works in, and which it worked in before the spec named others."""

from __future__ import annotations

from datamover_crds import RetiredEnd, SyncEnd
from datamover_operator.postgres.failure import SIDES, Side
from datamover_operator.tablesyncs.plan.observed import Observed

_MOST = 8


def stored_end(o: Observed, side: Side) -> SyncEnd | None:
    """The database that the status names."""
    return o.sync.status.source if side == "source" else o.sync.status.destination


def current_end(o: Observed, side: Side) -> SyncEnd | None:
    """The database as it is reached now; the stored one where it is not reached."""
    return o.ends.get(side) or stored_end(o, side)


def newly_retired(o: Observed) -> tuple[RetiredEnd, ...]:
    """The databases that the status names and that are others now."""
    status = o.sync.status
    found = []
    for side in SIDES:
        before, now = stored_end(o, side), o.ends.get(side)
        if before is not None and now is not None and before.id != now.id:
            system = status.destination.id.partition("/")[0] if status.destination is not None else None
            found.append(
                RetiredEnd(side=side, end=before, subscription_id=status.subscription_id, destination_id=system)
            )
    return tuple(found)


def all_retired(o: Observed) -> tuple[RetiredEnd, ...]:
    """What the status is to say: what is still to be cleaned, and none that is used again."""
    used = {(side, end.id) for side, end in o.ends.items()}
    known = dict.fromkeys((*o.retired, *newly_retired(o)))
    return tuple(each for each in known if (each.side, each.end.id) not in used)[:_MOST]


def is_recorded(o: Observed) -> bool:
    """Whether the stored status names the databases that are about to be written to."""
    status = o.sync.status
    ids = all(side in o.ends and (end := stored_end(o, side)) and end.id == o.ends[side].id for side in SIDES)
    return bool(ids) and status.retired == all_retired(o)
