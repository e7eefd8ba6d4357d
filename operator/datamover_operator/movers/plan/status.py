"""What a mover's status says after a pass, and which Events tell of it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from datamover_crds import Bookkeeping, Condition, DataMoverStatus, Intent, JsonObject, ObservedMover, RunRef
from datamover_crds.contract import LAST_TRIGGER_ANNOTATION, is_true
from datamover_operator.controller.plan.notes import Note
from datamover_operator.movers.plan.calls import Call, TaskCall, calls_of, dump_call
from datamover_operator.movers.plan.comparison import role_arn_for
from datamover_operator.movers.plan.desired import SCHEDULE_STATUS, declared_fields
from datamover_operator.movers.plan.garbage import without_unwanted_roles
from datamover_operator.movers.plan.grant_checks import ungranted_in_aws
from datamover_operator.movers.plan.late_starts import (
    SCHEDULE_FAILING,
    is_awaited,
    missed_start,
    schedule_condition,
)
from datamover_operator.movers.plan.names import SIDES, distinct_role_name
from datamover_operator.movers.plan.notifying import mover_news
from datamover_operator.movers.plan.observed import Observed
from datamover_operator.movers.plan.roles import wanted_roles
from datamover_operator.movers.plan.schedules import next_start
from datamover_operator.movers.plan.state import with_refused_start
from datamover_operator.movers.plan.steps import Plan
from datamover_operator.movers.plan.suspend import is_marked, is_withheld, stopping_step
from datamover_operator.movers.plan.words import with_words
from datamover_operator.notifications.plan.deliveries import announced
from datamover_operator.notifications.plan.receivers import subscriptions
from datamover_operator.runs.plan.history import latest

_MAX_DECLARED = 256


def is_recorded(o: Observed) -> bool:
    """Whether the stored status names everything that exists, and no open intent."""
    stored, notes = o.mover.status, o.mover.status.bookkeeping
    has_all = all(getattr(stored, name) == value for name, value in _facts(o).items())
    return has_all and notes.intent is None and all(getattr(notes, key) == its for key, its in _noted(o).items())


def status_of(o: Observed, plan: Plan, now: datetime) -> DataMoverStatus:
    """The status that follows from what is known and planned; unchanged where there is nothing new to tell."""
    stored = o.mover.status
    if o.is_being_deleted and not o.has_finalizer:
        return stored  # it may be gone already, or others hold it back
    token = o.mover.spec.trigger.manual if o.mover.spec.trigger is not None else None
    changed: dict[str, object] = {
        **_facts(o),
        "observed_generation": o.generation if plan.conditions else stored.observed_generation,
        "current_run": _current_run(o),
        "bookkeeping": _bookkeeping(o, is_ready=is_true(plan.conditions, "Ready")),
    }
    described = last_description(o)
    missed = missed_start(o, described, now)
    if missed is not None:
        changed["last_missed_time"] = missed
    told = with_refused_start(plan.conditions, o.conditions(now), o.runs)
    kept = tuple(each for each in told if each.type != SCHEDULE_FAILING)
    failing = schedule_condition(o, described, missed or stored.last_missed_time, now) if kept else ()
    changed["conditions"] = (*kept, *failing)
    if o.task is not None and o.task.described is not None and next_start(o.task.described, now) is None:
        changed["next_scheduled_time"] = None
    is_unavailable = o.task is not None and (o.task.described or {}).get("status") == "UNAVAILABLE"
    if is_unavailable and ungranted_in_aws(o) is None:
        changed["observed"] = _observed(o)  # it may never have been Ready, and tells why
    if is_true(plan.conditions, "Ready"):
        changed["observed"] = _observed(o)
        if not is_awaited(o, described, now):
            changed["next_scheduled_time"] = next_start(described, now)
        if token is not None and o.annotations.get(LAST_TRIGGER_ANNOTATION) == token:
            changed["last_trigger"] = token
    if plan.conditions:
        changed["source_uri"] = o.mover.spec.source.declared.uri
        changed["destination_uri"] = o.mover.spec.destination.declared.uri
    changed_status = stored.model_copy(update=changed)
    after = with_words(o.mover, changed_status) if plan.conditions else changed_status
    news, whom = mover_news(stored, after), subscriptions(o.mover.spec.notify, o.account)
    return after.model_copy(update={"notifications": announced(stored.notifications, o.uid, news, whom, now)})


def intent_of(o: Observed, calls: Iterable[Call]) -> Intent:
    """What the status says before the first Create* call of a pass is sent."""
    return Intent(instance=o.instance, nonce=o.nonce, generation=o.generation, calls=tuple(map(dump_call, calls)))


def with_intent(status: DataMoverStatus, intent: Intent) -> DataMoverStatus:
    """The status, with the intent in it."""
    return status.model_copy(update={"bookkeeping": status.bookkeeping.model_copy(update={"intent": intent})})


def notes_of(before: DataMoverStatus, after: DataMoverStatus, plan: Plan) -> tuple[Note, ...]:
    """The Events that the change from one status to the next deserves: few, and none for the same news again."""
    notes = list(plan.notes)
    if after.task_arn is not None and after.task_arn != before.task_arn:
        source, destination = after.source_location_arn, after.destination_location_arn
        was_made = TaskCall() in calls_of(before.bookkeeping.intent)
        reason = "TaskCreated" if was_made else "TaskFound"
        notes.append(Note(reason, f"{after.task_arn}, source {source}, destination {destination}"))
    old, new = _told(before.conditions), _told(after.conditions)
    if new.get("Ready") and not old.get("Ready"):
        notes.append(Note("Ready", new["Ready"]))
    if new.get(SCHEDULE_FAILING) and new.get(SCHEDULE_FAILING) != old.get(SCHEDULE_FAILING):
        reason = next(c.reason for c in after.conditions if c.type == SCHEDULE_FAILING)
        notes.append(Note(f"Schedule{reason}", new[SCHEDULE_FAILING], warning=True))
    if new.get("Stalled") and new.get("Stalled") != old.get("Stalled"):
        reason = next(c.reason for c in after.conditions if c.type == "Stalled")
        notes.append(Note(reason, new["Stalled"], warning=True))
    return tuple(notes)


def role_notes(o: Observed) -> tuple[Note, ...]:
    """The Events on roles that have our suffix, because others have the name: told with the status that names them."""
    known = {o.mover.status.source_role_arn, o.mover.status.destination_role_arn}
    names = {role.name: distinct_role_name(role.name, o.uid) for role in wanted_roles(o.mover.spec, o.uid, "/")}
    roles = {role.name for role in o.roles.values() if role.arn not in known}
    return tuple(
        Note("RoleNameTaken", f"'{name}' is somebody else's: '{suffixed}' is used instead", warning=True)
        for name, suffixed in names.items()
        if suffixed in roles
    )


def _bookkeeping(o: Observed, *, is_ready: bool) -> Bookkeeping:
    stored = o.mover.status.bookkeeping
    applied = {*declared_fields(o.mover.spec), *_disabled(o)}
    known = applied if is_ready else {*stored.declared, *o.applied, *_disabling(o)}
    changed: dict[str, object] = {
        **_noted(o),
        "declared": tuple(sorted(known))[:_MAX_DECLARED],
        "pruned_before": latest(o.pruned_before, stored.pruned_before),
        "intent": None if o.settled and not o.has_unknown_outcome else stored.intent,
    }
    return stored.model_copy(update=changed)


def _disabling(o: Observed) -> set[str]:
    """The mark of a schedule that is about to be disabled: written first, for nothing else would tell of it."""
    if is_marked(o) or stopping_step(o) is None:
        return set()
    return {SCHEDULE_STATUS} if is_withheld(o) else set()


def _disabled(o: Observed) -> set[str]:
    """The mark of a schedule that we have disabled, as long as that shall be so."""
    schedule = (last_description(o) or {}).get("schedule")
    is_kept = o.mover.spec.suspend and o.mover.spec.schedule is None and schedule
    return {SCHEDULE_STATUS} & set(o.mover.status.bookkeeping.declared) if is_kept else set()


def _told(conditions: Iterable[Condition]) -> dict[str, str]:
    return {c.type: c.message or c.reason for c in conditions if c.status == "True"}


def _current_run(o: Observed) -> RunRef | None:
    """The run that holds the task, with its execution as soon as that is known."""
    holder = o.mover.status.current_run
    run = next((run for run in o.runs if holder is not None and run.metadata.uid == holder.uid), None)
    if holder is None or run is None or run.status.execution_arn is None:
        return holder
    return holder.model_copy(update={"execution_arn": run.status.execution_arn})


def _facts(o: Observed) -> dict[str, object]:
    """What the status says of the resources in AWS, by its fields' names.

    A task that the mover may not take over leaves no trace in it: the next pass would believe it to be the mover's.
    """
    if _may_not_adopt(o):
        return {}
    o = without_unwanted_roles(o)
    facts: dict[str, object] = {"task_arn": o.task.arn if o.task is not None else None}
    for side in SIDES:
        facts[f"{side}_location_arn"] = o.locations[side].arn if side in o.locations else None
        facts[f"{side}_role_arn"] = role_arn_for(o, side)
    return facts


def _noted(o: Observed) -> dict[str, object]:
    """What the bookkeeping says of the resources in AWS, by its fields' names; nothing where the status has nothing."""
    if _may_not_adopt(o):
        return {}
    o = without_unwanted_roles(o)
    hashes: dict[str, object] = {
        f"{side}_secret_hash": o.applied_secrets.get(side) or None if side in o.locations else None for side in SIDES
    }
    existing = tuple(side for side in SIDES if side in o.existing | o.left_behind)
    return hashes | {"owned": tuple(sorted(o.owned)), "existing_locations": existing, "retired": o.retired}


def _may_not_adopt(o: Observed) -> bool:
    return o.adopting and o.unmet is not None


def last_description(o: Observed) -> JsonObject | None:
    """The task as described in this pass, else as it was when last described: a steady mover is not asked about."""
    if o.task is not None and o.task.described is not None:
        return o.task.described
    observed = o.mover.status.observed
    return observed.task if observed is not None else None


def _observed(o: Observed) -> ObservedMover | None:
    if o.task is None or o.task.described is None:
        return o.mover.status.observed
    described = {side: o.locations[side].described if side in o.locations else None for side in SIDES}
    return ObservedMover(task=o.task.described, source=described["source"], destination=described["destination"])
