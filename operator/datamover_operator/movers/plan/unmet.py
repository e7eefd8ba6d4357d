"""The plan for a mover that can't be carried out as declared."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from datamover_operator.movers.plan.activity import ACTIVE_RUN_POLL, is_active
from datamover_operator.movers.plan.failures import SLOW_RETRY, lasting_message, worst_failure
from datamover_operator.movers.plan.grant_checks import NOT_GRANTED, with_what_is_ungranted
from datamover_operator.movers.plan.observed import Observed, UnmetPrecondition
from datamover_operator.movers.plan.steps import Plan, Record
from datamover_operator.movers.plan.suspend import STOPPED_AFTER_RUN, is_marked, is_withheld, stopping_step


def plan_unmet(o: Observed, unmet: UnmetPrecondition, now: datetime) -> Plan:
    """Nothing is done for a mover that can't be carried out as declared; its task may have to be kept from starting."""
    if unmet.waits:
        return Plan(conditions=o.conditions(now).progressing(unmet.reason, unmet.message))
    if unmet.reason != NOT_GRANTED:
        unmet = replace(unmet, message=with_what_is_ungranted(o, unmet.message))
    plan = Plan(again_at=now + SLOW_RETRY, conditions=o.conditions(now).stalled(unmet.reason, unmet.message))
    return _withhold(o, unmet, plan, now) if is_withheld(o) else plan


def _withhold(o: Observed, unmet: UnmetPrecondition, plan: Plan, now: datetime) -> Plan:
    """Only what the task would start by itself is stopped; nothing else is changed in AWS."""
    if o.failures:
        worst = worst_failure(o)
        message = f"{unmet.message}; the schedule could not be disabled: {lasting_message(worst)}"
        conditions = o.conditions(now).stalled(unmet.reason, message)
        lasts = worst.failure.kind.lasts
        return replace(plan, again_at=plan.again_at if lasts else None, retry=not lasts, conditions=conditions)
    step = stopping_step(o)
    if step is not None and is_active(o):
        conditions = o.conditions(now).stalled(unmet.reason, f"{unmet.message}; {STOPPED_AFTER_RUN}")
        return Plan(again_at=now + ACTIVE_RUN_POLL, conditions=conditions)
    return replace(plan, steps=(step if is_marked(o) else Record(),), again_at=None) if step is not None else plan
