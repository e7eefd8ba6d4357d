"""The plan for a mover that is to exist: which step brings AWS nearer to what is declared.

A pure function of what was observed and the time. The stages stand in the order in which things depend on each
other; the first one that has something to do, or to wait for, makes the plan.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from datamover_crds import JsonObject, from_timestamp
from datamover_operator.planning.changes import disabled_by_service
from datamover_operator.planning.conditions import Conditions
from datamover_operator.planning.deletion import plan_deletion
from datamover_operator.planning.history import history_steps
from datamover_operator.planning.names import (
    LAST_TRIGGER_ANNOTATION,
    TASK_ARN_ANNOTATION,
    execution_run_name,
    trigger_run_name,
)
from datamover_operator.planning.objections import Objection, first_objection
from datamover_operator.planning.observed import Observed, Stranger
from datamover_operator.planning.recording import is_recorded, last_description
from datamover_operator.planning.resources import Wanted, unwanted_roles, wanted_of
from datamover_operator.planning.schedules import next_start
from datamover_operator.planning.steps import (
    AddFinalizer,
    Annotate,
    ClaimIntent,
    CreateRun,
    Delete,
    DropLostRun,
    Plan,
    Record,
    Step,
)
from datamover_operator.planning.troubles import SLOW_RETRY, plan_trouble

FOREIGN_RUN_POLL = timedelta(seconds=15)
SCHEDULE_SLACK = timedelta(minutes=3)
_ACTIVE = frozenset({"RUNNING", "QUEUED"})

Stage = Callable[[Observed, "Wanted", datetime], Plan | None]


def plan_mover(o: Observed, now: datetime) -> Plan:
    """What to do next for one mover."""
    if o.mover.metadata.deletion_timestamp is not None:
        return plan_deletion(o, now)
    objection = first_objection(o)
    if objection is not None:
        return _object(o, objection, now)
    if o.trouble:
        return plan_trouble(o, now)
    wanted = wanted_of(o)
    return next(plan for stage in STAGES if (plan := stage(o, wanted, now)) is not None)


def _object(o: Observed, objection: Objection, now: datetime) -> Plan:
    if objection.waits:
        return Plan(conditions=o.judge(now).progressing(objection.reason, objection.message))
    return Plan(again_at=now + SLOW_RETRY, conditions=o.judge(now).stalled(objection.reason, objection.message))


def _until_settled(o: Observed, _: Wanted, now: datetime) -> Plan | None:
    if o.settled:
        return None
    message = "an earlier call's outcome is not known: looks in AWS for what it may have made"
    return Plan(retry=True, conditions=o.judge(now).progressing("InDoubt", message))


def _protect(o: Observed, wanted: Wanted, now: datetime) -> Plan | None:
    if o.finalizer or not (wanted.creations or o.task is not None):
        return None
    return _do(o, now, AddFinalizer())


def _wait_for_run(o: Observed, wanted: Wanted, now: datetime) -> Plan | None:
    if not wanted.pending or not is_active(o):
        return None
    message = "a run is active: the changed spec is applied when it has ended"
    return Plan(again_at=now + FOREIGN_RUN_POLL, conditions=o.judge(now).progressing("WaitingForRun", message))


def _claim(o: Observed, wanted: Wanted, now: datetime) -> Plan | None:
    if not wanted.creations or o.intent_claimed:
        return None
    return _do(o, now, ClaimIntent(wanted.creations))


def _roles(o: Observed, wanted: Wanted, now: datetime) -> Plan | None:
    return _do(o, now, *wanted.roles) if wanted.roles else None


def _locations(o: Observed, wanted: Wanted, now: datetime) -> Plan | None:
    return _do(o, now, *wanted.locations) if wanted.locations else None


def _task(o: Observed, wanted: Wanted, now: datetime) -> Plan | None:
    return _do(o, now, *wanted.task) if wanted.task else None


def _record(o: Observed, _: Wanted, now: datetime) -> Plan | None:
    return None if is_recorded(o) else _do(o, now, Record())


def _annotate(o: Observed, _: Wanted, now: datetime) -> Plan | None:
    if o.task is None or o.annotated.get(TASK_ARN_ANNOTATION) == o.task.arn:
        return None
    return _do(o, now, Annotate({TASK_ARN_ANNOTATION: o.task.arn}))


def _clear_retired(o: Observed, _: Wanted, now: datetime) -> Plan | None:
    leftovers = [item for item in (*o.retired, *unwanted_roles(o)) if item.arn not in o.shared_roles]
    for kind in ("task", "location", "role"):
        deletions = tuple(Delete(item.kind, item.arn) for item in leftovers if item.kind == kind)
        if deletions:
            return _do(o, now, *deletions)
    return None


def _confirm(o: Observed, _: Wanted, now: datetime) -> Plan | None:
    if o.confirmed:
        return None
    return Plan(again_at=now, conditions=_applying(o, now))


def _until_available(o: Observed, _: Wanted, now: datetime) -> Plan | None:
    described = o.task.described if o.task is not None else None
    if described is None:
        return None
    if described.get("status") == "CREATING":
        again_at = now + _creating_poll(str(described.get("creationTime", "")), now)
        return Plan(again_at=again_at, conditions=_applying(o, now))
    if described.get("status") != "UNAVAILABLE":
        return None
    why = " ".join(str(described.get(field) or "") for field in ("errorCode", "errorDetail")).strip()
    message = f"the task is UNAVAILABLE: {why or 'DataSync gives no reason'}"
    return Plan(again_at=now + SLOW_RETRY, conditions=o.judge(now).stalled("TaskUnavailable", message))


def _trigger(o: Observed, _: Wanted, now: datetime) -> Plan | None:
    trigger = o.mover.spec.trigger
    token = trigger.manual if trigger is not None else None
    done = {o.mover.status.last_trigger, o.annotated.get(LAST_TRIGGER_ANNOTATION)}
    if token is None or token in done or o.mover.spec.suspend:
        return None
    status_was_lost = not o.mover.status.conditions and o.task is not None
    name = trigger_run_name(o.identity.name, token)
    exists = any(run.metadata.name == name for run in o.runs)
    if status_was_lost or exists:
        return _do(o, now, Annotate({LAST_TRIGGER_ANNOTATION: token}))
    return _do(o, now, CreateRun(name, "trigger"))


def _drop_lost_run(o: Observed, _: Wanted, now: datetime) -> Plan | None:
    holder = o.mover.status.current_run
    if holder is None or any(run.metadata.uid == holder.uid for run in o.runs):
        return None
    return _do(o, now, DropLostRun(holder.name, holder.uid))


def _record_strangers(o: Observed, _: Wanted, now: datetime) -> Plan | None:
    steps = tuple(
        CreateRun(execution_run_name(o.identity.name, each.arn), _origin(o, each), each.arn) for each in o.strangers
    )
    return _do(o, now, *steps) if steps else None


def _prune(o: Observed, _: Wanted, now: datetime) -> Plan | None:
    steps = history_steps(o.mover.spec.run_history, o.runs, now)
    return _do(o, now, *steps) if steps else None


def _rest(o: Observed, _: Wanted, now: datetime) -> Plan | None:
    described = last_description(o)
    message = "the task is as declared"
    if o.mover.spec.suspend:
        message = "suspended: the task is as declared, nothing starts"
    elif described is not None and disabled_by_service(described):
        message = f"the task is as declared, but DataSync has disabled its schedule: {_disabled_reason(described)}"
    return Plan(conditions=o.judge(now).ready(message))


STAGES: tuple[Stage, ...] = (
    _until_settled,
    _protect,
    _wait_for_run,
    _claim,
    _roles,
    _locations,
    _task,
    _record,
    _annotate,
    _clear_retired,
    _confirm,
    _until_available,
    _drop_lost_run,
    _record_strangers,
    _trigger,
    _prune,
    _rest,
)


def is_active(o: Observed) -> bool:
    """Whether an execution of the task is under way, started by whomever."""
    described = o.task.described if o.task is not None else None
    if described is not None:
        return described.get("status") in _ACTIVE
    return o.mover.status.current_run is not None


def _do(o: Observed, now: datetime, *steps: Step) -> Plan:
    return Plan(steps=steps, conditions=_applying(o, now))


def _applying(o: Observed, now: datetime) -> Conditions:
    """One text for the whole way from a new spec to Ready: each other one would be one more write."""
    return o.judge(now).progressing("Applying", "brings AWS to what is declared")


def _origin(o: Observed, stranger: Stranger) -> str:
    """DataSync does not tell who started an execution; one that starts when the schedule says so is the schedule's."""
    started = from_timestamp(stranger.started_at)
    due = next_start(last_description(o), started - SCHEDULE_SLACK)
    return "schedule" if due is not None and from_timestamp(due) <= started + SCHEDULE_SLACK else "external"


def _creating_poll(created: str, now: datetime) -> timedelta:
    """Poll a young task often and an old one seldom."""
    try:
        age = (now - from_timestamp(created)).total_seconds()
    except ValueError:
        age = 0.0
    return timedelta(seconds=min(10.0, max(0.5, age / 4)))


def _disabled_reason(described: JsonObject) -> str:
    details = described.get("scheduleDetails")
    reason = details.get("disabledReason") if isinstance(details, dict) else None
    return str(reason or "no reason given")
