"""The last stages of a mover's plan: the task is as declared, and what remains is to watch it and to mind its runs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from datamover_crds import JsonObject, from_timestamp
from datamover_operator.controller.plan.conditions import Conditions
from datamover_operator.controller.plan.notes import Note
from datamover_operator.movers.plan.activity import ACTIVE_RUN_POLL
from datamover_operator.movers.plan.agents import AGENT_POLL, offline_agents
from datamover_operator.movers.plan.diff import disabled_by_service
from datamover_operator.movers.plan.failures import SLOW_RETRY
from datamover_operator.movers.plan.garbage import clearing_steps, is_busy
from datamover_operator.movers.plan.grant_checks import NOT_GRANTED, ungranted_in_aws
from datamover_operator.movers.plan.log_access import log_advice
from datamover_operator.movers.plan.marks import unmarking_steps
from datamover_operator.movers.plan.observed import Observed
from datamover_operator.movers.plan.resources import Wanted
from datamover_operator.movers.plan.run_objects import name_obstacle, run_object_steps
from datamover_operator.movers.plan.status import last_description
from datamover_operator.movers.plan.steps import Plan, Step

FRESH = timedelta(minutes=2)
"""How long a new task may be UNAVAILABLE without anybody being told."""


def until_created(o: Observed, _: Wanted, now: datetime) -> Plan | None:
    """A task that is being created is looked at often.

    Also what has been replaced stays until then: locations are looked at only when the task is there.
    """
    described = o.task.described if o.task is not None else None
    if described is None or described.get("status") != "CREATING":
        return None
    return Plan(again_at=now + _poll(_age(described, now)), conditions=applying(o, now))


def clear_away(o: Observed, _: Wanted, now: datetime) -> Plan | None:
    """What was replaced goes."""
    steps = clearing_steps(o)
    if steps or not is_busy(o):
        return do(o, now, steps)
    message = "the replaced task is still running; it will be deleted when its run ends"
    return Plan(again_at=now + ACTIVE_RUN_POLL, conditions=o.conditions(now).progressing("WaitingForRun", message))


def let_go(o: Observed, _: Wanted, now: datetime) -> Plan | None:
    """A location that the mover has made, and that the spec now says is another's, is not ours any more.

    Its tags would have it deleted, as lost, after the mover's end, or when the spec names it no longer.
    """
    return do(o, now, unmarking_steps(o, o.existing))


def unless_unavailable(o: Observed, _: Wanted, now: datetime) -> Plan | None:
    """A task that can't run is told of. One that has just been created may be so on its way to AVAILABLE."""
    described = o.task.described if o.task is not None else None
    if described is None or described.get("status") != "UNAVAILABLE":
        return None
    offline = offline_agents(o)
    if offline:
        message = f"the task is UNAVAILABLE because of its agents: {offline}"
        return Plan(again_at=now + AGENT_POLL, conditions=o.conditions(now).stalled("AgentOffline", message))
    why = " ".join(str(described.get(field) or "") for field in ("errorCode", "errorDetail")).strip()
    message = f"DataSync reports the task as UNAVAILABLE: {why or 'no reason given'}"
    age = _age(described, now)
    if age < FRESH:
        return Plan(again_at=now + _poll(age), conditions=o.conditions(now).progressing("TaskUnavailable", message))
    return Plan(again_at=now + SLOW_RETRY, conditions=o.conditions(now).stalled("TaskUnavailable", message))


def unless_ungranted(o: Observed, _: Wanted, now: datetime) -> Plan | None:
    """The task is as declared, and uses what the spec does not speak of."""
    found = ungranted_in_aws(o)
    if found is None:
        return None
    return Plan(
        again_at=now + SLOW_RETRY, conditions=o.conditions(now).stalled(NOT_GRANTED, f"status.taskArn: {found}")
    )


def unless_name_is_taken(o: Observed, _: Wanted, now: datetime) -> Plan | None:
    """The run of a trigger's token can't be made."""
    obstacle = name_obstacle(o)
    if obstacle is None:
        return None
    if obstacle.passes:
        return Plan(retry=True, conditions=o.mover.status.conditions)
    message = (
        f"spec.trigger.manual: run '{obstacle.name}' exists already and belongs to another mover; set another token"
    )
    return Plan(again_at=now + SLOW_RETRY, conditions=o.conditions(now).stalled("Refused", message))


def mind_runs(o: Observed, _: Wanted, now: datetime) -> Plan | None:
    """Run objects are made and pruned."""
    return do(o, now, run_object_steps(o, now))


def rest(o: Observed, _: Wanted, now: datetime) -> Plan | None:
    """Nothing is left to do."""
    described = last_description(o)
    message = "the task matches the spec"
    if o.mover.spec.suspend:
        message = "suspended: the task matches the spec, and no run is started"
    elif described is not None and disabled_by_service(described):
        message = f"the task matches the spec, but DataSync has disabled its schedule: {_disabled_reason(described)}"
    unlogged = _logs_nothing(o, described) or log_advice(o, described)
    if unlogged is None:
        return Plan(conditions=o.conditions(now).ready(message))
    is_told = any(each.type == "Ready" and unlogged in (each.message or "") for each in o.mover.status.conditions)
    notes = () if is_told else (Note("LogsNothing", unlogged, warning=True),)
    return Plan(conditions=o.conditions(now).ready(f"{message}; {unlogged}"), notes=notes)


def _logs_nothing(o: Observed, described: JsonObject | None) -> str | None:
    """A log group without a level, which stays empty; None = all is well."""
    options = (described or {}).get("options")
    level = options.get("logLevel") if isinstance(options, dict) else None
    if o.mover.spec.cloud_watch_log_group_arn is None or o.mover.spec.options.log_level is not None:
        return None
    if level not in {None, "OFF"}:
        return None
    return (
        "nothing is logged to spec.cloudWatchLogGroupArn, because spec.options.logLevel is not set and DataSync's own "
        "choice is OFF; set it to BASIC or TRANSFER"
    )


def do(o: Observed, now: datetime, steps: Sequence[Step]) -> Plan | None:
    """The plan to take these steps, if there are any."""
    return Plan(steps=tuple(steps), conditions=applying(o, now)) if steps else None


def applying(o: Observed, now: datetime) -> Conditions:
    """One text for the whole way from a new spec to Ready: each other one would be one more write."""
    return o.conditions(now).progressing("Applying", "applying the spec in AWS")


def _age(described: JsonObject, now: datetime) -> timedelta:
    try:
        return now - from_timestamp(str(described.get("creationTime", "")))
    except ValueError:
        return timedelta(0)


def _poll(age: timedelta) -> timedelta:
    """Poll a young task often and an old one seldom."""
    return min(timedelta(seconds=10), max(timedelta(seconds=0.5), age / 4))


def _disabled_reason(described: JsonObject) -> str:
    details = described.get("scheduleDetails")
    reason = details.get("disabledReason") if isinstance(details, dict) else None
    return str(reason or "no reason given")
