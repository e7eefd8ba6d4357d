"""How Once and promote end: caught up, sequences set, both sides compared, everything removed but the rows."""

from __future__ import annotations

from datetime import datetime, timedelta

from datamover_crds.contract import COMPLETED_ANNOTATION
from datamover_operator.controller.plan.conditions import Conditions
from datamover_operator.controller.plan.notes import Note
from datamover_operator.postgres.definitions import PublishedTable
from datamover_operator.postgres.failure import Side
from datamover_operator.postgres.state import TableKey
from datamover_operator.tablesyncs.plan.deletion import leftovers
from datamover_operator.tablesyncs.plan.desired import resync_stamp
from datamover_operator.tablesyncs.plan.destination_checks import published_columns
from datamover_operator.tablesyncs.plan.ends import still_there
from datamover_operator.tablesyncs.plan.observed import Catalogue, Observed, Verification
from datamover_operator.tablesyncs.plan.progress import is_completed
from datamover_operator.tablesyncs.plan.running import has_caught_up
from datamover_operator.tablesyncs.plan.steps import (
    Annotate,
    Inspect,
    Plan,
    SetSequences,
    SetTarget,
    Step,
    Unhold,
    Verify,
)

_ATTEMPTS = 5
_WAIT = timedelta(seconds=5)
_CLEAN_WAIT = timedelta(seconds=10)
_LONG_WAIT = timedelta(minutes=10)


def plan_completed(o: Observed, now: datetime) -> Plan | None:
    """Keep what is done as it is; only a new resync token starts again."""
    if not is_completed(o):
        is_old = COMPLETED_ANNOTATION in o.sync.metadata.annotations
        return Plan(steps=(Annotate({COMPLETED_ANNOTATION: None}),)) if is_old else None
    if o.finalizer:
        return _removed(o, now)
    when = o.sync.status.completion_time or ""
    message = f"completed{f' at {when}' if when else ''}: the rows stay, and the source is no longer followed"
    return Plan(conditions=o.conditions(now).ready(message))


def _removed(o: Observed, now: datetime) -> Plan:
    conditions = o.conditions(now).progressing("Completing", "removing the subscription, the slot and the publications")
    steps = leftovers(o)
    if steps:
        return Plan(steps=steps[:1], conditions=conditions)
    if o.source is None or o.destination is None:
        message = "; ".join(map(str, o.failures)) or "a database is out of reach"
        return Plan(retry=True, conditions=o.conditions(now).progressing("Completing", message))
    if o.retired:
        message = f"{still_there(o.retired[0], o.name)}; the rows are here, and it is tried again every minute"
        return Plan(again_at=now + _CLEAN_WAIT, conditions=o.conditions(now).progressing("Completing", message))
    return Plan(steps=(Unhold(),), conditions=conditions)


def plan_comparison(o: Observed, now: datetime) -> Plan | None:
    """While both sides are compared nothing else is done, and neither side is looked at: connections are few."""
    found = o.verification
    if found is None or found.is_done:
        return None
    return Plan(again_at=now + _WAIT, conditions=_progress(o, now, found))


def plan_completion(o: Observed, now: datetime) -> Plan | None:
    """Finish a sync that is to end, once the destination has what the source had."""
    if not o.finishes or not has_caught_up(o) or o.errors.failures or o.sync.spec.suspend:
        return None
    if o.sync.spec.verify == "None" or o.sync.spec.existing_rows == "Keep":
        return _finish(o, now)
    if o.catalogue is None:
        return _verifying(o, now, Inspect())
    found = o.verification
    if found is None:
        return _verifying(o, now, _verify(o, o.catalogue, 1))
    if not found.differences and found.failure is None:
        return _finish(o, now)
    if found.attempt < _ATTEMPTS:
        return _verifying(o, now, SetTarget(), _verify(o, o.catalogue, found.attempt + 1))
    why = "; ".join(found.differences) or str(found.failure)
    message = (
        f"both sides differ: {why}; stop writing to the source, see what else writes to the destination, then change "
        "the spec, for example spec.resync to copy the tables anew, or spec.verify"
    )
    return Plan(
        again_at=now + timedelta(minutes=10), conditions=o.conditions(now).stalled("VerificationFailed", message)
    )


def _verify(o: Observed, catalogue: Catalogue, attempt: int) -> Verify:
    tables: list[PublishedTable] = []
    columns: dict[TableKey, tuple[str, ...]] = {}
    partitioned: set[tuple[Side, TableKey]] = set()
    for wanted in o.sync.spec.tables:
        key, source, destination = wanted.key, catalogue.source.get(wanted.key), catalogue.destination.get(wanted.key)
        if source is None or destination is None:
            continue
        tables.append(PublishedTable(key, wanted.columns, wanted.where))
        names = tuple(sorted(each.name for each in published_columns(wanted, source)))
        columns[key] = names if o.sync.spec.verify == "Checksum" else ()
        if source.kind == "p":
            partitioned.add(("source", key))
        if destination.kind == "p":
            partitioned.add(("destination", key))
    return Verify(attempt, tuple(tables), columns, frozenset(partitioned))


def _finish(o: Observed, now: datetime) -> Plan:
    """The annotation comes before anything is removed: from then on no copy begins, whatever happens."""
    mark = Annotate({COMPLETED_ANNOTATION: resync_stamp(o.sync.spec.resync)})
    return Plan(
        steps=(SetSequences(o.keys), mark),
        conditions=o.conditions(now).progressing("Completing", "setting the sequences"),
        notes=(Note("Completed", "the destination has all rows; sequences are set, replication is removed"),),
    )


def _verifying(o: Observed, now: datetime, *steps: Step) -> Plan:
    return Plan(steps=steps, conditions=_progress(o, now, o.verification or Verification()))


def _progress(o: Observed, now: datetime, found: Verification) -> Conditions:
    message = f"comparing both sides, attempt {found.attempt}: {len(found.verdicts)} of {len(o.keys)} tables so far"
    return o.conditions(now).progressing("Verifying", message)
