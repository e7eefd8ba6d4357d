"""Whether a mover's schedule does what it says: starts that did not happen, runs that failed, a schedule switched off.

What goes wrong stands in the condition ScheduleFailing, and is told in an Event once.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from datamover_crds import Condition, DataMoverRun, JsonObject, ManifestConfig, from_timestamp
from datamover_crds.contract import FINAL_PHASES, ORIGIN_LABEL, SCHEDULE_ORIGIN
from datamover_operator.controller.plan.conditions import timestamp
from datamover_operator.movers.plan.diff import disabled_by_service
from datamover_operator.movers.plan.observed import Observed
from datamover_operator.runs.plan.history import ended_at, is_over, latest
from datamover_operator.runs.plan.ownership import execution_of

SCHEDULE_FAILING = "ScheduleFailing"
"""The condition of a mover whose schedule does not work."""
PATIENCE = timedelta(minutes=5)
"""How late a scheduled start may be."""
START_SHOWS_AFTER = 20.0
"""Seconds after its time when a scheduled start is looked for."""
MANIFEST_UNUSABLE = "ManifestUnusable"
EARLY = timedelta(minutes=1)
"""How much the clocks of AWS and of this process may differ."""


def is_awaited(o: Observed, described: JsonObject | None, now: datetime) -> bool:
    """Whether the start that the status announces is due, may still come, and has not been seen."""
    due = _overdue(o, described, now)
    is_known = o.task is not None and o.task.described is not None and not _has_unseen_run(o)
    return due is not None and (now < due + PATIENCE or not is_known)


def missed_start(o: Observed, described: JsonObject | None, now: datetime) -> str | None:
    """The start that the status announces and that has not come, as AWS told in this pass."""
    due = _overdue(o, described, now)
    return timestamp(due) if due is not None and not is_awaited(o, described, now) else None


def schedule_condition(
    o: Observed, described: JsonObject | None, missed: str | None, now: datetime
) -> tuple[Condition, ...]:
    """The condition ScheduleFailing, where the schedule does not work. `missed` is the last start that did not come."""
    found = _problem(o, described, missed)
    if found is None:
        return ()
    reason, message = found
    old = next((each for each in o.mover.status.conditions if each.type == SCHEDULE_FAILING), None)
    return (
        Condition(
            type=SCHEDULE_FAILING,
            status="True",
            observed_generation=o.generation,
            last_transition_time=old.last_transition_time if old is not None else timestamp(now),
            reason=reason,
            message=message[:4096],
        ),
    )


def scheduled_manifest(o: Observed) -> ManifestConfig | None:
    """The manifest with which the schedule will start the task; None: there is none, or it won't start it."""
    described = (o.task.described if o.task is not None else None) or {}
    is_to_start = _is_enabled(described) and described.get("status") in {"AVAILABLE", "QUEUED", "RUNNING"}
    return o.mover.spec.manifest_config if is_to_start else None


def next_look(o: Observed, ahead: float, retry: float) -> float:
    """After how many seconds to look at a mover that its schedule starts in `ahead` seconds.

    A manifest is looked at `retry` seconds before the start, and again so often as long as it is unusable.
    """
    before = ahead - retry if o.mover.spec.manifest_config is not None else 0.0
    looks = (before, ahead + START_SHOWS_AFTER, ahead + PATIENCE.total_seconds())
    seconds = next((each for each in looks if each > 0), 0.0)
    return min(seconds, retry) if _unusable_manifest(o) else seconds


def _unusable_manifest(o: Observed) -> str | None:
    """What is told of the manifest. Where it has not been read in this pass, what was told before still holds."""
    manifest = o.mover.spec.manifest_config
    if manifest is None:
        return None
    if o.manifest_problem is None:
        told = (each for each in o.mover.status.conditions if each.type == SCHEDULE_FAILING)
        return next((each.message for each in told if each.reason == MANIFEST_UNUSABLE), None)
    if not o.manifest_problem:
        return None
    return f"spec.manifestConfig: {o.manifest_problem}; until it is corrected, scheduled runs fail"


def _problem(o: Observed, described: JsonObject | None, missed: str | None) -> tuple[str, str] | None:
    if described is not None and disabled_by_service(described):
        details = described.get("scheduleDetails")
        reason = details.get("disabledReason") if isinstance(details, dict) else None
        return "DisabledByDataSync", (
            f"DataSync has disabled the schedule: {reason or 'no reason given'}; mend the cause, then enable it again "
            f"in AWS, for example with aws datasync update-task --schedule"
        )
    if not _is_enabled(described):
        return None
    unusable = _unusable_manifest(o)
    if unusable is not None:
        return MANIFEST_UNUSABLE, unusable
    if missed is not None and not _has_started(o, from_timestamp(missed) + PATIENCE):
        return "Missed", (
            f"the start that was due at {missed} did not happen; another run may have been active then, or DataSync "
            "may have refused it: see the task's history in AWS"
        )
    last = _last_scheduled(o)
    if last is not None and last.status.phase == "Failed":
        return "RunFailed", f"the last scheduled run '{last.metadata.name}' failed: {last.status.message}"
    return None


def _overdue(o: Observed, described: JsonObject | None, now: datetime) -> datetime | None:
    announced = o.mover.status.next_scheduled_time
    if announced is None or not _is_enabled(described):
        return None
    due = from_timestamp(announced)
    if now < due or _has_started(o, due - EARLY) or _set_after(described, due):
        return None
    return due


def _is_enabled(described: JsonObject | None) -> bool:
    schedule = described.get("schedule") if described is not None else None
    is_set = isinstance(schedule, dict) and bool(schedule.get("scheduleExpression"))
    return is_set and isinstance(schedule, dict) and schedule.get("status") != "DISABLED"


def _set_after(described: JsonObject | None, due: datetime) -> bool:
    """Whether the schedule has been set, or enabled, since then."""
    details = described.get("scheduleDetails") if described is not None else None
    changed = details.get("statusUpdateTime") if isinstance(details, dict) else None
    return changed is not None and from_timestamp(str(changed)) > due - EARLY


def _has_started(o: Observed, since: datetime) -> bool:
    """Whether any run has started since then."""
    stored = o.mover.status
    starts = [
        *(run.status.start_time for run in o.runs),
        *(each.started_at for each in o.external_executions),
        stored.last_run.start_time if stored.last_run is not None else None,
        stored.current_run.start_time if stored.current_run is not None else None,
    ]
    last = latest(*starts)
    return last is not None and from_timestamp(last) >= since


def _has_unseen_run(o: Observed) -> bool:
    """Whether a run stands for an execution of which it is not known yet when it started."""
    runs = (run for run in o.runs if run.status.start_time is None and run.status.phase not in FINAL_PHASES)
    return any(execution_of(run) is not None for run in runs)


def _last_scheduled(o: Observed) -> DataMoverRun | None:
    ended = [run for run in o.runs if run.metadata.labels.get(ORIGIN_LABEL) == SCHEDULE_ORIGIN and is_over(run)]
    return max(ended, key=ended_at, default=None)
