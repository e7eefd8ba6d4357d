"""Reads of single resources, in the planner's terms; what does not exist reads as None."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from dataclasses import replace
from typing import TypeVar

from datamover_crds import JsonObject, LocationType, location_type_of
from datamover_crds.locations import ExistingLocation, agents_in
from datamover_operator.aws.failure import AwsError, FailureKind
from datamover_operator.aws.ports import Aws
from datamover_operator.movers.plan.copies import changed
from datamover_operator.movers.plan.desired import location_of
from datamover_operator.movers.plan.known import KnownRole
from datamover_operator.movers.plan.log_access import wants_policies
from datamover_operator.movers.plan.names import ROLE_POLICY_NAME, SIDES, Side, role_name_in
from datamover_operator.movers.plan.observed import Observed, StepFailure
from datamover_operator.movers.plan.suspend import is_withheld

T = TypeVar("T")


async def or_none(call: Awaitable[T]) -> T | None:
    """The call's answer, or None where what it names does not exist. Raises AwsError for all other failures."""
    try:
        return await call
    except AwsError as error:
        if error.failure.kind is FailureKind.NOT_FOUND:
            return None
        raise


async def describe_location(o: Observed, aws: Aws, side: Side, arn: str) -> JsonObject | None:
    """Describe a location that is, or may be, the mover's.

    The mover may declare another type by now: AWS's own listing tells what it is.

    Raises AwsError, also where the location is of a type that is not supported.
    """
    expected = location_type_of(_last_described(o, side, arn)) or type(location_of(o.mover.spec, side))
    if expected is ExistingLocation:
        listed = (await location_types(aws)).get(arn)
        return await or_none(aws.datasync.describe_location(listed.type_name(), arn)) if listed is not None else None
    try:
        return await or_none(aws.datasync.describe_location(expected.type_name(), arn))
    except AwsError as error:
        if error.failure.kind is not FailureKind.REFUSED:
            raise
        actual = (await location_types(aws)).get(arn)
        if actual is None or actual is expected:
            raise
    return await or_none(aws.datasync.describe_location(actual.type_name(), arn))


def _last_described(o: Observed, side: Side, arn: str) -> JsonObject:
    """The location as it was when it was last described, as far as the status still tells."""
    observed = o.mover.status.observed
    described = (observed.source if side == "source" else observed.destination) if observed is not None else None
    is_known = described is not None and described.get("locationArn") == arn
    return described if described is not None and is_known else {}


async def location_types(aws: Aws) -> dict[str, type[LocationType]]:
    """The types of all locations of the account, by ARN; those that are not supported are left out. Raises AwsError."""
    listed = await aws.datasync.list_locations()
    types = {str(each["locationArn"]): location_type_of(each) for each in listed}
    return {arn: its for arn, its in types.items() if its is not None}


async def read_agents(o: Observed, aws: Aws) -> Observed:
    """Describe the agents of a task that is UNAVAILABLE: one that is offline may be why. Raises AwsError."""
    if o.task is None or (o.task.described or {}).get("status") != "UNAVAILABLE":
        return o
    arns = {arn for each in o.locations.values() for arn in agents_in(each.described or {})}
    described = {arn: await or_none(aws.datasync.describe_agent(arn)) for arn in sorted(arns)}
    return changed(o, agents={arn: its for arn, its in described.items() if its is not None})


async def read_log_policies(o: Observed, aws: Aws) -> Observed:
    """Read who may write to CloudWatch Logs, where that matters. It is for advice alone: a failure is none."""
    if not wants_policies(o):
        return o
    try:
        return changed(o, log_policies=tuple(await aws.logs.resource_policies()))
    except AwsError:
        return o


async def read_role(aws: Aws, name: str) -> KnownRole | None:
    """GetRole and GetRolePolicy of a role that may exist or not. Raises AwsError."""
    return await or_none(_get_role(aws, name))


async def read_known_role(o: Observed, aws: Aws, arn: str) -> KnownRole | None:
    """The same of a role that the mover has had: NOT_FOUND is raised, too, as long as that proves nothing."""
    role = _get_role(aws, role_name_in(arn))
    return await (role if arn in o.young_roles else or_none(role))


async def _get_role(aws: Aws, name: str) -> KnownRole:
    role = await aws.iam.get_role(name, ROLE_POLICY_NAME)
    return KnownRole(role.arn, role.created_at, role.policy or {}, role.tags, role.permissions_boundary)


async def look_at_task(o: Observed, aws: Aws) -> Observed:
    """Describe the known task, and read its tags; where that decides whether it is withheld, its locations, too.

    One that is gone, or can't be looked at, stays as it is known.
    """
    if o.task is None:
        return o
    try:
        described, tags = await asyncio.gather(
            aws.datasync.describe_task(o.task.arn), aws.datasync.list_tags(o.task.arn)
        )
        seen = changed(o, task=replace(o.task, described=described, tags=tags))
        return seen if is_withheld(o) else await describe_task_locations(seen, described, aws)
    except AwsError as error:
        is_gone = error.failure.kind is FailureKind.NOT_FOUND
        failures = () if is_gone else (StepFailure(error.failure, "status.taskArn", is_read=True),)
        return changed(o, failures=(*o.failures, *failures))


async def describe_task_locations(o: Observed, task: JsonObject, aws: Aws) -> Observed:
    """Add the locations that a described task has, whatever the status says of them. Raises AwsError."""
    arns = {side: str(arn) for side in SIDES if (arn := task.get(f"{side}LocationArn"))}
    known = {its.arn: its.described for its in o.locations.values() if its.described is not None}
    unknown = {side: arn for side, arn in arns.items() if arn not in known}
    read = await asyncio.gather(*(describe_location(o, aws, side, arn) for side, arn in unknown.items()))
    described = known | dict(zip(unknown.values(), read, strict=True))
    locations = {side: its for side, arn in arns.items() if (its := described[arn]) is not None}
    return changed(o, task_locations=locations)


async def read_tags(o: Observed, aws: Aws) -> Observed:
    """Read the tags of the task and the locations."""
    sides = tuple(o.locations)
    arns = [o.locations[side].arn for side in sides] + ([o.task.arn] if o.task is not None else [])
    tags = await asyncio.gather(*(or_none(aws.datasync.list_tags(arn)) for arn in arns))
    locations = {side: replace(o.locations[side], tags=its) for side, its in zip(sides, tags, strict=False)}
    task = replace(o.task, tags=tags[-1]) if o.task is not None else None
    return changed(o, locations=locations, task=task)
