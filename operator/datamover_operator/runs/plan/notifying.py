"""What receivers are told of a run."""

from __future__ import annotations

from datamover_crds import DataMoverRun, DataMoverRunStatus, JsonObject, dump
from datamover_crds.contract import ORIGIN_LABEL
from datamover_operator.notifications.plan.deliveries import News
from datamover_operator.runs.plan.news import has_just_ended

_EVENTS = {"Succeeded": "RunSucceeded", "Cancelled": "RunCancelled"}
_TOLD = ("phase", "reason", "message", "executionArn", "startTime", "completionTime", "counters", "result", "report")


def run_news(before: DataMoverRunStatus, after: DataMoverRunStatus) -> tuple[News, ...]:
    """A run's end is the news; it comes once in a run's life."""
    if not has_just_ended(before, after):
        return ()
    event = _EVENTS.get(after.phase or "", "RunFailed")
    return (News(event, after.message or f"the run has {(after.phase or 'ended').lower()}", "end"),)


def run_data(run: DataMoverRun) -> JsonObject:
    """The data of the event."""
    status = dump(run.status)
    told: JsonObject = {name: status[name] for name in _TOLD if name in status}
    if run.spec.retry_of is not None:
        told["retryOf"] = dump(run.spec.retry_of)
    meta = run.metadata
    about: JsonObject = {"name": meta.name, "uid": meta.uid, "origin": meta.labels.get(ORIGIN_LABEL)}
    return {"namespace": meta.namespace, "mover": run.spec.mover_ref.name, "run": about | told}
