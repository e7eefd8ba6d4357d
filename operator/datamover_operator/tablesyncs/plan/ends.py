"""Which databases the sync works in, and which it worked in before the spec named others."""

from __future__ import annotations

from datamover_crds import RetiredEnd, SyncEnd
from datamover_crds.contract import DATABASES_ANNOTATION
from datamover_operator.postgres.failure import SIDES, Side
from datamover_operator.tablesyncs.plan.changes import is_elsewhere, serves
from datamover_operator.tablesyncs.plan.known import Databases, annotated, written
from datamover_operator.tablesyncs.plan.observed import Finding, Observed
from datamover_operator.tablesyncs.plan.steps import Annotate

_MOST = 8


def stored_end(o: Observed, side: Side) -> SyncEnd | None:
    """The database that was recorded."""
    return o.known.source if side == "source" else o.known.destination


def current_end(o: Observed, side: Side) -> SyncEnd | None:
    """The database as it is reached now; the stored one where it is not reached."""
    return o.ends.get(side) or stored_end(o, side)


def newly_retired(o: Observed) -> tuple[RetiredEnd, ...]:
    """The databases that were recorded and that are others now."""
    known = o.known
    found = []
    for side in SIDES:
        before, now = stored_end(o, side), o.ends.get(side)
        if before is not None and now is not None and before.id != now.id:
            system = known.destination.id.partition("/")[0] if known.destination is not None else None
            found.append(
                RetiredEnd(side=side, end=before, subscription_id=known.subscription_id, destination_id=system)
            )
    return tuple(found)


def all_retired(o: Observed) -> tuple[RetiredEnd, ...]:
    """What is still to be cleaned, and none that is used again."""
    used = {(side, end.id) for side, end in o.ends.items()}
    known = dict.fromkeys((*o.retired, *newly_retired(o)))
    return tuple(each for each in known if (each.side, each.end.id) not in used)


def still_there(former: RetiredEnd, name: str) -> str:
    """What is still to be removed, for people."""
    end = former.end
    return (
        f"the former {former.side} {end.host}:{end.port}/{end.database} still has {name}: it can't be reached, or not "
        "with the present credentials"
    )


def too_many(o: Observed) -> Finding | None:
    """Whether a move would leave more databases to be cleaned than can be kept in mind."""
    found = all_retired(o)
    if not newly_retired(o) or len(found) <= _MOST:
        return None
    ends = ", ".join(f"{each.side} {each.end.host}:{each.end.port}/{each.end.database}" for each in found[:_MOST])
    return Finding(
        "TooManyFormerDatabases",
        f"what this TableSync made in {_MOST} former databases is not removed yet ({ends}): bring them within "
        "reach, or let the spec name the database before",
    )


def databases(o: Observed) -> Databases:
    """What is to be recorded: the databases that are worked in now, and those that are to be cleaned."""
    found = o.subscription
    is_present = found is not None and not is_elsewhere(o) and serves(o)
    subscription_id = found.oid if found is not None and is_present else None
    if found is None and not is_elsewhere(o):
        subscription_id = o.known.subscription_id
    return Databases(
        uid=o.uid,
        source=_without_version(current_end(o, "source")),
        destination=_without_version(current_end(o, "destination")),
        subscription_id=subscription_id,
        retired=all_retired(o),
    )


def is_recorded(o: Observed) -> bool:
    """Whether the databases that are about to be written to are recorded, and those that are to be cleaned."""
    return annotated(o.sync) == databases(o)


def recorded(o: Observed) -> Annotate:
    """The step that records them."""
    return Annotate({DATABASES_ANNOTATION: written(databases(o))})


def _without_version(end: SyncEnd | None) -> SyncEnd | None:
    return end.model_copy(update={"version": None}) if end is not None else None
