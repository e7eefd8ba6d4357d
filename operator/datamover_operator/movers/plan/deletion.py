"""The plan for a mover that is being deleted: cancel, wait, task, locations, roles (invariant I4)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Literal

from datamover_crds import Retired, from_timestamp, location_type_of
from datamover_crds.contract import PART_TAG, RETAINED, TASK_ARN_ANNOTATION
from datamover_operator.aws.failure import FailureKind
from datamover_operator.controller.plan.conditions import Conditions
from datamover_operator.movers.plan.failures import SLOW_RETRY, lasting_message, look_again_in, worst_failure
from datamover_operator.movers.plan.garbage import DELETION_ORDER
from datamover_operator.movers.plan.marks import came_with_task, is_foreign, is_ours, tags_of, unmarking_steps
from datamover_operator.movers.plan.names import SIDES, Side, role_name_in, task_arn_of
from datamover_operator.movers.plan.observed import Observed
from datamover_operator.movers.plan.places import elsewhere
from datamover_operator.movers.plan.steps import (
    CancelExecution,
    ChangeTags,
    Delete,
    Plan,
    RemoveFinalizer,
    Step,
    TagRole,
)

CANCEL_POLL = timedelta(seconds=2)
CONFLICT_PATIENCE = timedelta(minutes=3)
"""How long a resource that is in use may be expected to be released on its own."""
_ENDING = frozenset({"CANCELLING", "SUCCESS", "ERROR"})
WAY_OUT = "to delete the object at once and keep everything in AWS, set spec.deletionPolicy to Retain"


def plan_deletion(o: Observed, now: datetime) -> Plan:
    """What to do next for a mover that is being deleted."""
    if not o.has_finalizer:
        return Plan(conditions=o.mover.status.conditions)
    if o.mover.spec.deletion_policy == "Retain":
        return _do(o, now, *(_marks(o) or (RemoveFinalizer(),)))
    if o.account is None and _may_own_something(o):
        return _blocked(o, now, f"DataMoverAccount '{o.mover.spec.account_ref.name}' no longer exists; create it again")
    place = elsewhere(o)
    if place is not None:
        return _blocked(o, now, place)
    if not o.connected and _may_own_something(o):
        message = _since(o, f"DataMoverAccount '{o.mover.spec.account_ref.name}' is not Ready")
        return Plan(conditions=_progress(o, now, message))
    if o.failures:
        return _after_failures(o, now)
    if not o.settled:
        message = "the outcome of an earlier call is unknown; looking in AWS for what it may have created"
        return Plan(again_at=now + look_again_in(o), conditions=_progress(o, now, message))
    return _take_down(o, now)


def _take_down(o: Observed, now: datetime) -> Plan:
    executions = [each for each in o.executions if not is_foreign(o, task_arn_of(str(each["taskExecutionArn"])))]
    if executions:
        active = [each for each in executions if each.get("status") not in _ENDING]
        cancel = tuple(CancelExecution(str(each["taskExecutionArn"])) for each in active)
        message = _since(o, "the active execution has not ended")
        return Plan(steps=cancel, again_at=now + CANCEL_POLL, conditions=_progress(o, now, message))
    holder = o.mover.status.current_run if "task" in o.owned else None
    if holder is not None and any(run.metadata.uid == holder.uid for run in o.runs):
        message = _since(o, f"the result of run '{holder.name}' is not recorded yet")
        return Plan(again_at=now + CANCEL_POLL, conditions=_progress(o, now, message))
    for steps in (_claim(o), _release(o), *(_deletions(o, kind) for kind in DELETION_ORDER)):
        if steps:
            return _do(o, now, *steps)
    return _do(o, now, RemoveFinalizer())


def _marks(o: Observed) -> tuple[Step, ...]:
    """Mark what stays, so that nobody takes it for lost. Where AWS can't be asked, the object is freed all the same."""
    if _is_away(o) or o.failures:
        return ()
    known = [("task", o.task), *((side, o.locations.get(side)) for side in SIDES)]
    steps = tuple(
        ChangeTags(part, resource.arn, {PART_TAG: RETAINED})
        for part, resource in known
        if resource is not None and _lacks_mark(o, resource.arn)
    )
    return steps or _role_marks(o, _own_arns(o, "role"))


def _role_marks(o: Observed, arns: Collection[str]) -> tuple[Step, ...]:
    """Mark roles of the mover's own that stay."""
    sides = _sides_of_roles(o)
    marks = {PART_TAG: RETAINED}
    return tuple(TagRole(sides.get(arn, ()), role_name_in(arn), marks) for arn in arns if _lacks_mark(o, arn))


def _sides_of_roles(o: Observed) -> dict[str, tuple[Side, ...]]:
    """The sides that each known role is for, by its ARN."""
    arns = dict.fromkeys(role.arn for role in o.roles.values())
    return {arn: tuple(side for side, role in o.roles.items() if role.arn == arn) for arn in arns}


def _lacks_mark(o: Observed, arn: str) -> bool:
    return not is_foreign(o, arn) and (tags_of(o, arn) or {}).get(PART_TAG) != RETAINED


def _is_away(o: Observed) -> bool:
    """Whether AWS can't be asked of what the mover has there."""
    is_unread = any(each.is_read for each in o.failures)
    return o.account is None or not o.connected or is_unread or elsewhere(o) is not None


def _release(o: Observed) -> tuple[Step, ...]:
    """Remove our tags from what stays, because we only managed it, or because the spec says that it is another's."""
    return unmarking_steps(o, {"task", *SIDES} - o.owned) or _role_marks(
        o, [arn for arn in _own_arns(o, "role") if arn in _roles_that_stay(o)]
    )


def _claim(o: Observed) -> tuple[Step, ...]:
    """Our mark on a role that came with an adopted task: by it alone it can still be told that the role is to go."""
    return tuple(
        TagRole(sides, role_name_in(arn), o.identity.tags("role" if len(sides) > 1 else f"{sides[0]}Role", ""))
        for arn, sides in _sides_of_roles(o).items()
        if any(f"{side}Role" in o.owned for side in sides) and arn not in o.shared_roles
        if not is_ours(o, arn) and came_with_task(o, arn)
    )


def _deletions(o: Observed, kind: Literal["task", "location", "role"]) -> tuple[Step, ...]:
    needed = o.shared_roles | _roles_that_stay(o)
    return tuple(Delete(kind, arn) for arn in _own_arns(o, kind) if not (arn in needed or is_foreign(o, arn)))


def _own_arns(o: Observed, kind: Literal["task", "location", "role"]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(item.arn for item in (*o.retired, *owned_resources(o)) if item.kind == kind))


def _roles_that_stay(o: Observed) -> frozenset[str]:
    """The roles of existing locations: one that this mover made for its own location outlives it with that location."""
    described = [o.last_described(side) or {} for side in o.existing]
    kinds = [location_type_of(each) for each in described]
    roles = (kind.role_in(each) for kind, each in zip(kinds, described, strict=True) if kind is not None)
    return frozenset(role for role in roles if role is not None)


def owned_resources(o: Observed) -> tuple[Retired, ...]:
    """What is deleted with the mover: what it created, or adopted as its own."""
    owned = []
    if o.task is not None and "task" in o.owned:
        owned.append(Retired(arn=o.task.arn, kind="task"))
    owned += [
        Retired(arn=o.locations[side].arn, kind="location") for side in SIDES if side in o.locations and side in o.owned
    ]
    owned += [
        Retired(arn=o.roles[side].arn, kind="role") for side in SIDES if side in o.roles and f"{side}Role" in o.owned
    ]
    return tuple(owned)


def _may_own_something(o: Observed) -> bool:
    """Whether there is, or may turn out to be, anything to delete or to untag."""
    known = o.task is not None or o.locations or o.retired or o.owned or TASK_ARN_ANNOTATION in o.annotations
    return bool(known) or not o.settled


def _after_failures(o: Observed, now: datetime) -> Plan:
    failures = worst_failure(o)
    if failures.failure.kind.lasts:
        return _blocked(o, now, lasting_message(failures))
    message = _since(o, lasting_message(failures))
    is_lasting = failures.failure.kind is FailureKind.CONFLICT and _age(o, now) > CONFLICT_PATIENCE
    conditions = o.conditions(now).stalled("DeletionBlocked", message) if is_lasting else _progress(o, now, message)
    return Plan(retry=True, conditions=conditions)


def _blocked(o: Observed, now: datetime, why: str) -> Plan:
    conditions = o.conditions(now).stalled("DeletionBlocked", _since(o, why))
    return Plan(again_at=now + SLOW_RETRY, conditions=conditions)


def _since(o: Observed, why: str) -> str:
    return f"deletion has been waiting since {o.mover.metadata.deletion_timestamp}: {why}; {_way_out(o)}"


def _way_out(o: Observed) -> str:
    """What is retained unmarked is an orphan later, which an account may be set to delete."""
    name = o.mover.spec.account_ref.name
    if not _is_away(o) or (o.account is not None and o.account.spec.orphans == "Report"):
        return WAY_OUT
    unmarked = "what is kept can't be marked as retained now, so it will count as orphaned"
    if o.account is None:
        return f"{WAY_OUT}; {unmarked}, and a DataMoverAccount '{name}' with spec.orphans Delete would delete it"
    return (
        f"{WAY_OUT}, but first set spec.orphans of DataMoverAccount '{name}' to Report: {unmarked}, and Delete would "
        "delete it"
    )


def _age(o: Observed, now: datetime) -> timedelta:
    return now - from_timestamp(str(o.mover.metadata.deletion_timestamp))


def _do(o: Observed, now: datetime, *steps: Step) -> Plan:
    return Plan(steps=steps, conditions=_progress(o, now, "deleting what the mover owns in AWS"))


def _progress(o: Observed, now: datetime, message: str) -> Conditions:
    return o.conditions(now).progressing("Deleting", message)
