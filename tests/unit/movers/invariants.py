"""What must hold of every plan for a mover, whatever was observed."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from datamover_crds.contract import OWNER_TAG, UID_TAG
from datamover_operator.movers.plan.aws_preconditions import OF_WHAT_AWS_HAS
from datamover_operator.movers.plan.calls import Call, LocationCall, RoleCall, TaskCall, calls_of
from datamover_operator.movers.plan.names import distinct_role_name
from datamover_operator.movers.plan.observed import Observed
from datamover_operator.movers.plan.planner import plan_mover
from datamover_operator.movers.plan.preconditions import BEFORE_AWS_IS_ASKED, OF_SECRETS, first_unmet
from datamover_operator.movers.plan.steps import (
    AwsStep,
    CancelExecution,
    ChangeTags,
    ClaimIntent,
    CreateLocation,
    CreateRole,
    CreateTask,
    Delete,
    Plan,
    PutRolePermissionsBoundary,
    PutRolePolicy,
    ReadTags,
    Record,
    RemoveFinalizer,
    Step,
    TagRole,
    UpdateLocation,
    UpdateTask,
)

_ROOMS: dict[type, str] = {
    CreateRole: "roles",
    PutRolePolicy: "roles",
    PutRolePermissionsBoundary: "roles",
    TagRole: "roles",
    CreateLocation: "locations",
    UpdateLocation: "locations",
    CreateTask: "task",
    UpdateTask: "task",
    CancelExecution: "executions",
    ReadTags: "reads",
}
_TRUTHS = {("True", "False", "False"), ("False", "True", "False"), ("False", "False", "True")}


def check_plan(o: Observed, plan: Plan, now: datetime) -> None:
    """Assert all of it."""
    assert plan_mover(o, now) == plan, "the same is planned from the same"
    _creates_only_what_is_claimed(o, plan)
    _steps_are_independent(plan)
    _deletes_only_its_own(o, plan)
    _changes_only_what_bears_its_mark(o, plan)
    _conditions_are_kstatus(o, plan)
    _does_nothing_against_an_objection(o, plan)
    assert not (plan.done and "Ready" not in _true(plan) and not _waits_for_others(o)), "what is not Ready goes on"


def creations(step: Step) -> list[Call]:
    """The calls by which an intent allows a step."""
    match step:
        case CreateRole():
            return [RoleCall(side, step.name) for side in step.sides]
        case CreateLocation():
            return [LocationCall(step.side)]
        case CreateTask():
            return [TaskCall()]
        case _:
            return []


def _creates_only_what_is_claimed(o: Observed, plan: Plan) -> None:
    calls = [call for step in plan.steps for call in creations(step)]
    intent = o.mover.status.bookkeeping.intent
    if calls:
        assert o.intent_claimed
        assert o.settled
        assert intent is not None
        assert (intent.instance, intent.nonce) == (o.instance, o.nonce)
        allowed = set(calls_of(intent))
        suffixed = {
            replace(call, name=distinct_role_name(call.name, o.uid)) for call in allowed if isinstance(call, RoleCall)
        }
        assert set(calls) <= allowed | suffixed
    assert o.settled or not any(isinstance(step, ClaimIntent) for step in plan.steps)


def _steps_are_independent(plan: Plan) -> None:
    aws = [step for step in plan.steps if isinstance(step, AwsStep)]
    rooms = {_room(step) for step in aws if not isinstance(step, ChangeTags)}
    assert len(rooms) <= 1, "no step builds on another of the same plan"
    assert not rooms or {_room(step) for step in aws} == rooms, "tags go with what they are on"
    subjects = [subject for step in aws for subject in _subjects(step)]
    assert len(subjects) == len(set(subjects)), "no two steps change the same"
    assert not aws or len(aws) == len(plan.steps), "writes to Kubernetes stand alone"


def _room(step: AwsStep) -> str:
    if isinstance(step, Delete):
        return f"delete {step.kind}"
    if isinstance(step, ChangeTags):
        return "task" if step.part == "task" else "locations"
    return _ROOMS[type(step)]


def _subjects(step: AwsStep) -> list[str]:
    match step:
        case CreateRole() | PutRolePolicy() | PutRolePermissionsBoundary() | TagRole():
            return [step.name.lower()]
        case CreateLocation() | UpdateLocation():
            return [f"location {step.side}"]
        case CreateTask():
            return ["task"]
        case UpdateTask():
            return [f"task {step.arn}"]
        case ChangeTags():
            return [f"tags {step.arn}"]
        case CancelExecution() | Delete() | ReadTags():
            return [step.arn]


def _deletes_only_its_own(o: Observed, plan: Plan) -> None:
    owned = {item.arn for item in o.retired}
    owned |= {o.task.arn} if o.task is not None and "task" in o.owned else set()
    owned |= {known.arn for side, known in o.locations.items() if side in o.owned}
    owned |= {role.arn for side, role in o.roles.items() if f"{side}Role" in o.owned}
    for step in plan.steps:
        if isinstance(step, Delete):
            assert step.arn in owned, f"{step.arn} is not ours"
            assert step.arn not in o.shared_roles, f"{step.arn} is used by others"
        if isinstance(step, RemoveFinalizer) and o.mover.spec.deletion_policy == "Delete":
            needed = o.shared_roles | {arn for arn in owned if any(arn in str(o.last_described(s)) for s in o.existing)}
            left = {arn for arn in owned - needed if not _is_read(o, arn) or _bears_mark(o, arn)}
            assert left == set(), "nothing is left behind"


def _changes_only_what_bears_its_mark(o: Observed, plan: Plan) -> None:
    arns = (*(role.arn for role in o.roles.values()), *(each.arn for each in o.retired if each.kind == "role"))
    # IAM tells roles apart by their names alone: one in use hides one of its name that is gone from another path.
    roles = {arn.rsplit("/", 1)[-1]: arn for arn in reversed(arns)}
    for step in plan.steps:
        match step:
            case ChangeTags() | TagRole() if step.tags.get(UID_TAG) == o.uid:
                arn = step.arn if isinstance(step, ChangeTags) else roles[step.name]
                assert arn not in o.others, f"{arn} is another's"
            case UpdateLocation() | UpdateTask() | ChangeTags() | Delete():
                assert _bears_mark(o, step.arn), f"{step} of what is not known to be ours"
            case PutRolePolicy() | PutRolePermissionsBoundary() | TagRole():
                assert _bears_mark(o, roles[step.name]), f"{step} of what is not known to be ours"
            case CancelExecution():
                assert _bears_mark(o, step.arn.split("/execution/")[0]), f"{step} of what is not known to be ours"


def _is_read(o: Observed, arn: str) -> bool:
    """Whether the tags of what is to go have been read."""
    roles = {role.arn for role in o.roles.values() if role.tags is not None}
    return arn in roles or arn in o.retired_tags


def _bears_mark(o: Observed, arn: str) -> bool:
    tags = dict(o.retired_tags.get(arn) or {})
    for known in (o.task, *o.locations.values(), *o.roles.values()):
        if known is not None and known.arn == arn:
            tags |= known.tags or {}
    is_ours = tags.get(UID_TAG) == o.uid or tags.get(OWNER_TAG) == o.identity.owner
    return arn not in o.others and is_ours


def _conditions_are_kstatus(o: Observed, plan: Plan) -> None:
    before = {each.type: each for each in o.mover.status.conditions}
    after = {each.type: each for each in plan.conditions}
    if o.is_being_deleted and not o.has_finalizer:
        return
    if not before and not after and not o.account_kept and plan.again_at is not None:
        return  # a moment that is not worth a write
    assert list(after) == ["Ready", "Reconciling", "Stalled"]
    assert tuple(each.status for each in after.values()) in _TRUTHS
    assert all(each.observed_generation == o.generation for each in after.values())
    for kind, condition in after.items():
        known = before.get(kind)
        if known is not None and known.status == condition.status:
            assert condition.last_transition_time == known.last_transition_time


def _does_nothing_against_an_objection(o: Observed, plan: Plan) -> None:
    assert o.unmet == first_unmet((*BEFORE_AWS_IS_ASKED, *OF_SECRETS, *OF_WHAT_AWS_HAS), o)
    if not o.is_being_deleted and o.unmet is not None:
        assert all(isinstance(step, Record) or _only_stops(o, step) for step in plan.steps)


def _only_stops(o: Observed, step: Step) -> bool:
    """The mover's own task is kept from starting by itself."""
    is_ours = o.task is not None and (o.task.tags or {}).get(UID_TAG) == o.uid
    if not isinstance(step, UpdateTask) or not is_ours:
        return False
    schedule = step.changes["schedule"]
    return list(step.changes) == ["schedule"] and isinstance(schedule, dict) and schedule["status"] == "DISABLED"


def _waits_for_others(o: Observed) -> bool:
    """Somebody else's object has to become ready, or nothing at all is left to do."""
    return not o.connected or (o.is_being_deleted and not o.has_finalizer)


def _true(plan: Plan) -> set[str]:
    return {condition.type for condition in plan.conditions if condition.status == "True"}
