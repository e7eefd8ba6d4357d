"""Looks in AWS for what a lost call may have made: positive answers at once, "not made" only after a settling time."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping
from datetime import datetime

from datamover_common.tasks import together
from datamover_crds import LocationType, from_timestamp
from datamover_crds.contract import NONCE_TAG, PART_TAG, UID_TAG
from datamover_operator.aws.ports import Aws
from datamover_operator.movers.listings import Listing
from datamover_operator.movers.plan.known import Find
from datamover_operator.movers.plan.names import SIDES
from datamover_operator.movers.reads import location_types, or_none
from datamover_operator.movers.tag_index import TagIndex

_PARTS = frozenset({"task", *SIDES})


async def find_tagged(aws: Aws, uid: str, known: Collection[str] = ()) -> list[Find]:
    """What the tagging API shows under our uid beyond `known` ARNs, each confirmed by DataSync. Raises AwsError."""
    shown = await aws.tagging.find({UID_TAG: uid})
    unknown = {arn: tags for arn, tags in shown.items() if arn not in known}
    types = await location_types(aws) if any(":location/" in arn for arn in unknown) else {}
    return await _confirmed(aws, unknown, types)


async def find_listed(aws: Aws, listing: Listing, uid: str) -> list[Find]:
    """What a complete listing holds under our uid, each confirmed by DataSync. Raises AwsError."""
    return await _confirmed(aws, listing.held.get(uid, {}), listing.types)


async def _confirmed(
    aws: Aws, tagged: Mapping[str, Mapping[str, str]], types: Mapping[str, type[LocationType]]
) -> list[Find]:
    parts = {arn: tags for arn, tags in tagged.items() if tags.get(PART_TAG) in _PARTS}
    made = await asyncio.gather(*(_created_at(aws, arn, types.get(arn)) for arn in parts))
    return [
        Find(tags[PART_TAG], arn, created, tags.get(NONCE_TAG, ""))
        for (arn, tags), created in zip(parts.items(), made, strict=True)
        if created is not None
    ]


async def _created_at(aws: Aws, arn: str, kind: type[LocationType] | None) -> datetime | None:
    """When a task, or a location of this type, was made; None where it does not exist."""
    if ":task/" in arn:
        described = await or_none(aws.datasync.describe_task(arn))
    elif kind is not None:
        described = await or_none(aws.datasync.describe_location(kind.type_name(), arn))
    else:
        described = None
    return from_timestamp(str(described["creationTime"])) if described is not None else None


async def find_execution(aws: Aws, index: TagIndex, task_arn: str, nonce: str) -> str | None:
    """The execution of a task that was started with a nonce, if a listing shows it. Raises AwsError."""
    listed = await aws.datasync.list_task_executions(task_arn)
    arns = [str(each["taskExecutionArn"]) for each in listed]
    tags = await together(index.tags(aws, arn) for arn in arns)
    return next((arn for arn, its in zip(arns, tags, strict=True) if its.get(NONCE_TAG) == nonce), None)
