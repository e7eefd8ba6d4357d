"""Starts from a task that exists already: one to be adopted, or our own from before the status was lost.

A task has one owner. One that bears another mover's tags is taken over only where that mover was this very object in
an earlier life (restored from a backup, or deleted with Retain and applied again).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from datamover_crds import DataMoverAccount, DataMoverRun, JsonObject
from datamover_operator.aws.errors import AwsError
from datamover_operator.planning.desired import location_of
from datamover_operator.planning.failure import FailureKind
from datamover_operator.planning.names import (
    LEGACY_TAGS,
    NONCE_TAG,
    OWNER_TAG,
    SIDES,
    TASK_ARN_ANNOTATION,
    UID_TAG,
    Side,
)
from datamover_operator.planning.observed import KnownRole, Observed, Resource
from datamover_operator.planning.resources import default_role_names
from datamover_operator.working.ports import Aws
from datamover_operator.working.reading import describe_location, or_none, read_role, read_tags

_ACTIVE = frozenset({"RUNNING", "QUEUED"})


@dataclass(frozen=True, slots=True)
class Neighbours:
    """What else in the cluster matters for one mover.

    `shared_roles` are the ARNs of roles that other movers' locations use; `is_living` tells whether a mover
    with a uid exists.
    """

    account: DataMoverAccount | None
    runs: tuple[DataMoverRun, ...]
    shared_roles: frozenset[str]
    is_living: Callable[[str], bool]


async def take_over(o: Observed, aws: Aws, near: Neighbours) -> Observed:
    """Name the task that the annotation or spec.adopt points at, with its locations and roles. Raises AwsError."""
    adopt = o.mover.spec.adopt
    arn = o.annotated.get(TASK_ARN_ANNOTATION) or (adopt.task_arn if adopt is not None else None)
    if o.task is not None or o.mover.status.task_arn is not None or arn is None:
        return o
    described = await or_none(aws.datasync.describe_task(arn))
    if described is None:
        return replace(o, adopting=adopt is not None and TASK_ARN_ANNOTATION not in o.annotated)
    tags = await aws.datasync.list_tags(arn)
    if o.mover.metadata.deletion_timestamp is not None and tags.get(UID_TAG) != o.uid:
        return o  # it never became ours, so it is not ours to delete
    o = replace(o, task=Resource(arn, described, tags), adopting=tags.get(UID_TAG) != o.uid, confirmed=False)
    o = check_rival(o, near)
    if o.rival is not None:
        return o
    o = await _take_parts(o, aws, described)
    return o if o.adopting else await find_roles(o, aws)


async def find_roles(o: Observed, aws: Aws) -> Observed:
    """Find roles of ours by the names that they would have. Raises AwsError."""
    for side, names in default_role_names(o).items():
        for name in names if side not in o.roles else ():
            role = await read_role(aws, name)
            if role is not None and role.tags is not None and role.tags.get(UID_TAG) == o.uid:
                o = replace(o, roles={**o.roles, side: role}, owned=o.owned | {f"{side}Role"})
                break
    return o


def check_rival(o: Observed, near: Neighbours) -> Observed:
    """See whether somebody else manages the task."""
    tags = o.task.tags if o.task is not None else None
    if tags is None or UID_TAG not in tags or tags[UID_TAG] == o.uid:
        return o
    is_former_self = tags.get(OWNER_TAG) == o.identity.owner and not near.is_living(tags[UID_TAG])
    return o if is_former_self else replace(o, rival=f"'{tags.get(OWNER_TAG, tags[UID_TAG])}'")


async def for_deletion(o: Observed, aws: Aws) -> Observed:
    """Read what deletion depends on: whether the task is still there and still ours, and what runs. Raises AwsError."""
    if o.task is None:
        return o
    described = await or_none(aws.datasync.describe_task(o.task.arn))
    if described is None:
        return replace(o, task=None, owned=o.owned - {"task"})
    o = replace(o, task=replace(o.task, described=described))
    if o.mover.spec.adopt is not None:
        o = await _without_lost_ones(o, aws)
    execution = described.get("currentTaskExecutionArn")
    if described.get("status") in _ACTIVE and execution and "task" in o.owned:
        o = replace(o, execution=await or_none(aws.datasync.describe_task_execution(str(execution))))
    return o


async def _without_lost_ones(o: Observed, aws: Aws) -> Observed:
    """Of two movers that adopted one task at the same moment the later one has it: the other leaves it alone."""
    o = await read_tags(o, aws)
    resources = resources_of(o)
    lost = {part for part, its in resources.items() if its is not None and (its.tags or {}).get(UID_TAG) != o.uid}
    return replace(o, owned=o.owned - lost)


async def _take_parts(o: Observed, aws: Aws, described: JsonObject) -> Observed:
    arns: dict[Side, str] = {side: str(described[f"{side}LocationArn"]) for side in SIDES}
    o = replace(o, locations={side: Resource(arn) for side, arn in arns.items()})
    for side in SIDES:
        try:
            its = await describe_location(o, aws, side)
        except AwsError as error:
            if error.failure.kind is not FailureKind.REFUSED:
                raise
            its = None
        o = replace(o, locations={**o.locations, side: replace(o.locations[side], described=its)})
    o = await read_tags(o, aws)
    resources = resources_of(o)
    owned = {part for part, its in resources.items() if its is not None and _is_owned(o, its.tags or {})}
    return await _take_roles(replace(o, owned=o.owned | owned), aws)


async def _take_roles(o: Observed, aws: Aws) -> Observed:
    """Name the roles that the locations have. One that is gone, and would be ours to make, is left out."""
    for side in SIDES:
        config = (o.locations[side].described or {}).get("s3Config")
        arn = config.get("bucketAccessRoleArn") if isinstance(config, dict) else None
        if not isinstance(arn, str):
            continue
        role: KnownRole | None = KnownRole(arn)
        if _may_be_ours(o, side, arn):
            role = await read_role(aws, arn.rsplit("/", 1)[-1])
        if role is not None:
            owned = {f"{side}Role"} if _is_owned_role(o, role.tags or {}) else set()
            o = replace(o, roles={**o.roles, side: role}, owned=o.owned | owned)
    return o


def _may_be_ours(o: Observed, side: Side, arn: str) -> bool:
    """A role that the user declares is theirs, and one in another account can't be ours."""
    s3 = location_of(o.mover.spec, side).s3
    declared = s3.access_role.arn if s3 is not None and s3.access_role is not None else None
    is_here = o.account is not None and arn.split(":")[4] == o.account.spec.account_id
    return is_here and arn != declared


def resources_of(o: Observed) -> dict[str, Resource | None]:
    """The task and the locations by part."""
    return {"task": o.task, "source": o.locations.get("source"), "destination": o.locations.get("destination")}


def _is_owned(o: Observed, tags: Mapping[str, str]) -> bool:
    """What the mover made itself is its own; what it adopts, if it says so."""
    adopt = o.mover.spec.adopt
    made_here = NONCE_TAG in tags and tags.get(UID_TAG) == o.uid
    if adopt is not None and o.task is not None and adopt.task_arn == o.task.arn:
        return adopt.own or made_here
    return NONCE_TAG in tags and tags.get(OWNER_TAG) == o.identity.owner


def _is_owned_role(o: Observed, tags: Mapping[str, str]) -> bool:
    """A role may serve others than the task: only one that we or the older service made for it comes with it."""
    is_legacy = all(tags.get(key) == value for key, value in LEGACY_TAGS.items())
    return (NONCE_TAG in tags or is_legacy) and _is_owned(o, tags)
