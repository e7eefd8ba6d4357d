"""How the result of a step changes what is known about a mover, without asking AWS again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import assert_never

from datamover_crds import JsonObject, Retired
from datamover_crds.contract import UID_TAG
from datamover_operator.aws.failure import Failure, FailureKind
from datamover_operator.movers.plan.copies import changed
from datamover_operator.movers.plan.desired import TASK_FIELDS, declared_fields, tags_in
from datamover_operator.movers.plan.garbage import with_retired
from datamover_operator.movers.plan.known import KnownRole, Resource
from datamover_operator.movers.plan.names import distinct_role_name
from datamover_operator.movers.plan.observed import Observed, StepFailure
from datamover_operator.movers.plan.results import (
    Done,
    Failed,
    LocationMade,
    Result,
    RoleMade,
    RoleNameTaken,
    RoleRead,
    TagsRead,
    TaskMade,
)
from datamover_operator.movers.plan.steps import (
    AwsStep,
    CancelExecution,
    ChangeTags,
    CreateLocation,
    CreateRole,
    CreateTask,
    Delete,
    PutRolePermissionsBoundary,
    PutRolePolicy,
    TagRole,
    UpdateLocation,
    UpdateTask,
)


def after(o: Observed, result: Result) -> Observed:
    """What is known after a step."""
    match result:
        case RoleMade():
            return _with_role(o, result.step, result.role)
        case TagsRead():
            return _with_known_tags(o, result.step.arn, result.tags, uid_lives=result.uid_lives)
        case RoleRead():
            return _with_known_role(o, result)
        case RoleNameTaken():
            return _after_taken_name(o, result)
        case LocationMade():
            return _with_location(o, result.step, result.arn)
        case TaskMade():
            return _with_task(o, result.step, result.arn)
        case Done():
            return _after_change(o, result)
        case Failed():
            return _after_failure(o, result.step, result.failure)
        case _:
            assert_never(result)


def _after_change(o: Observed, done: Done) -> Observed:
    step = done.step
    match step:
        case PutRolePolicy():
            return changed(_with_policy(o, step), new_rights=o.new_rights | set(step.sides))
        case PutRolePermissionsBoundary():
            return changed(_with_boundary(o, step), new_rights=o.new_rights | set(step.sides))
        case TagRole():
            return _with_role_tags(o, step)
        case UpdateLocation():
            return _with_location_changes(_accepted(o, step), step)
        case UpdateTask():
            return _with_task_changes(_accepted(o, step), step)
        case ChangeTags():
            return _with_tags(o, step)
        case CancelExecution():
            return _with_cancel(o, step)
        case Delete():
            return _without(o, step.arn)
        case _:
            assert_never(step)


def _after_failure(o: Observed, step: AwsStep, failure: Failure) -> Observed:
    side = step.side if isinstance(step, CreateLocation | UpdateLocation) else None
    accepted = tuple(each for each in o.accepted if each != step)
    return changed(o, accepted=accepted, failures=(*o.failures, StepFailure(failure, step.path, side)))


def _after_taken_name(o: Observed, taken: RoleNameTaken) -> Observed:
    """A role of ours is taken as made; where others have the name, ours gets a suffix."""
    if (taken.role.tags or {}).get(UID_TAG) == o.uid:
        return _with_role(o, taken.step, taken.role)
    name = taken.step.name
    if any(distinct_role_name(each, o.uid) == name for each in o.taken_roles):
        return _after_failure(o, taken.step, replace(taken.failure, kind=FailureKind.REFUSED))
    return changed(o, taken_roles=o.taken_roles | {name})


def _with_role(o: Observed, step: CreateRole, role: KnownRole) -> Observed:
    replaced = tuple(
        Retired(arn=old.arn, kind="role")
        for side in step.sides
        if (old := o.roles.get(side)) is not None and f"{side}Role" in o.owned
    )
    roles = {**o.roles, **dict.fromkeys(step.sides, role)}
    kept = {each.arn for each in roles.values()}
    retired = with_retired(o.retired, replaced)
    return changed(
        o,
        roles=roles,
        owned=o.owned | {f"{side}Role" for side in step.sides},
        retired=tuple(item for item in retired if item.arn not in kept),
        applied=o.applied | _declared(o, "tags."),
    )


def _with_policy(o: Observed, step: PutRolePolicy) -> Observed:
    roles = {side: replace(role, policy=step.policy) if side in step.sides else role for side, role in o.roles.items()}
    return changed(o, roles=roles)


def _with_boundary(o: Observed, step: PutRolePermissionsBoundary) -> Observed:
    roles = {
        side: replace(role, boundary=step.boundary) if side in step.sides else role for side, role in o.roles.items()
    }
    return changed(o, roles=roles)


def _with_role_tags(o: Observed, step: TagRole) -> Observed:
    tagged = {side: replace(o.roles[side], tags=_retagged(o.roles[side].tags, step)) for side in step.sides}
    retired_tags = {
        arn: _retagged(tags, step) if arn.endswith(f"/{step.name}") else tags for arn, tags in o.retired_tags.items()
    }
    return changed(o, roles={**o.roles, **tagged}, retired_tags=retired_tags, applied=o.applied | _declared(o, "tags."))


def _with_location(o: Observed, step: CreateLocation, arn: str) -> Observed:
    side = step.side
    old = o.locations.get(side)
    retired = [Retired(arn=old.arn, kind="location")] if old is not None and side in o.owned else []
    return changed(
        o,
        locations={**o.locations, side: Resource(arn, tags=tags_in(step.request))},
        owned=o.owned | {side},
        retired=with_retired(o.retired, retired),
        applied=o.applied | _declared(o, f"{side}.", "tags."),
        applied_secrets={**o.applied_secrets, side: step.secrets},
        confirmed=False,
    )


def _with_location_changes(o: Observed, step: UpdateLocation) -> Observed:
    known = o.locations[step.side]
    locations = {**o.locations, step.side: replace(known, described=step.described)}
    return changed(
        o,
        locations=locations,
        applied=o.applied | _declared(o, f"{step.side}."),
        applied_secrets={**o.applied_secrets, step.side: step.secrets} if step.secrets else o.applied_secrets,
        confirmed=False,
    )


def _with_task(o: Observed, step: CreateTask, arn: str) -> Observed:
    retired = [Retired(arn=o.task.arn, kind="task")] if o.task is not None and "task" in o.owned else []
    return changed(
        o,
        task=Resource(arn, tags=tags_in(step.request)),
        owned=o.owned | {"task"},
        retired=with_retired(o.retired, retired),
        applied=o.applied | _declared(o, "options.", "tags.", *TASK_FIELDS),
        confirmed=False,
    )


def _with_task_changes(o: Observed, step: UpdateTask) -> Observed:
    if o.task is None or o.task.arn != step.arn:  # one that was replaced: it is looked at again before it goes
        replaced = {arn: its for arn, its in o.replaced.items() if arn != step.arn}
        return changed(o, replaced=replaced, confirmed=False)
    described: JsonObject = {**(o.task.described or {}), **step.changes}
    if described.get("schedule") == {"scheduleExpression": ""}:
        described.pop("schedule")
    told = {field for field in _declared(o, "options.", *TASK_FIELDS) if field.split(".")[0] in step.changes}
    return changed(o, task=replace(o.task, described=described), applied=o.applied | told, confirmed=False)


def _with_tags(o: Observed, step: ChangeTags) -> Observed:
    o = changed(o, applied=o.applied | _declared(o, "tags."))
    if step.part == "task":
        return changed(o, task=_tagged(o.task, step) if o.task is not None else None)
    locations = {side: _tagged(each, step) if side == step.part else each for side, each in o.locations.items()}
    return changed(o, locations=locations)


def _with_known_tags(o: Observed, arn: str, tags: Mapping[str, str] | None, *, uid_lives: bool) -> Observed:
    if tags is None:
        return _without(o, arn)
    task = replace(o.task, tags=tags) if o.task is not None and o.task.arn == arn else o.task
    locations = {side: replace(its, tags=tags) if its.arn == arn else its for side, its in o.locations.items()}
    others = o.others | {arn} if o.identity.is_anothers(tags, uid_lives=uid_lives) else o.others - {arn}
    return changed(o, task=task, locations=locations, others=others, retired_tags={**o.retired_tags, arn: tags})


def _with_known_role(o: Observed, result: RoleRead) -> Observed:
    arn, role = result.step.arn, result.role
    if role is None or role.arn != arn:
        return _without(o, arn)
    o = _with_known_tags(o, arn, role.tags, uid_lives=result.uid_lives)
    return changed(o, roles={side: role if its.arn == arn else its for side, its in o.roles.items()})


def _with_cancel(o: Observed, step: CancelExecution) -> Observed:
    cancelling: JsonObject = {"status": "CANCELLING"}
    executions = (each | cancelling if each["taskExecutionArn"] == step.arn else each for each in o.executions)
    return changed(o, executions=tuple(executions))


def _without(o: Observed, arn: str) -> Observed:
    task = o.task if o.task is not None and o.task.arn != arn else None
    locations = {side: known for side, known in o.locations.items() if known.arn != arn}
    roles = {side: role for side, role in o.roles.items() if role.arn != arn}
    gone = {"task"} if task is not o.task else set()
    gone |= (o.locations.keys() - locations.keys()) | {f"{side}Role" for side in o.roles.keys() - roles.keys()}
    retired = tuple(item for item in o.retired if item.arn != arn)
    return changed(o, task=task, locations=locations, roles=roles, owned=o.owned - gone, retired=retired)


def _accepted(o: Observed, step: UpdateLocation | UpdateTask) -> Observed:
    """AWS has accepted an update: the same one again would mean that it does not keep it."""
    return changed(o, accepted=(*(each for each in o.accepted if each.arn != step.arn), step))


def _declared(o: Observed, *prefixes: str) -> set[str]:
    """The declared fields of some kinds: those of which a step has just told AWS."""
    return {field for field in declared_fields(o.mover.spec) if field.startswith(prefixes)}


def _tagged(known: Resource, step: ChangeTags) -> Resource:
    return replace(known, tags=_retagged(known.tags, step))


def _retagged(before: Mapping[str, str] | None, step: ChangeTags | TagRole) -> dict[str, str]:
    return {key: value for key, value in (before or {}).items() if key not in step.remove} | dict(step.tags)
