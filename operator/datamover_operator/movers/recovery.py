"""Looks in AWS for what a lost call may have made: positive answers at once, "not made" only after a settling time."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Collection, Mapping
from datetime import datetime

from datamover_crds import LocationType, from_timestamp
from datamover_crds.contract import NONCE_TAG, PART_TAG, UID_TAG
from datamover_operator.aws.failure import AwsError, FailureKind
from datamover_operator.aws.ports import Aws
from datamover_operator.movers.plan.names import SIDES
from datamover_operator.movers.plan.observed import Find
from datamover_operator.movers.reads import location_types, or_none

_REMEMBERED = 20_000
_PARTS = frozenset({"task", *SIDES})


class TagIndex:
    """The tags of resources that have been looked at: many movers in doubt read each resource's tags once.

    A resource of ours bears its uid from its creation on, so an old answer to "is it mine?" stays true.
    """

    def __init__(self) -> None:
        """Know nothing yet."""
        self._tags: OrderedDict[str, Mapping[str, str]] = OrderedDict()

    async def tags(self, aws: Aws, arn: str) -> Mapping[str, str]:
        """The tags of one resource; {} where it is gone."""
        if arn not in self._tags:
            try:
                self._tags[arn] = await aws.datasync.list_tags(arn)
            except AwsError as error:
                if error.failure.kind is not FailureKind.NOT_FOUND:
                    raise
                return {}
            if len(self._tags) > _REMEMBERED:
                self._tags.popitem(last=False)
        return self._tags[arn]


async def find_tagged(aws: Aws, uid: str, known: Collection[str] = ()) -> list[Find]:
    """What the tagging API shows under our uid beyond `known` ARNs, each confirmed by DataSync. Raises AwsError."""
    shown = await aws.tagging.find({UID_TAG: uid})
    unknown = {arn: tags for arn, tags in shown.items() if arn not in known and tags.get(PART_TAG) in _PARTS}
    return await _confirmed(aws, unknown)


async def find_listed(aws: Aws, index: TagIndex, uid: str, since: datetime) -> list[Find]:
    """What a complete listing of tasks and locations made since then holds under our uid. Raises AwsError."""
    tasks, locations = await asyncio.gather(aws.datasync.list_tasks(since), aws.datasync.list_locations(since))
    arns = [str(task["taskArn"]) for task in tasks] + [str(location["locationArn"]) for location in locations]
    tags = await asyncio.gather(*(index.tags(aws, arn) for arn in arns))
    ours = {arn: its for arn, its in zip(arns, tags, strict=True) if its.get(UID_TAG) == uid}
    return await _confirmed(aws, {arn: its for arn, its in ours.items() if its.get(PART_TAG) in _PARTS})


async def _confirmed(aws: Aws, tagged: Mapping[str, Mapping[str, str]]) -> list[Find]:
    types = await location_types(aws) if any(":location/" in arn for arn in tagged) else {}
    made = await asyncio.gather(*(_created_at(aws, arn, types.get(arn)) for arn in tagged))
    return [
        Find(tags[PART_TAG], arn, created, tags.get(NONCE_TAG, ""))
        for (arn, tags), created in zip(tagged.items(), made, strict=True)
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
    tags = await asyncio.gather(*(index.tags(aws, arn) for arn in arns))
    return next((arn for arn, its in zip(arns, tags, strict=True) if its.get(NONCE_TAG) == nonce), None)
