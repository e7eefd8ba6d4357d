"""How far the first copy is: by table, in percent, and when it may end."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from datamover_crds import TableState, TableSyncStatus, from_timestamp
from datamover_operator.controller.plan.conditions import timestamp
from datamover_operator.postgres.state import TableKey
from datamover_operator.tablesyncs.plan.observed import Observed, shown
from datamover_operator.tablesyncs.plan.progress import is_completed

_STATES = {"i": "Pending", "d": "Copying", "f": "CatchingUp", "s": "CatchingUp", "r": "Ready"}
_ROOM = 0.05
"""Sizes that differ by less than this part are not worth a write."""


def with_verdicts(o: Observed, states: Iterable[TableState]) -> tuple[TableState, ...]:
    """What the comparison of both sides has found is kept when all else is gone."""
    verdicts = o.verification.verdicts if o.verification is not None else {}
    told = {shown(key): "Equal" if is_equal else "Different" for key, is_equal in verdicts.items()}
    return tuple(each.model_copy(update={"verified": told.get(each.name, each.verified)}) for each in states)


def table_states(o: Observed) -> tuple[TableState, ...]:
    """How far each table is."""
    before = {each.name: each for each in o.sync.status.tables}
    return with_verdicts(o, (_state(o, key, before.get(shown(key))) for key in sorted(o.keys)))


def _state(o: Observed, key: TableKey, before: TableState | None) -> TableState:
    found, destination = o.subscription, o.destination
    letter = found.tables.get(key, "i") if found is not None else "i"
    size = destination.sizes.get(key) if destination is not None else None
    copy = found.copies.get(key) if found is not None and letter == "d" else None
    source = o.catalogue.source.get(key) if o.catalogue is not None else None
    rows = copy.rows if copy is not None else size.rows if size is not None else None
    values = {
        "name": shown(key),
        "state": _STATES[letter],
        "rows": _settled(before.rows if before is not None else None, rows),
        "bytes": _settled(before.bytes if before is not None else None, size.bytes if size is not None else None),
        "total_rows": source.size.rows if source is not None else before.total_rows if before is not None else None,
        "total_bytes": source.size.bytes if source is not None else before.total_bytes if before is not None else None,
        "verified": before.verified if before is not None else None,
    }
    return TableState.model_validate(values)


def _settled(before: int | None, now: int | None) -> int | None:
    """A figure as it was told before, where it has hardly changed: these are estimates."""
    if now is None or before is None:
        return now if now is not None else before
    return before if abs(now - before) <= before * _ROOM else now


def percent_of(o: Observed, states: Iterable[TableState]) -> int | None:
    """How much of the source's bytes are copied, by its sizes when the copy began."""
    tables = list(states)
    if not tables:
        return None
    if is_completed(o) or all(each.state in {"CatchingUp", "Ready"} for each in tables):
        return 100
    total = sum(_weight(each) for each in tables)
    done = sum(_weight(each) * _part(each) for each in tables)
    return min(99, int(100 * done / total))


def _weight(table: TableState) -> int:
    """An empty table takes some time, too."""
    return max(table.total_bytes or 0, 8192)


def _part(table: TableState) -> float:
    if table.state in {"CatchingUp", "Ready"}:
        return 1.0
    if table.state == "Pending" or not table.rows or not table.total_rows:
        return 0.0
    return min(0.99, table.rows / table.total_rows)


def estimated_completion(o: Observed, status: TableSyncStatus, now: datetime) -> str | None:
    """When the copy may end at its present pace; told anew when it differs much."""
    if status.phase != "Copying" or not status.percent or status.copy_start_time is None:
        return None
    elapsed = now - from_timestamp(status.copy_start_time)
    end = now + elapsed * ((100 - status.percent) / status.percent)
    before = o.sync.status.estimated_completion_time
    if before is not None and abs(end - from_timestamp(before)) <= max(end - now, elapsed) * 0.1:
        return before
    return timestamp(end)
