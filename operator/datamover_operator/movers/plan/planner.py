"""The plan for a mover that is to exist: which step brings AWS nearer to what is declared.

A pure function of what was observed and the time. The stages stand in the order in which things depend on each
other; the first one that has something to do, or to wait for, makes the plan.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from datamover_crds import from_timestamp
from datamover_crds.contract import TASK_ARN_ANNOTATION
from datamover_operator.movers.plan.activity import ACTIVE_RUN_POLL, is_active
from datamover_operator.movers.plan.calls import TaskCall
from datamover_operator.movers.plan.copies import changed
from datamover_operator.movers.plan.deletion import plan_deletion
from datamover_operator.movers.plan.failures import (
    BACKLOG_PATIENCE,
    LOOK_INTERVAL,
    SLOW_RETRY,
    look_again_in,
    plan_failures,
    unkept_update,
)
from datamover_operator.movers.plan.marks import only_marked
from datamover_operator.movers.plan.observed import Observed
from datamover_operator.movers.plan.replacing import MAX_TAGS, surplus_tags
from datamover_operator.movers.plan.resources import Wanted
from datamover_operator.movers.plan.run_objects import recall_trigger
from datamover_operator.movers.plan.standing import (
    applying,
    clear_away,
    do,
    let_go,
    mind_runs,
    rest,
    unless_name_is_taken,
    unless_unavailable,
    unless_ungranted,
    until_created,
)
from datamover_operator.movers.plan.status import is_recorded, role_notes
from datamover_operator.movers.plan.steps import AddFinalizer, Annotate, ClaimIntent, KubeStep, Plan, ReadTags, Record
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
        plan = _plan(changed(o, failures=(*o.failures, unkept)), now)
    return only_marked(o, plan, now)


def _plan(o: Observed, now: datetime) -> Plan:
    if o.is_being_deleted:
        return plan_deletion(o, now)
    if o.unmet is not None:
        return plan_unmet(o, o.unmet, now)
    if o.failures:
        return plan_failures(o, now)
    wanted = Wanted(o)
    return next(plan for stage in STAGES if (plan := stage(o, wanted, now)) is not None)


def _until_settled(o: Observed, _: Wanted, now: datetime) -> Plan | None:
    if o.settled:
        return None
    message = "the outcome of an earlier call is unknown; looking in AWS for what it may have created"
    return Plan(again_at=now + look_again_in(o), conditions=o.conditions(now).progressing("InDoubt", message))


def _recall_trigger(o: Observed, _: Wanted, now: datetime) -> Plan | None:
    return do(o, now, recall_trigger(o))


def _protect(o: Observed, wanted: Wanted, now: datetime) -> Plan | None:
    if o.has_finalizer and o.account_kept:
        return None
    is_needed = bool(wanted.creations) or (o.task is not None and not o.has_finalizer)
    if is_needed and not o.account_kept:
        message = f"waiting for DataMoverAccount '{o.mover.spec.account_ref.name}' to be protected from deletion"
        waits = o.conditions(now).progressing("AccountNotReady", message)
        # Mostly it takes a moment, which is not worth a write.
        born = o.mover.metadata.creation_timestamp
        is_young = born is not None and now - from_timestamp(born) < PROTECTION_PATIENCE
        return Plan(again_at=now + PROTECTION_POLL, conditions=o.mover.status.conditions if is_young else waits)
    return do(o, now, [AddFinalizer()] if is_needed and not o.has_finalizer else [])


def _stop(o: Observed, _: Wanted, now: datetime) -> Plan | None:
    step = stopping_step(o) if is_withheld(o) else None
    if step is not None and is_active(o):
        conditions = o.conditions(now).progressing("WaitingForRun", STOPPED_AFTER_RUN)
        return Plan(again_at=now + ACTIVE_RUN_POLL, conditions=conditions)
    return do(o, now, [step if is_marked(o) else Record()] if step is not None else [])


def _wait_for_run(o: Observed, wanted: Wanted, now: datetime) -> Plan | None:
    if not is_active(o) or not wanted.pending:
        return None
    message = "the changed spec will be applied when the active run ends"
    return Plan(again_at=now + ACTIVE_RUN_POLL, conditions=o.conditions(now).progressing("WaitingForRun", message))


def _inherit(o: Observed, wanted: Wanted, now: datetime) -> Plan | None:
    """A task that takes another's place keeps the tags that others have put there: nothing is made before they fit."""
    if o.task is None or TaskCall() not in wanted.creations:
        return None
    if o.task.tags is None:
        return do(o, now, [ReadTags(o.task.arn, "spec.tags")])
    lost = surplus_tags(o)
    if not lost:
        return None
    message = (
        f"spec.tags: the task has to be replaced, and only {MAX_TAGS} tags fit on a task: remove some from task "
        f"'{o.task.arn}' or from the spec, or set spec.tags to [] to keep only the operator's own; there is no room "
        f"for {', '.join(lost)}"
    )
    return Plan(again_at=now + SLOW_RETRY, conditions=o.conditions(now).stalled("TooManyTags", message))


def _claim(o: Observed, wanted: Wanted, now: datetime) -> Plan | None:
    """What an intent allows has to be sent soon after it is written: where calls queue up, it is written later."""
    if o.intent_claimed or not wanted.creations:
        return None
    if o.backlog > BACKLOG_PATIENCE.total_seconds():
        return Plan(again_at=now + min(timedelta(seconds=o.backlog), LOOK_INTERVAL), conditions=applying(o, now))
    return do(o, now, [ClaimIntent(wanted.creations)])


def _roles(o: Observed, wanted: Wanted, now: datetime) -> Plan | None:
    return do(o, now, wanted.roles)


def _locations(o: Observed, wanted: Wanted, now: datetime) -> Plan | None:
    return do(o, now, wanted.locations)


def _task(o: Observed, wanted: Wanted, now: datetime) -> Plan | None:
    return do(o, now, wanted.task)


def _record(o: Observed, _: Wanted, now: datetime) -> Plan | None:
    if is_recorded(o):
        return do(o, now, _annotation(o))
    return Plan(steps=(Record(), *_annotation(o)), conditions=applying(o, now), notes=role_notes(o))


def _annotation(o: Observed) -> list[KubeStep]:
    """The ARN of the task is an annotation, too: it outlives a status that is lost."""
    is_annotated = o.task is None or o.annotations.get(TASK_ARN_ANNOTATION) == o.task.arn
    return [] if is_annotated or o.task is None else [Annotate({TASK_ARN_ANNOTATION: o.task.arn})]


def _confirm(o: Observed, _: Wanted, now: datetime) -> Plan | None:
    return None if o.confirmed else Plan(again_at=now, reads_back=True, conditions=applying(o, now))


STAGES: tuple[Stage, ...] = (
    _stop,
    _until_settled,
    _recall_trigger,
    _protect,
    _wait_for_run,
    _inherit,
    _claim,
    _roles,
    _locations,
    _task,
    _record,
    _confirm,
    until_created,
    clear_away,
    let_go,
    unless_unavailable,
    unless_ungranted,
    unless_name_is_taken,
    mind_runs,
    rest,
)
