"""The flywheel: the progress of a mover's creation, derived from the mover alone. Its id is the mover's uid.

Events are derived from what exists: each has the time that AWS or Kubernetes gave to what it reports, so the answer is
the same for everybody, at any time, and after any restart. Nothing is left of a failed creation: `FailedCreations`
remembers those.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from pydantic import JsonValue

from datamover_api.mirror.keys import name_of
from datamover_crds import Condition, DataMover, JsonObject, from_timestamp, to_timestamp
from datamover_crds.contract import TASK_CALL, location_call

Step = Literal["source", "destination", "task"]
_STEPS: Final[tuple[Step, ...]] = ("source", "destination", "task")
_REQUESTED: Final = {
    "source": "requested creation of source location",
    "destination": "requested creation of destination location",
    "task": "requested creation of datasync task {name}",
}
_FAILED: Final = {
    "source": "failed to create source location",
    "destination": "failed to create destination location",
    "task": "failed to create datasync task",
}
_CALLS: Final = {
    "source": location_call("source"),
    "destination": location_call("destination"),
    "task": TASK_CALL,
}
_SIDE: Final = re.compile(r"spec\.(source|destination)\b")
_REMEMBERED: Final = 1000


@dataclass(frozen=True, slots=True)
class _Event:
    """What was done, and when as far as that is known; an RFC 3339 time in UTC with milliseconds."""

    at: str
    message: str


class FailedCreations:
    """The flywheel tasks of the last creations that failed, by id."""

    def __init__(self) -> None:
        """Remember none yet."""
        self._tasks: OrderedDict[str, JsonObject] = OrderedDict()

    def note(self, mover: DataMover) -> None:
        """A mover has failed, and is rolled back."""
        self.add(flywheel_task(mover))

    def add(self, task: JsonObject) -> None:
        """Remember a task, and forget the oldest one where there are too many."""
        self._tasks[str(task["id"])] = task
        if len(self._tasks) > _REMEMBERED:
            self._tasks.popitem(last=False)

    def get(self, task_id: str) -> JsonObject | None:
        """The task with this id, if it is remembered."""
        return self._tasks.get(task_id)


def ill_formed_task(task_id: str, name: str, step: Step, message: str, now: datetime) -> JsonObject:
    """The task of a creation that failed before anything was created."""
    at = to_timestamp(now)
    told = (f"starting task {task_id}", *(_REQUESTED[each].format(name=name) for each in _upto(step)))
    failed: JsonObject = {"failed_at": at, "failure": f"{_FAILED[step]}: {message}"}
    events: list[JsonValue] = [f"{at} {text}" for text in told]
    return {"id": task_id, "status": "failed", "created_at": at, "checkin_at": at, **failed, "events": events}


def flywheel_task(mover: DataMover) -> JsonObject:
    """The task of making this mover. Empty members are left out."""
    created = _time(mover.metadata.creation_timestamp)
    stalled = _condition(mover, "Stalled")
    has_failed = not _is_complete(mover) and stalled is not None and stalled.status == "True"
    failing = _failing_step(mover, stalled.message) if has_failed and stalled is not None else None
    events = list(_in_order(_events(mover, failing), created))
    task: JsonObject = {"id": mover.metadata.uid, "status": "created", "created_at": created}
    if _is_complete(mover):
        task |= {"status": "completed", "checkin_at": events[-1].at, "completed_at": events[-1].at}
    elif failing is not None and stalled is not None:
        failed = max(_time(stalled.last_transition_time), events[-1].at)
        failure = f"{_FAILED[failing]}: {stalled.message}"
        task |= {"status": "failed", "checkin_at": failed, "failed_at": failed, "failure": failure}
    elif mover.status.conditions:
        last = max(_time(each.last_transition_time) for each in mover.status.conditions)
        task |= {"status": "running", "checkin_at": max(last, events[-1].at)}
    return task | {"events": [f"{event.at} {event.message}" for event in events]}


def _is_complete(mover: DataMover) -> bool:
    """Whether the creation has finished: what happens to the mover later does not matter here."""
    return mover.status.observed is not None and mover.status.observed.task is not None


def _failing_step(mover: DataMover, message: str) -> Step:
    """The step that failed: the operator's messages begin with the field that is to be changed."""
    named = _SIDE.match(message)
    if named is not None:
        return "source" if named[1] == "source" else "destination"
    has_locations = mover.status.source_location_arn is not None and mover.status.destination_location_arn is not None
    return "task" if has_locations else "source"


def _events(mover: DataMover, failing: Step | None) -> Iterator[_Event]:
    uid, name, status = mover.metadata.uid, name_of(mover), mover.status
    intent = status.bookkeeping.intent
    calls = intent.calls if intent is not None else ()
    reconciling = _condition(mover, "Reconciling")
    began = _time(reconciling.last_transition_time if reconciling is not None else None)
    observed = status.observed
    described = {step: getattr(observed, step) if observed is not None else None for step in _STEPS}
    known = {
        "source": status.source_location_arn,
        "destination": status.destination_location_arn,
        "task": status.task_arn,
    }
    # There the steps followed each other: those after the failed one were not tried.
    tried = [step for step in _STEPS if known[step] is not None or _CALLS[step] in calls]
    yield _Event("", f"starting task {uid}")
    for step in _STEPS:
        if step in (tried if failing is None else _upto(failing)):
            yield _Event(_made(described[step]) or began, _REQUESTED[step].format(name=name))
    if status.task_arn is not None:
        at = _made(described["task"]) or began
        yield _Event(at, f"created data mover '{name}': {status.task_arn.rsplit('/', 1)[-1]}")
    if _is_complete(mover):
        yield _Event(_made(described["task"]), f"complete task {uid}")


def _upto(step: Step) -> tuple[Step, ...]:
    return _STEPS[: _STEPS.index(step) + 1]


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
    return to_timestamp(from_timestamp(text))
