"""The flywheel: how a mover's creation goes, told from the mover alone. Its id is the mover's uid.

What has happened is read from what there is: an event bears the time that AWS or Kubernetes gave the thing it tells of,
so the story is the same whoever asks, whenever, and after any restart.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC

from datamover_api.mirror.keys import name_of
from datamover_crds import Condition, DataMover, JsonObject, from_timestamp


@dataclass(frozen=True, slots=True)
class _Event:
    """What was done, and when as far as that is known; an RFC 3339 time in UTC with milliseconds."""

    at: str
    message: str


def flywheel_task(mover: DataMover) -> JsonObject:
    """The task of making this mover. Empty members are left out."""
    created = _time(mover.metadata.creation_timestamp)
    events = list(_in_order(_events(mover), created))
    stalled = _condition(mover, "Stalled")
    task: JsonObject = {"id": mover.metadata.uid, "status": "created", "created_at": created}
    if _is_complete(mover):
        task |= {"status": "completed", "checkin_at": events[-1].at, "completed_at": events[-1].at}
    elif stalled is not None and stalled.status == "True":
        failed = max(_time(stalled.last_transition_time), events[-1].at)
        task |= {"status": "failed", "checkin_at": failed, "failed_at": failed, "failure": stalled.message}
    elif mover.status.conditions:
        last = max(_time(each.last_transition_time) for each in mover.status.conditions)
        task |= {"status": "running", "checkin_at": max(last, events[-1].at)}
    return task | {"events": [f"{event.at} {event.message}" for event in events]}


def _is_complete(mover: DataMover) -> bool:
    """Whether the creation came to its end: whatever befalls the mover later is another story."""
    return mover.status.observed is not None and mover.status.observed.task is not None


def _events(mover: DataMover) -> Iterator[_Event]:
    uid, name, status = mover.metadata.uid, name_of(mover), mover.status
    calls = status.intent.calls if status.intent is not None else ()
    reconciling = _condition(mover, "Reconciling")
    began = _time(reconciling.last_transition_time if reconciling is not None else None)
    observed = status.observed
    source, destination, task = (
        (observed.source, observed.destination, observed.task) if observed is not None else (None, None, None)
    )
    yield _Event("", f"starting task {uid}")
    if status.source_location_arn is not None or "CreateLocation source" in calls:
        yield _Event(_made(source) or began, "requested creation of source location")
    if status.destination_location_arn is not None or "CreateLocation destination" in calls:
        yield _Event(_made(destination) or began, "requested creation of destination location")
    if status.task_arn is not None or "CreateTask" in calls:
        yield _Event(_made(task) or began, f"requested creation of datasync task {name}")
    if status.task_arn is not None:
        yield _Event(_made(task) or began, f"created data mover '{name}': {status.task_arn.rsplit('/', 1)[-1]}")
    if _is_complete(mover):
        yield _Event(_made(task), f"complete task {uid}")


def _in_order(events: Iterator[_Event], at: str) -> Iterator[_Event]:
    """The events, none before the one that it follows: AWS's clock is another than Kubernetes', and more precise."""
    for event in events:
        at = max(at, event.at)
        yield _Event(at, event.message)


def _made(described: JsonObject | None) -> str:
    made = (described or {}).get("creationTime")
    return _time(made) if isinstance(made, str) else ""


def _condition(mover: DataMover, kind: str) -> Condition | None:
    return next((each for each in mover.status.conditions if each.type == kind), None)


def _time(text: str | None) -> str:
    """A time in UTC with milliseconds, so that texts compare as times do; empty for none."""
    if text is None:
        return ""
    return from_timestamp(text).astimezone(UTC).isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"
