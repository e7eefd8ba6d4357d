"""The plan for a mover that is to exist: which step brings AWS nearer to what is declared.

A pure function of what was observed and the time. The stages stand in the order in which things depend on each
other; the first one that has something to do, or to wait for, makes the plan.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from datamover_crds import JsonObject, from_timestamp
from datamover_crds.contract import TASK_ARN_ANNOTATION
from datamover_operator.controller.plan.conditions import Conditions
from datamover_operator.movers.plan.activity import ACTIVE_RUN_POLL, is_active
from datamover_operator.movers.plan.agents import AGENT_POLL, offline_agents
from datamover_operator.movers.plan.deletion import plan_deletion
from datamover_operator.movers.plan.diff import disabled_by_service
from datamover_operator.movers.plan.failures import (
    BACKLOG_PATIENCE,
    LOOK_INTERVAL,
    SLOW_RETRY,
    look_again_in,
    plan_failures,
    unkept_update,
)
from datamover_operator.movers.plan.garbage import clearing_steps, is_busy
from datamover_operator.movers.plan.grant_checks import NOT_GRANTED, ungranted_in_aws
from datamover_operator.movers.plan.marks import only_marked
from datamover_operator.movers.plan.observed import Observed
from datamover_operator.movers.plan.resources import Wanted, wanted_of
from datamover_operator.movers.plan.run_objects import name_obstacle, recall_trigger, run_object_steps
from datamover_operator.movers.plan.status import is_recorded, last_description, role_notes
from datamover_operator.movers.plan.steps import AddFinalizer, Annotate, ClaimIntent, Plan, Record, Step
from datamover_operator.movers.plan.suspend import STOPPED_AFTER_RUN, is_marked, is_withheld, stopping_step
from datamover_operator.movers.plan.unmet import plan_unmet

PROTECTION_POLL = timedelta(seconds=2)
PROTECTION_PATIENCE = timedelta(seconds=10)

Stage = Callable[[Observed, "Wanted", datetime], Plan | None]


def plan_mover(o: Observed, now: datetime) -> Plan:
    """What to do next for one mover."""
    plan = _plan(o, now)
    unkept = unkept_update(o, plan.steps)
    if unkept is not None:
        plan = _plan(replace(o, failures=(*o.failures, unkept)), now)
    return only_marked(o, plan, now)


def _plan(o: Observed, now: datetime) -> Plan:
    if o.is_being_deleted:
        return plan_deletion(o, now)
    if o.unmet is not None:
        return plan_unmet(o, o.unmet, now)
    if o.failures:
        return plan_failures(o, now)
    wanted = wanted_of(o)
    return next(plan for stage in STAGES if (plan := stage(o, wanted, now)) is not None)


def _until_settled(o: Observed, _: Wanted, now: datetime) -> Plan | None:
    if o.settled:
        return None
    message = "the outcome of an earlier call is unknown; looking in AWS for what it may have created"
    return Plan(again_at=now + look_again_in(o), conditions=o.conditions(now).progressing("InDoubt", message))


def _recall_trigger(o: Observed, _: Wanted, now: datetime) -> Plan | None:
    return _do(o, now, recall_trigger(o))


def _protect(o: Observed, wanted: Wanted, now: datetime) -> Plan | None:
    is_needed = bool(wanted.creations) or (o.task is not None and not o.has_finalizer)
    if is_needed and not o.account_kept:
        message = f"waiting for DataMoverAccount '{o.mover.spec.account_ref.name}' to be protected from deletion"
        waits = o.conditions(now).progressing("AccountNotReady", message)
        # Mostly it takes a moment, which is not worth a write.
        born = o.mover.metadata.creation_timestamp
        is_young = born is not None and now - from_timestamp(born) < PROTECTION_PATIENCE
        return Plan(again_at=now + PROTECTION_POLL, conditions=o.mover.status.conditions if is_young else waits)
    return _do(o, now, [AddFinalizer()] if is_needed and not o.has_finalizer else [])


def _stop(o: Observed, _: Wanted, now: datetime) -> Plan | None:
    step = stopping_step(o) if is_withheld(o) else None
    if step is not None and is_active(o):
        conditions = o.conditions(now).progressing("WaitingForRun", STOPPED_AFTER_RUN)
        return Plan(again_at=now + ACTIVE_RUN_POLL, conditions=conditions)
    return _do(o, now, [step if is_marked(o) else Record()] if step is not None else [])


def _wait_for_run(o: Observed, wanted: Wanted, now: datetime) -> Plan | None:
    if not wanted.pending or not is_active(o):
        return None
    message = "the changed spec will be applied when the active run ends"
    return Plan(again_at=now + ACTIVE_RUN_POLL, conditions=o.conditions(now).progressing("WaitingForRun", message))


def _claim(o: Observed, wanted: Wanted, now: datetime) -> Plan | None:
    """What an intent allows has to be sent soon after it is written: where calls queue up, it is written later."""
    if not wanted.creations or o.intent_claimed:
        return None
    if o.backlog > BACKLOG_PATIENCE.total_seconds():
        return Plan(again_at=now + min(timedelta(seconds=o.backlog), LOOK_INTERVAL), conditions=_applying(o, now))
    return _do(o, now, [ClaimIntent(wanted.creations)])


def _roles(o: Observed, wanted: Wanted, now: datetime) -> Plan | None:
    return _do(o, now, wanted.roles)


def _locations(o: Observed, wanted: Wanted, now: datetime) -> Plan | None:
    return _do(o, now, wanted.locations)


def _task(o: Observed, wanted: Wanted, now: datetime) -> Plan | None:
    return _do(o, now, wanted.task)


def _record(o: Observed, _: Wanted, now: datetime) -> Plan | None:
    if is_recorded(o):
        return None
    return Plan(steps=(Record(),), conditions=_applying(o, now), notes=role_notes(o))


def _annotate(o: Observed, _: Wanted, now: datetime) -> Plan | None:
    is_annotated = o.task is None or o.annotations.get(TASK_ARN_ANNOTATION) == o.task.arn
    return _do(o, now, [] if is_annotated or o.task is None else [Annotate({TASK_ARN_ANNOTATION: o.task.arn})])


def _confirm(o: Observed, _: Wanted, now: datetime) -> Plan | None:
    return None if o.confirmed else Plan(again_at=now, conditions=_applying(o, now))


def _until_created(o: Observed, _: Wanted, now: datetime) -> Plan | None:
    """Also what has been replaced stays until then: locations are looked at only when the task is there."""
    described = o.task.described if o.task is not None else None
    if described is None or described.get("status") != "CREATING":
        return None
    again_at = now + _creating_poll(str(described.get("creationTime", "")), now)
    return Plan(again_at=again_at, conditions=_applying(o, now))


def _clear_away(o: Observed, _: Wanted, now: datetime) -> Plan | None:
    steps = clearing_steps(o)
    if steps or not is_busy(o):
        return _do(o, now, steps)
    message = "the replaced task is still running; it will be deleted when its run ends"
    return Plan(again_at=now + ACTIVE_RUN_POLL, conditions=o.conditions(now).progressing("WaitingForRun", message))


def _unless_unavailable(o: Observed, _: Wanted, now: datetime) -> Plan | None:
    described = o.task.described if o.task is not None else None
    if described is None or described.get("status") != "UNAVAILABLE":
        return None
    offline = offline_agents(o)
    if offline:
        message = f"the task is UNAVAILABLE because of its agents: {offline}"
        return Plan(again_at=now + AGENT_POLL, conditions=o.conditions(now).stalled("AgentOffline", message))
    why = " ".join(str(described.get(field) or "") for field in ("errorCode", "errorDetail")).strip()
    message = f"DataSync reports the task as UNAVAILABLE: {why or 'no reason given'}"
    return Plan(again_at=now + SLOW_RETRY, conditions=o.conditions(now).stalled("TaskUnavailable", message))


def _unless_ungranted(o: Observed, _: Wanted, now: datetime) -> Plan | None:
    """The task is as declared, and uses what the spec does not speak of."""
    found = ungranted_in_aws(o)
    if found is None:
        return None
    return Plan(
        again_at=now + SLOW_RETRY, conditions=o.conditions(now).stalled(NOT_GRANTED, f"status.taskArn: {found}")
    )


def _unless_name_is_taken(o: Observed, _: Wanted, now: datetime) -> Plan | None:
    obstacle = name_obstacle(o)
    if obstacle is None:
        return None
    if obstacle.passes:
        return Plan(retry=True, conditions=o.mover.status.conditions)
    message = (
        f"spec.trigger.manual: run '{obstacle.name}' exists already and belongs to another mover; delete it, or set "
        "another token"
    )
    return Plan(again_at=now + SLOW_RETRY, conditions=o.conditions(now).stalled("Refused", message))


def _mind_runs(o: Observed, _: Wanted, now: datetime) -> Plan | None:
    return _do(o, now, run_object_steps(o, now))


def _rest(o: Observed, _: Wanted, now: datetime) -> Plan | None:
    described = last_description(o)
    message = "the task matches the spec"
    if o.mover.spec.suspend:
        message = "suspended: the task matches the spec, and no run is started"
    elif described is not None and disabled_by_service(described):
        message = f"the task matches the spec, but DataSync has disabled its schedule: {_disabled_reason(described)}"
    return Plan(conditions=o.conditions(now).ready(message))


STAGES: tuple[Stage, ...] = (
    _stop,
    _until_settled,
    _recall_trigger,
    _protect,
    _wait_for_run,
    _claim,
    _roles,
    _locations,
    _task,
    _record,
    _annotate,
    _confirm,
    _until_created,
    _clear_away,
    _unless_unavailable,
    _unless_ungranted,
    _unless_name_is_taken,
    _mind_runs,
    _rest,
)


def _do(o: Observed, now: datetime, steps: Sequence[Step]) -> Plan | None:
    return Plan(steps=tuple(steps), conditions=_applying(o, now)) if steps else None


def _applying(o: Observed, now: datetime) -> Conditions:
    """One text for the whole way from a new spec to Ready: each other one would be one more write."""
    return o.conditions(now).progressing("Applying", "applying the spec in AWS")


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
