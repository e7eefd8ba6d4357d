"""Reads of single resources, in the planner's terms; what does not exist reads as None."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from dataclasses import replace
from typing import TypeVar

from datamover_crds import JsonObject
from datamover_operator.aws.failure import AwsError, FailureKind
from datamover_operator.aws.ports import Aws
from datamover_operator.movers.plan.desired import location_of
from datamover_operator.movers.plan.names import ROLE_POLICY_NAME, Side
from datamover_operator.movers.plan.observed import KnownRole, Observed, StepFailure

T = TypeVar("T")


async def or_none(call: Awaitable[T]) -> T | None:
    """The call's answer, or None where what it names does not exist. Raises AwsError for all other failures."""
    try:
        return await call
    except AwsError as error:
        if error.failure.kind is FailureKind.NOT_FOUND:
            return None
        raise


async def describe_location(o: Observed, aws: Aws, side: Side) -> JsonObject | None:
    """Describe a known location. A mover may have changed its kind: then the ARN answers to the other one only."""
    arn = o.locations[side].arn
    declared = location_of(o.mover.spec, side).kind
    try:
        return await or_none(aws.datasync.describe_location(declared, arn))
    except AwsError as error:
        if error.failure.kind is not FailureKind.REFUSED:
            raise
    return await or_none(aws.datasync.describe_location("efs" if declared == "s3" else "s3", arn))


async def read_role(aws: Aws, name: str) -> KnownRole | None:
    """GetRole and GetRolePolicy."""
    role = await or_none(aws.iam.get_role(name, ROLE_POLICY_NAME))
    if role is None:
        return None
    return KnownRole(role.arn, role.created_at, role.policy or {}, role.tags, role.permissions_boundary)


async def look_at_task(o: Observed, aws: Aws) -> Observed:
    """Describe the known task, and read its tags. One that is gone, or can't be looked at, stays as it is known."""
    if o.task is None:
        return o
    try:
        described, tags = await asyncio.gather(
            aws.datasync.describe_task(o.task.arn), aws.datasync.list_tags(o.task.arn)
        )
    except AwsError as error:
        is_gone = error.failure.kind is FailureKind.NOT_FOUND
        failures = () if is_gone else (StepFailure(error.failure, "status.taskArn", is_read=True),)
        return replace(o, failures=(*o.failures, *failures))
    return replace(o, task=replace(o.task, described=described, tags=tags))


async def read_tags(o: Observed, aws: Aws) -> Observed:
    """Read the tags of the task and the locations."""
    sides = tuple(o.locations)
    arns = [o.locations[side].arn for side in sides] + ([o.task.arn] if o.task is not None else [])
    tags = await asyncio.gather(*(or_none(aws.datasync.list_tags(arn)) for arn in arns))
    locations = {side: replace(o.locations[side], tags=its) for side, its in zip(sides, tags, strict=False)}
    task = replace(o.task, tags=tags[-1]) if o.task is not None else None
    return replace(o, locations=locations, task=task)
