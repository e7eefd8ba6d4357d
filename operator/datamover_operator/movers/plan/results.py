"""How the result of a step changes what is known, without asking AWS again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import singledispatch
from typing import Literal

from datamover_crds import JsonObject, Retired
from datamover_operator.aws.failure import Failure, FailureKind
from datamover_operator.movers.plan.desired import TASK_FIELDS, declared_fields
from datamover_operator.movers.plan.garbage import with_retired
from datamover_operator.movers.plan.names import SIDES, Side, distinct_role_name
from datamover_operator.movers.plan.observed import Find, KnownRole, Observed, Resource, StepFailure
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


def after_failure(o: Observed, step: AwsStep, failure: Failure) -> Observed:
    """A step failed. A role's name that somebody else has is no failures yet: ours gets a suffix."""
    if isinstance(step, CreateRole) and failure.kind is FailureKind.CONFLICT:
        is_plain = not any(distinct_role_name(name, o.uid) == step.name for name in o.taken_roles)
        if is_plain:
            return replace(o, taken_roles=o.taken_roles | {step.name})
        failure = replace(failure, kind=FailureKind.REFUSED)
    return replace(o, failures=(*o.failures, StepFailure(failure, step.path, getattr(step, "side", None))))


@singledispatch
def after_success(step: object, _o: Observed, _result: object) -> Observed:
    """A step succeeded; `result` is what its port returned."""
    msg = f"no such step: {step!r}"
    raise TypeError(msg)


@after_success.register
def _(step: CreateRole, o: Observed, result: object) -> Observed:
    assert isinstance(result, KnownRole)  # noqa: S101 - what carrying out a CreateRole returns
    replaced = tuple(
        Retired(arn=old.arn, kind="role")
        for side in step.sides
        if (old := o.roles.get(side)) is not None and f"{side}Role" in o.owned
    )
    roles = {**o.roles, **dict.fromkeys(step.sides, result)}
    kept = {role.arn for role in roles.values()}
    retired = with_retired(o.retired, replaced)
    return replace(
        o,
        roles=roles,
        owned=o.owned | {f"{side}Role" for side in step.sides},
        retired=tuple(item for item in retired if item.arn not in kept),
        applied=o.applied | _declared(o, "tags."),
    )


@after_success.register
def _(step: PutRolePolicy, o: Observed, _: object) -> Observed:
    roles = {side: replace(role, policy=step.policy) if side in step.sides else role for side, role in o.roles.items()}
    return replace(o, roles=roles)


@after_success.register
def _(step: PutRolePermissionsBoundary, o: Observed, _: object) -> Observed:
    roles = {
        side: replace(role, boundary=step.boundary) if side in step.sides else role for side, role in o.roles.items()
    }
    return replace(o, roles=roles)


@after_success.register
def _(step: TagRole, o: Observed, _: object) -> Observed:
    roles = {
        side: replace(role, tags=_retagged(role.tags, step)) if side in step.sides else role
        for side, role in o.roles.items()
    }
    return replace(o, roles=roles, applied=o.applied | _declared(o, "tags."))


@after_success.register
def _(step: CreateLocation, o: Observed, result: object) -> Observed:
    old = o.locations.get(step.side)
    retired = [Retired(arn=old.arn, kind="location")] if old is not None and step.side in o.owned else []
    return replace(
        o,
        locations={**o.locations, step.side: Resource(str(result))},
        owned=o.owned | {step.side},
        retired=with_retired(o.retired, retired),
        applied=o.applied | _declared(o, f"{step.side}.", "tags."),
        confirmed=False,
    )


@after_success.register
def _(step: UpdateLocation, o: Observed, _: object) -> Observed:
    known = o.locations[step.side]
    locations = {**o.locations, step.side: replace(known, described=step.described)}
    return replace(o, locations=locations, applied=o.applied | _declared(o, f"{step.side}."), confirmed=False)


@after_success.register
def _(_step: CreateTask, o: Observed, result: object) -> Observed:
    retired = [Retired(arn=o.task.arn, kind="task")] if o.task is not None and "task" in o.owned else []
    return replace(
        o,
        task=Resource(str(result)),
        owned=o.owned | {"task"},
        retired=with_retired(o.retired, retired),
        applied=o.applied | _declared(o, "options.", "tags.", *TASK_FIELDS),
        confirmed=False,
    )


@after_success.register
def _(step: UpdateTask, o: Observed, _: object) -> Observed:
    if o.task is None or o.task.arn != step.arn:  # one that was replaced: it is looked at again before it goes
        return replace(o, replaced=_without(o.replaced, step.arn), confirmed=False)
    described: JsonObject = {**(o.task.described or {}), **step.changes}
    if described.get("schedule") == {"scheduleExpression": ""}:
        described.pop("schedule")
    told = {field for field in _declared(o, "options.", *TASK_FIELDS) if field.split(".")[0] in step.changes}
    return replace(o, task=replace(o.task, described=described), applied=o.applied | told, confirmed=False)


@after_success.register
def _(step: ChangeTags, o: Observed, _: object) -> Observed:
    known = _part(o, step.part)
    if known is None:
        return o
    changed = replace(known, tags=_retagged(known.tags, step))
    o = replace(o, applied=o.applied | _declared(o, "tags."))
    if step.part == "task":
        return replace(o, task=changed)
    return replace(o, locations={side: changed if side == step.part else each for side, each in o.locations.items()})


@after_success.register
def _(step: CancelExecution, o: Observed, _: object) -> Observed:
    cancelling: JsonObject = {"status": "CANCELLING"}
    executions = (each | cancelling if each["taskExecutionArn"] == step.arn else each for each in o.executions)
    return replace(o, executions=tuple(executions))


@after_success.register
def _(step: Delete, o: Observed, _: object) -> Observed:
    owned = set(o.owned)
    task = o.task
    if task is not None and task.arn == step.arn:
        task = None
        owned.discard("task")
    gone = {side for side, known in o.locations.items() if known.arn == step.arn}
    gone_roles = {side for side, role in o.roles.items() if role.arn == step.arn}
    return replace(
        o,
        task=task,
        locations={side: known for side, known in o.locations.items() if side not in gone},
        roles={side: role for side, role in o.roles.items() if side not in gone_roles},
        owned=frozenset(owned - gone - {f"{side}Role" for side in gone_roles}),
        retired=tuple(item for item in o.retired if item.arn != step.arn),
    )


def _without(described: Mapping[str, JsonObject], arn: str) -> dict[str, JsonObject]:
    return {each: its for each, its in described.items() if each != arn}


def _declared(o: Observed, *prefixes: str) -> set[str]:
    """The declared fields of some kinds: those of which a step has just told AWS."""
    return {field for field in declared_fields(o.mover.spec) if field.startswith(prefixes)}


def _retagged(before: Mapping[str, str] | None, step: ChangeTags | TagRole) -> dict[str, str]:
    return {key: value for key, value in (before or {}).items() if key not in step.remove} | dict(step.tags)


def take_finds(o: Observed, finds: Sequence[Find]) -> Observed:
    """Take in what was found in AWS under our uid: keep what is named already, else the oldest; the rest goes.

    What was found in two ways is one thing.
    """
    distinct = {find.arn: find for find in finds}.values()
    for part in ("task", *SIDES):
        of_part = (find for find in distinct if find.part == part)
        candidates = sorted(of_part, key=lambda find: (find.created_at, find.arn))
        o = _take_part(o, part, candidates)
    return o


def take_role(o: Observed, side: Side, role: KnownRole) -> Observed:
    """Take in a role that was found under our uid: the location's own, unless that has another; then it goes."""
    if side not in o.roles:
        return replace(o, roles={**o.roles, side: role}, owned=o.owned | {f"{side}Role"})
    if role.arn in {known.arn for known in o.roles.values()}:
        return o
    return replace(o, retired=with_retired(o.retired, [Retired(arn=role.arn, kind="role")]))


def _take_part(o: Observed, part: str, candidates: Sequence[Find]) -> Observed:
    retired = {item.arn for item in o.retired}
    fresh = [find for find in candidates if find.arn not in retired]
    known = _part(o, part)
    if known is None and fresh:
        known = Resource(fresh[0].arn)
        owned = o.owned | {part} if fresh[0].nonce else o.owned
        o = _named(replace(o, owned=owned, confirmed=False), part, known)
    kind: Literal["task", "location"] = "task" if part == "task" else "location"
    surplus = [find for find in fresh if find.nonce and known is not None and find.arn != known.arn]
    return replace(o, retired=with_retired(o.retired, [Retired(arn=find.arn, kind=kind) for find in surplus]))


def _part(o: Observed, part: str) -> Resource | None:
    return o.task if part == "task" else next((known for side, known in o.locations.items() if side == part), None)


def _named(o: Observed, part: str, resource: Resource) -> Observed:
    if part == "task":
        return replace(o, task=resource)
    side: Side = "source" if part == "source" else "destination"
    return replace(o, locations={**o.locations, side: resource})
