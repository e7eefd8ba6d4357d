"""Carries out the planner's AWS steps; independent ones side by side."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import assert_never

from datamover_crds.contract import UID_TAG
from datamover_operator.aws.failure import AwsError, FailureKind
from datamover_operator.aws.ports import Aws
from datamover_operator.movers.plan.after import after
from datamover_operator.movers.plan.known import KnownRole
from datamover_operator.movers.plan.names import ROLE_POLICY_NAME, role_name_in
from datamover_operator.movers.plan.observed import Observed
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
    ReadTags,
    TagRole,
    UpdateLocation,
    UpdateTask,
)
from datamover_operator.movers.reads import or_none, read_known_role, read_role


async def apply(o: Observed, aws: Aws, steps: Sequence[AwsStep], is_living: Callable[[str], bool]) -> Observed:
    """Carry out independent steps side by side; return what is known afterwards, failures included.

    `is_living` tells whether a mover with a uid exists.
    """
    for result in await asyncio.gather(*(_attempt(o, aws, step, is_living) for step in steps)):
        o = after(o, result)
    return o


async def _attempt(o: Observed, aws: Aws, step: AwsStep, is_living: Callable[[str], bool]) -> Result:
    try:
        return await _carry_out(o, aws, step, is_living)
    except AwsError as error:
        return Failed(step, error.failure)


async def _carry_out(o: Observed, aws: Aws, step: AwsStep, is_living: Callable[[str], bool]) -> Result:
    match step:
        case CreateRole() | PutRolePolicy() | PutRolePermissionsBoundary() | TagRole():
            return await _carry_out_role(aws, step)
        case CreateLocation():
            secrets = o.secrets[step.side].values if step.side in o.secrets else {}
            return LocationMade(step, await aws.datasync.create_location(step.kind, step.request, secrets))
        case CreateTask():
            return TaskMade(step, await aws.datasync.create_task(step.request))
        case UpdateLocation():
            secrets = o.secrets[step.side].values if step.side in o.secrets else {}
            await aws.datasync.update_location(step.kind, step.arn, step.changes, secrets)
        case UpdateTask():
            await aws.datasync.update_task(step.arn, step.changes)
        case ChangeTags():
            await _change_tags(aws, step)
        case ReadTags():
            return await _read_tags(o, aws, step, is_living)
        case CancelExecution():
            await _unless(aws.datasync.cancel_task_execution(step.arn), FailureKind.CONFLICT)
        case Delete():
            await _delete(o, aws, step)
        case _:
            assert_never(step)
    return Done(step)


async def _carry_out_role(
    aws: Aws, step: CreateRole | PutRolePolicy | PutRolePermissionsBoundary | TagRole
) -> RoleMade | RoleNameTaken | Done:
    match step:
        case CreateRole():
            return await _create_role(aws, step)
        case PutRolePolicy():
            await aws.iam.put_role_policy(step.name, ROLE_POLICY_NAME, step.policy)
        case PutRolePermissionsBoundary():
            await aws.iam.put_role_permissions_boundary(step.name, step.boundary)
        case TagRole():
            await _tag_role(aws, step)
        case _:
            assert_never(step)
    return Done(step)


async def _create_role(aws: Aws, step: CreateRole) -> RoleMade | RoleNameTaken:
    try:
        role = await aws.iam.create_role(
            step.name,
            path=step.role_path,
            trust=step.trust,
            tags=step.tags,
            permissions_boundary=step.permissions_boundary,
        )
    except AwsError as error:
        if error.failure.kind is not FailureKind.CONFLICT:
            raise
        holder = await read_role(aws, step.name)
        if holder is None:
            raise  # IAM knows it here and not there: whose it is shows in a moment
        return RoleNameTaken(step, error.failure, holder)
    return RoleMade(step, KnownRole(role.arn, role.created_at, {}, step.tags, step.permissions_boundary))


async def _change_tags(aws: Aws, step: ChangeTags) -> None:
    if step.remove:  # first: an end between the two must not leave our uid beside another mover's nonce
        await aws.datasync.untag(step.arn, step.remove)
    if step.tags:
        await aws.datasync.tag(step.arn, step.tags)


async def _tag_role(aws: Aws, step: TagRole) -> None:
    if step.tags:
        await aws.iam.tag_role(step.name, step.tags)
    if step.remove:
        await aws.iam.untag_role(step.name, step.remove)


async def _delete(o: Observed, aws: Aws, step: Delete) -> None:
    match step.kind:
        case "task":
            await _unless(aws.datasync.delete_task(step.arn))
        case "location":
            await _unless(aws.datasync.delete_location(step.arn))
        case "role":
            deletion = aws.iam.delete_role(role_name_in(step.arn), ROLE_POLICY_NAME)
            await (deletion if step.arn in o.young_roles else _unless(deletion))
        case _:
            assert_never(step.kind)


async def _read_tags(o: Observed, aws: Aws, step: ReadTags, is_living: Callable[[str], bool]) -> TagsRead | RoleRead:
    if ":role/" in step.arn:
        role = await read_known_role(o, aws, step.arn)
        return RoleRead(
            step, role, uid_lives=is_living((role.tags if role is not None and role.tags else {}).get(UID_TAG, ""))
        )
    tags = await or_none(aws.datasync.list_tags(step.arn))
    named = (tags or {}).get(UID_TAG)
    return TagsRead(step, tags, uid_lives=named is not None and is_living(named))


async def _unless(call: Awaitable[None], *also: FailureKind) -> None:
    """Await a call for which "it is gone already" is as good as done."""
    try:
        await call
    except AwsError as error:
        if error.failure.kind not in {FailureKind.NOT_FOUND, *also}:
            raise
