"""Starts from a task that exists already: one to be adopted, or our own from before the status was lost.

A task has one owner. One with another mover's tags is taken over only if that mover was an earlier life of this very
object (restored from a backup, or deleted with Retain and applied again).
"""

from __future__ import annotations

from dataclasses import replace

from datamover_crds import JsonObject
from datamover_crds.contract import OWNER_TAG, TASK_ARN_ANNOTATION, UID_TAG
from datamover_operator.aws.failure import AwsError, FailureKind
from datamover_operator.aws.ports import Aws
from datamover_operator.movers.ownership import (
    ClusterState,
    is_anothers,
    locations_in,
    read_roles,
    with_owned_parts,
)
from datamover_operator.movers.plan.copies import changed
from datamover_operator.movers.plan.existing import with_existing_locations
from datamover_operator.movers.plan.finds import take_role
from datamover_operator.movers.plan.known import Resource
from datamover_operator.movers.plan.names import SIDES
from datamover_operator.movers.plan.observed import Observed
from datamover_operator.movers.plan.places import is_here
from datamover_operator.movers.plan.role_names import default_role_names, role_names_in_doubt
from datamover_operator.movers.reads import describe_location, or_none, read_role, read_tags


async def take_over(o: Observed, aws: Aws, cluster: ClusterState) -> Observed:
    """Name the task that the annotation or spec.adopt points at, with its locations and roles. Raises AwsError."""
    adopt = o.mover.spec.adopt
    arn = o.annotations.get(TASK_ARN_ANNOTATION) or (adopt.task_arn if adopt is not None else None)
    if o.task is not None or o.mover.status.task_arn is not None or arn is None or not is_here(o, arn):
        return o
    described = await or_none(aws.datasync.describe_task(arn))
    if described is None:
        return changed(o, adopting=adopt is not None and TASK_ARN_ANNOTATION not in o.annotations)
    tags = await aws.datasync.list_tags(arn)
    if o.is_being_deleted and tags.get(UID_TAG) != o.uid:
        return o  # it never became ours, so it is not ours to delete
    o = changed(o, task=Resource(arn, described, tags), adopting=tags.get(UID_TAG) != o.uid, confirmed=False)
    o = check_ownership(o, cluster)
    if o.other_owner is not None:
        return o
    o = await _take_parts(o, aws, cluster, described)
    return o if o.adopting else await find_roles(o, aws)


async def find_roles(o: Observed, aws: Aws) -> Observed:
    """Find our roles by the names that they would have, or may have been given in doubt. Raises AwsError."""
    doubtful = role_names_in_doubt(o)
    for side, names in default_role_names(o).items():
        for name in dict.fromkeys((*doubtful[side], *(names if side not in o.roles else ()))):
            role = await read_role(aws, name)
            if role is not None and role.tags is not None and role.tags.get(UID_TAG) == o.uid:
                o = take_role(o, side, role)
    return o


def check_ownership(o: Observed, cluster: ClusterState) -> Observed:
    """See whether somebody else manages the task."""
    tags = o.task.tags if o.task is not None else None
    if tags is None or not is_anothers(o, tags, cluster):
        return o
    return changed(o, other_owner=f"'{tags.get(OWNER_TAG, tags[UID_TAG])}'")


async def _take_parts(o: Observed, aws: Aws, cluster: ClusterState, described: JsonObject) -> Observed:
    o = changed(o, locations=locations_in(described, SIDES))
    for side in SIDES:
        try:
            its = await describe_location(o, aws, side, o.locations[side].arn)
        except AwsError as error:
            if error.failure.kind is not FailureKind.REFUSED:
                raise
            its = None
        o = changed(o, locations={**o.locations, side: replace(o.locations[side], described=its)})
    o = await read_roles(with_owned_parts(await read_tags(o, aws), cluster), aws, cluster)
    return o if o.adopting else with_existing_locations(o)
