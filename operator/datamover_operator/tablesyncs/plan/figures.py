"""The figures of a status: how far the destination is behind, and how large the tables are.

They change with every look at a busy source, and a quiet status is worth more than an exact one: `worth_telling` holds
on to what was told until the difference matters, `newest` is for a status that is written anyway.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from datamover_crds import TableState, from_timestamp
from datamover_operator.controller.plan.conditions import timestamp
from datamover_operator.postgres.state import from_position
from datamover_operator.tablesyncs.plan.copying import table_states
from datamover_operator.tablesyncs.plan.observed import Observed
from datamover_operator.tablesyncs.plan.progress import is_completed

SYNC_PACE = timedelta(hours=1)
"""How often at most a Continuous sync writes for no other reason than that it follows a busy source."""
_FALL_PACE = timedelta(minutes=10)
"""A lag that goes up and down is told by its peaks: how often at most that it is less than it was told."""
_CATCH_UP_PACE = timedelta(seconds=30)
"""The same for a destination that catches up, whose lag is its progress."""
_COARSE = 16 * 2**20
"""Differences of fewer bytes than this do not matter."""
_COARSE_SECONDS = 5


@dataclass(frozen=True, slots=True)
class Figures:
    """`positions` are members of the status by their Python names, `tables` its tables."""

    positions: Mapping[str, object]
    tables: tuple[TableState, ...]


def newest(o: Observed, now: datetime) -> Figures:
    """All figures as they are seen now."""
    if is_completed(o):
        return Figures({"lag_bytes": None, "lag_seconds": None, "retained_wal_bytes": None}, table_states(o))
    positions: dict[str, object] = {}
    if o.slot is not None:
        seconds = lag_seconds(o, now)
        positions = {"lag_bytes": o.slot.lag, "lag_seconds": seconds, "retained_wal_bytes": o.slot.retained}
    if o.last_synced is not None:
        position, at = o.last_synced
        positions |= {"last_sync_time": timestamp(at), "synced_position": from_position(position)}
    return Figures(positions, table_states(o))


def worth_telling(o: Observed, now: datetime) -> Figures:
    """The figures as they were told, but for those that matter by now."""
    stored, figures = o.sync.status, newest(o, now)
    if is_completed(o):
        return figures
    told = dict(figures.positions)
    if o.slot is not None:
        told |= _lag(o, now)
    is_same = told.get("synced_position") == stored.synced_position
    if _is_paced(o, now) or (is_same and o.sync.spec.mode != "Interval"):
        told |= {"last_sync_time": stored.last_sync_time, "synced_position": stored.synced_position}
    tables = tuple(_held_size(o, each) for each in figures.tables) if _is_paced(o, now) else figures.tables
    return Figures(told, tables)


def _is_paced(o: Observed, now: datetime) -> bool:
    """Whether it was told a short while ago that the source is followed."""
    last = o.sync.status.last_sync_time
    return o.sync.spec.mode == "Continuous" and last is not None and now - from_timestamp(last) < SYNC_PACE


def _lag(o: Observed, now: datetime) -> dict[str, object]:
    stored, slot = o.sync.status, o.slot
    assert slot is not None  # noqa: S101 - asked by the caller
    pace = _FALL_PACE if stored.phase == "Streaming" else _CATCH_UP_PACE
    may_fall = o.sync.spec.mode != "Continuous" or o.told_at is None or now - o.told_at >= pace
    seconds = lag_seconds(o, now)

    def held(before: int | None, after: int, coarse: int) -> int:
        matters = before is None or abs(after - before) > max(coarse, before // 2)
        return after if before is None or (matters and (after > before or may_fall)) else before

    return {
        "lag_bytes": held(stored.lag_bytes, slot.lag, _COARSE),
        "lag_seconds": held(stored.lag_seconds, seconds, _COARSE_SECONDS) if seconds is not None else None,
        "retained_wal_bytes": held(stored.retained_wal_bytes, slot.retained, _COARSE),
    }


def lag_seconds(o: Observed, now: datetime) -> int | None:
    """As the source measures it; while nothing is confirmed, since when the destination had everything."""
    slot, stored = o.slot, o.sync.status
    if slot is None or not o.is_copied:
        return None
    if slot.lag == 0 or (slot.active and slot.lag <= _COARSE):
        return 0
    if slot.replay_lag is not None:
        return round(slot.replay_lag)
    if o.last_synced is not None:
        return _age(o.last_synced.at, now)
    return _age(from_timestamp(stored.last_sync_time), now) if stored.last_sync_time is not None else None


def _age(moment: datetime, now: datetime) -> int:
    return max(0, round((now - moment).total_seconds()))


def _held_size(o: Observed, table: TableState) -> TableState:
    """The sizes of a table that follows its source are no news."""
    before = next((each for each in o.sync.status.tables if each.name == table.name), None)
    if before is None or before.state != table.state or before.rows is None or table.state != "Ready":
        return table
    return table.model_copy(update={"rows": before.rows, "bytes": before.bytes})
