"""A storage as clients read it: its members, and how its last sync went, told from the runs of its mover."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC
from typing import Final, Literal

from datamover_api.labelstudio.members import MEMBERS
from datamover_crds import DataMover, DataMoverRun, JsonObject, Phase, dump, from_timestamp
from datamover_crds.contract import FINAL_PHASES

Status = Literal["initialized", "queued", "in_progress", "failed", "completed"]
_WAITING: Final[frozenset[Phase | None]] = frozenset({None, "Pending", "Queued"})
_FIRST: Final = ("synchronizable", "presign")
_OTHERS: Final = tuple(name for name in MEMBERS if name not in {*_FIRST, "title", "description"})


@dataclass(frozen=True, slots=True)
class Sync:
    """How the last sync went; what it has not come to is None."""

    status: Status = "initialized"
    finished_at: str | None = None
    count: int | None = None
    job: str | None = None
    traceback: str | None = None
    meta: JsonObject | None = None


def hindrance_of(mover: DataMover) -> str | None:
    """Why a mover can't run as it is now; None while nothing is known against it."""
    told = next((each for each in mover.status.conditions if each.type == "Stalled" and each.status == "True"), None)
    is_current = told is not None and told.observed_generation == mover.metadata.generation
    return told.message if told is not None and is_current else None


def last_sync(runs: Sequence[DataMoverRun], hindrance: str | None) -> Sync:
    """The last sync that a mover's runs, the oldest first, tell of.

    `hindrance` says why the mover can't run as it is: a run that waits for it has failed as far as a client can see.
    The text of the last failure stays beside a later success, as there.
    """
    if not runs:
        return Sync()
    run = runs[-1]
    status = _status(run, hindrance)
    failures = [text for each in runs if (text := _failure(each)) is not None]
    waits = status == "failed" and run.status.phase not in FINAL_PHASES
    return Sync(
        status=status,
        finished_at=_moment(run.status.completion_time) if status == "completed" else None,
        count=_count(run) if status != "queued" else None,
        job=run.status.execution_arn.rsplit("/", 1)[-1] if run.status.execution_arn is not None else None,
        traceback=hindrance if waits else (failures[-1] if failures else None),
        meta=_meta(run, status, attempts=len(runs)),
    )


def storage_document(storage_id: int, created: str, members: JsonObject, sync: Sync) -> JsonObject:
    """A storage, its members in Label Studio's order; `created` is an RFC 3339 time."""
    return {
        "id": storage_id,
        "type": "s3",
        **{name: members.get(name) for name in _FIRST},
        "last_sync": sync.finished_at,
        "last_sync_count": sync.count,
        "last_sync_job": sync.job,
        "status": sync.status,
        "traceback": sync.traceback,
        "meta": sync.meta or {},
        "title": members.get("title"),
        "description": members.get("description"),
        "created_at": _moment(created),
        **{name: members.get(name) for name in _OTHERS},
    }


def _status(run: DataMoverRun, hindrance: str | None) -> Status:
    phase = run.status.phase
    if phase == "Succeeded":
        return "completed"
    if phase in FINAL_PHASES or (phase in _WAITING and hindrance is not None):
        return "failed"
    return "queued" if phase in _WAITING else "in_progress"


def _count(run: DataMoverRun) -> int | None:
    """The files that were transferred: none where the filter has selected nothing."""
    if run.status.counters is not None:
        return run.status.counters.files_transferred
    return 0 if run.status.phase == "Succeeded" else None


def _failure(run: DataMoverRun) -> str | None:
    """AWS's error code and detail, or else the run's own message, where it has failed; then its report's failures."""
    if run.status.phase not in FINAL_PHASES or run.status.phase == "Succeeded":
        return None
    result = run.status.result
    told = [result.error_code, result.error_detail] if result is not None else []
    why = ": ".join(each for each in told if each) or run.status.message or run.status.phase
    return "\n".join([why, *_failed_files(run)])


def _failed_files(run: DataMoverRun) -> list[str]:
    """The first files that failed, where DataSync has written a report."""
    found = run.status.report.failures if run.status.report is not None else ()
    return [": ".join(part for part in (each.path, each.code, each.detail) if part) for each in found]


def _meta(run: DataMoverRun, status: Status, *, attempts: int) -> JsonObject:
    """When each step was reached, and the execution's counters and durations; times have a space, as there."""
    times = {
        "time_queued": run.metadata.creation_timestamp,
        "time_in_progress": run.status.start_time,
        "time_completed": run.status.completion_time if status == "completed" else None,
        "time_failure": run.status.completion_time if status == "failed" else None,
    }
    told: JsonObject = {"attempts": attempts}
    told |= {name: _spaced(time) for name, time in times.items() if time is not None}
    if run.status.counters is not None:
        told["counters"] = dump(run.status.counters)
    if run.status.result is not None and run.status.result.total_duration is not None:
        told["duration"] = run.status.result.total_duration / 1000
    return told


def _moment(time: str | None) -> str | None:
    """A time in UTC with microseconds and a Z."""
    if time is None:
        return None
    return from_timestamp(time).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _spaced(time: str) -> str:
    return from_timestamp(time).astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f+00:00")
