"""Nothing is changed in AWS that is not known to be the mover's: its own tags say so, whatever the status says (I6).

Anyone who may write a status could otherwise have any task of the account changed or deleted.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime
from typing import assert_never

from datamover_crds import location_type_of
from datamover_crds.contract import NONCE_TAG, OWNER_TAG, PART_TAG, UID_TAG
from datamover_operator.accounts.plan.grants import role_granted
from datamover_operator.movers.plan.desired import location_of
from datamover_operator.movers.plan.failures import SLOW_RETRY
from datamover_operator.movers.plan.grant_checks import ungranted_in_aws
from datamover_operator.movers.plan.known import Resource
from datamover_operator.movers.plan.names import SIDES, is_legacy, role_name_in, task_arn_of
from datamover_operator.movers.plan.observed import Observed
from datamover_operator.movers.plan.steps import (
    AwsStep,
    CancelExecution,
    ChangeTags,
    CreateLocation,
    CreateRole,
    CreateTask,
    Delete,
    Plan,
    PutRolePermissionsBoundary,
    PutRolePolicy,
    ReadTags,
    Step,
    TagRole,
    UpdateLocation,
    UpdateTask,
)

_MARKS = (NONCE_TAG, OWNER_TAG, PART_TAG, UID_TAG)


def only_marked(o: Observed, plan: Plan, now: datetime) -> Plan:
    """The plan without the steps that would change what is not the mover's; first the tags are read that tell."""
    changes = [(step, arn) for step in plan.steps if isinstance(step, AwsStep) and (arn := _changed(o, step))]
    unread = {arn: step.path for step, arn in changes if tags_of(o, arn) is None}
    if unread:
        return replace(plan, steps=tuple(ReadTags(arn, path) for arn, path in unread.items()))
    foreign = [(step, arn) for step, arn in changes if not (is_ours(o, arn) or _marks(o, step, arn))]
    if not foreign:
        return plan
    steps = tuple(step for step in plan.steps if step not in [each for each, _ in foreign])
    return replace(plan, steps=steps) if steps else _stalled(o, *foreign[0], now)


def tags_of(o: Observed, arn: str) -> Mapping[str, str] | None:
    """The tags of a task, a location or a role; None = not read in this pass."""
    known = [o.task, *o.locations.values(), *o.roles.values()]
    return next((each.tags for each in known if each is not None and each.arn == arn), o.retired_tags.get(arn))


def is_ours(o: Observed, arn: str) -> bool:
    """Whether its tags were read, and say that it is this mover's."""
    return arn not in o.others and o.identity.is_marked(tags_of(o, arn) or {})


def is_foreign(o: Observed, arn: str) -> bool:
    """Whether its tags were read, and do not say that it is this mover's."""
    return tags_of(o, arn) is not None and not is_ours(o, arn)


def unmarking_steps(o: Observed, parts: Collection[str]) -> tuple[ChangeTags, ...]:
    """Take our tags off such parts of the mover as bear them, so that they are anybody's from now on."""
    known = [("task", o.task), *((side, o.locations.get(side)) for side in SIDES)]
    return tuple(
        ChangeTags(part, resource.arn, {}, tuple(key for key in _MARKS if key in resource.tags))
        for part, resource in known
        if part in parts and resource is not None and resource.tags is not None and resource.tags.get(UID_TAG) == o.uid
    )


def came_with_task(o: Observed, role_arn: str) -> bool:
    """Whether a location of the mover's task has this role, the older service has made it, and it is granted.

    What AWS shows of the task counts, not the status.
    """
    task = o.task
    adopt = o.mover.spec.adopt
    if task is None or adopt is None or not (adopt.task_arn == task.arn or is_ours(o, task.arn)):
        return False
    used = (
        kind.role_in(known.described)
        for side, known in o.locations.items()
        if known.described is not None
        and known.arn == (task.described or {}).get(f"{side}LocationArn")
        and (kind := location_type_of(known.described)) is not None
    )
    return role_arn in used and is_legacy(tags_of(o, role_arn) or {}) and _is_granted_role(o, role_arn)


def _is_granted_role(o: Observed, arn: str) -> bool:
    return o.account is not None and role_granted(o.account, o.identity.namespace, arn)


def _marks(o: Observed, step: AwsStep, arn: str) -> bool:
    """Whether the step puts our mark on what has no owner, and may do so."""
    is_marking = isinstance(step, ChangeTags | TagRole) and step.tags.get(UID_TAG) == o.uid
    if not is_marking or arn in o.others or ungranted_in_aws(o) is not None:
        return False
    return came_with_task(o, arn) if ":role/" in arn else not o.is_being_deleted and _belongs(o, arn)


def _belongs(o: Observed, arn: str) -> bool:
    """Whether a task or location without a mark goes with the mover, though a status is all that says so.

    It does with the task that the spec adopts, which the preconditions have checked; with a task that is ours; and with
    one that is just as declared, whose tags somebody may have taken away.
    """
    if o.task is None or arn not in {o.task.arn, *(its.arn for its in o.locations.values())}:
        return False
    adopt = o.mover.spec.adopt
    is_adopted = adopt is not None and adopt.task_arn == o.task.arn
    return is_adopted or (arn != o.task.arn and is_ours(o, o.task.arn)) or _is_as_declared(o, o.task)


def _is_as_declared(o: Observed, task: Resource) -> bool:
    described = task.described or {}
    return all(
        side in o.task_locations
        and side in o.locations
        and described.get(f"{side}LocationArn") == o.locations[side].arn
        and location_of(o.mover.spec, side).is_at(o.task_locations[side])
        for side in SIDES
    )


def _changed(o: Observed, step: AwsStep) -> str | None:
    """The ARN of what the step changes; None where it makes something new, or only reads."""
    match step:
        case UpdateLocation() | UpdateTask() | ChangeTags() | Delete():
            return step.arn
        case PutRolePolicy() | PutRolePermissionsBoundary() | TagRole():
            roles = (*(role.arn for role in o.roles.values()), *(each.arn for each in o.retired if each.kind == "role"))
            return next(arn for arn in roles if role_name_in(arn) == step.name)
        case CancelExecution():
            return task_arn_of(step.arn)
        case CreateRole() | CreateLocation() | CreateTask() | ReadTags():
            return None
        case _:
            assert_never(step)


def _stalled(o: Observed, step: Step, arn: str, now: datetime) -> Plan:
    path = getattr(step, "path", "status")
    message = (
        f"{path}: '{arn}' does not have this mover's tag {UID_TAG}, so it is not changed; if it is this mover's, set "
        f"the tag to '{o.uid}'"
    )
    return Plan(again_at=now + SLOW_RETRY, conditions=o.conditions(now).stalled("NotOwned", message))
