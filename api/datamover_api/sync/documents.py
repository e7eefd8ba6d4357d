"""What clients read of a sync, told from its mover and runs, or from its table sync."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final, Literal, NamedTuple

from pydantic import JsonValue

from datamover_api.sync.building import kept_by
from datamover_api.sync.names import id_of
from datamover_api.sync.webhooks import deliveries
from datamover_crds import Condition, DataMover, DataMoverRun, JsonObject, TableSync, from_timestamp, to_timestamp
from datamover_crds.contract import FINAL_PHASES

Status = Literal["pending", "running", "paused", "completed", "failed", "cancelled"]
RUN_ENDS: Final[dict[str, Status]] = {"Succeeded": "completed", "Cancelled": "cancelled"}
"""What runs end as that have not failed."""
_TABLE_PHASES: Final[dict[str, Status]] = {
    "Suspended": "paused",
    "Idle": "completed",
    "Completed": "completed",
    "Failed": "failed",
}
_COPIED: Final = frozenset({"Streaming", "Idle", "Completed"})
ALL: Final = 100
"""Percent."""


class State(NamedTuple):
    """How a sync is."""

    status: Status
    progress: int
    last_sync_at: str | None
    estimate: timedelta | None
    error: JsonObject | None
    updated_at: str


def mover_state(mover: DataMover, runs: Sequence[DataMoverRun], now: datetime) -> State:
    """The state of a sync of files; `runs` are its runs, the oldest first."""
    last = runs[-1] if runs else None
    phase = last.status.phase if last is not None else None
    hindrance = _stalled(mover)
    status: Status = "running"
    error = None
    if mover.spec.suspend and phase in {None, *FINAL_PHASES}:
        status = "paused"
    elif hindrance is not None and phase in {None, "Pending"}:
        status, error = "failed", _told(hindrance.reason, hindrance.message)
    elif phase in FINAL_PHASES and last is not None:
        status = RUN_ENDS.get(str(phase), "failed")
        error = run_error(last) if status == "failed" else None
    elif phase in {"Pending", "Queued"}:
        status = "pending"
    ended = [run.status.completion_time for run in runs if run.status.phase == "Succeeded"]
    moments = [time for run in runs for time in (run.status.start_time, run.status.completion_time)]
    return State(
        status,
        run_progress(last) if status != "completed" else ALL,
        moment(ended[-1]) if ended else None,
        _run_estimate(last, now) if last is not None and status == "running" else None,
        error,
        _latest(mover, mover.status.conditions, moments),
    )


def table_state(sync: TableSync) -> State:
    """The state of a sync of tables."""
    phase, told = sync.status.phase, sync.status
    hindrance = _stalled(sync)
    status: Status = "running"
    error = None
    if phase in {None, "Pending"} and hindrance is None:
        status = "running"
    if sync.spec.suspend:
        status = "paused"
    elif hindrance is not None or phase == "Failed":
        status = "failed"
        ready = next((each for each in told.conditions if each.type == "Ready"), None)
        found = hindrance or ready
        error = _told(found.reason, found.message) if found is not None else None
    elif phase is not None:
        status = _TABLE_PHASES.get(phase, "running")
    begun, expected = told.copy_start_time, told.estimated_completion_time
    estimate = from_timestamp(expected) - from_timestamp(begun) if begun is not None and expected is not None else None
    times = [told.last_sync_time, told.completion_time, told.copy_start_time]
    return State(
        status,
        ALL if phase in _COPIED else told.percent or 0,
        moment(told.last_sync_time),
        estimate if status == "running" else None,
        error,
        _latest(sync, told.conditions, times),
    )


def document(obj: DataMover | TableSync, state: State) -> JsonObject:
    """A sync as clients read it."""
    kept = kept_by(obj)
    return {
        "id": id_of(obj.metadata.name),
        "status": state.status,
        "progress": state.progress,
        "createdAt": moment(obj.metadata.creation_timestamp),
        "updatedAt": state.updated_at,
        "lastSyncAt": state.last_sync_at,
        "source": kept.get("source", {}),
        "destination": kept.get("destination", {}),
        **({"tables": kept.get("tables", [])} if isinstance(obj, TableSync) else {}),
        "syncInterval": kept.get("syncInterval"),
        "paused": obj.spec.suspend,
        "webhook": kept.get("webhook"),
        "estimatedDuration": written(state.estimate),
        "error": state.error,
    }


def status_document(obj: DataMover | TableSync, state: State, last: DataMoverRun | None) -> JsonObject:
    """How a sync is, without what it is; `last` is its last run."""
    tables: list[JsonValue] = []
    if isinstance(obj, TableSync):
        tables = [{"name": each.name, "state": each.state} for each in obj.status.tables]
    return {
        "id": id_of(obj.metadata.name),
        "status": state.status,
        "progress": state.progress,
        "updatedAt": state.updated_at,
        "lastSyncAt": state.last_sync_at,
        "estimatedDuration": written(state.estimate),
        **({"tables": tables} if isinstance(obj, TableSync) else {}),
        "error": state.error,
        "deliveries": _deliveries(obj, last),
    }


def _deliveries(obj: DataMover | TableSync, last: DataMoverRun | None) -> list[JsonValue]:
    of_run = last.status.notifications if last is not None else ()
    return deliveries((*obj.status.notifications, *of_run))


def written(length: timedelta | None) -> str | None:
    """A length of time such as `2m45s`."""
    if length is None:
        return None
    minutes, seconds = divmod(max(int(length.total_seconds()), 0), 60)
    hours, minutes = divmod(minutes, 60)
    parts = [(hours, "h"), (minutes, "m"), (seconds, "s")]
    return "".join(f"{count}{unit}" for count, unit in parts if count) or "0s"


def _stalled(obj: DataMover | TableSync) -> Condition | None:
    found = next((each for each in obj.status.conditions if each.type == "Stalled" and each.status == "True"), None)
    return found if found is not None and found.observed_generation == obj.metadata.generation else None


def run_progress(run: DataMoverRun | None) -> int:
    """How much of a run is done, in percent."""
    progress = run.status.progress if run is not None else None
    return (progress.percent or 0) if progress is not None else 0


def _run_estimate(run: DataMoverRun, now: datetime) -> timedelta | None:
    """How long a run takes in all, if it goes on as it has gone so far."""
    percent, begun = run_progress(run), run.status.start_time
    if not percent or begun is None:
        return None
    return (now - from_timestamp(begun)) * ALL / percent


def run_error(run: DataMoverRun) -> JsonObject:
    """Why a run has failed: AWS's code and detail, or else the operator's."""
    result = run.status.result
    if result is not None and result.error_code:
        return _told(result.error_code, result.error_detail or "")
    return _told(run.status.reason or str(run.status.phase), run.status.message or "")


def _told(code: str, message: str) -> JsonObject:
    return {"code": code, "message": message}


def _latest(obj: DataMover | TableSync, conditions: Sequence[Condition], times: Sequence[str | None]) -> str:
    known = [obj.metadata.creation_timestamp, *(each.last_transition_time for each in conditions), *times]
    moments = [from_timestamp(each) for each in known if each is not None]
    with suppress(ValueError):  # somebody may have edited it
        changed = from_timestamp(str(kept_by(obj).get("updatedAt")))
        moments += [changed] if changed.tzinfo is not None else []
    return to_timestamp(max(moments)) if moments else "1970-01-01T00:00:00Z"


def moment(time: str | None) -> str | None:
    """A time as clients read it."""
    return to_timestamp(from_timestamp(time)).replace(".000Z", "Z") if time is not None else None
