"""Reads all that planning a mover depends on into one immutable Observed; asks AWS only where something may be new."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from enum import Enum

from datamover_crds import DataMover, from_timestamp
from datamover_operator.aws.failure import AwsError
from datamover_operator.aws.ports import Aws
from datamover_operator.movers.active_executions import find_executions, read_replaced
from datamover_operator.movers.adoption import check_ownership, find_roles, take_over
from datamover_operator.movers.external_executions import find_external_executions, remember_runs
from datamover_operator.movers.listings import Listings
from datamover_operator.movers.memory import LOST, MoverMemory
from datamover_operator.movers.ownership import (
    ClusterState,
    describe_locations,
    read_roles,
    with_owned_parts,
    with_task_parts,
    without_lost_ones,
)
from datamover_operator.movers.plan.agents import has_new_agents
from datamover_operator.movers.plan.calls import is_answered
from datamover_operator.movers.plan.copies import changed
from datamover_operator.movers.plan.existing import with_existing_locations
from datamover_operator.movers.plan.failures import ROLE_PROPAGATING
from datamover_operator.movers.plan.finds import take_finds
from datamover_operator.movers.plan.known import Find, KnownRole, Resource
from datamover_operator.movers.plan.late_starts import scheduled_manifest
from datamover_operator.movers.plan.names import SIDES, Identity, Side
from datamover_operator.movers.plan.observed import Observed
from datamover_operator.movers.reads import describe_task_locations, or_none, read_agents, read_log_policies, read_tags
from datamover_operator.movers.recovery import find_listed, find_tagged
from datamover_operator.runs.manifests import check_manifest
from datamover_operator.runs.plan.transfers import check_of

_BEGINNING = 4 * 1024 * 1024
"""Bytes of a manifest that are checked before a scheduled start."""
_CLOCK_SKEW = timedelta(minutes=15)


def known(mover: DataMover, identity: Identity, cluster: ClusterState, instance: str, nonce: str) -> Observed:
    """What the mover's own status and metadata say; no I/O."""
    status = mover.status
    arns: dict[Side, str | None] = {
        "source": status.source_location_arn,
        "destination": status.destination_location_arn,
    }
    role_arns: dict[Side, str | None] = {"source": status.source_role_arn, "destination": status.destination_role_arn}
    digests: dict[Side, str | None] = {
        "source": status.bookkeeping.source_secret_hash,
        "destination": status.bookkeeping.destination_secret_hash,
    }
    o = Observed(
        mover=mover,
        identity=identity,
        account=cluster.account,
        instance=instance,
        nonce=nonce,
        task=Resource(status.task_arn) if status.task_arn else None,
        locations={side: Resource(arn) for side, arn in arns.items() if arn},
        roles={side: KnownRole(arn) for side, arn in role_arns.items() if arn},
        owned=frozenset(status.bookkeeping.owned),
        retired=status.bookkeeping.retired,
        applied_secrets={side: digest for side, digest in digests.items() if digest},
        runs=cluster.runs(),
    )
    return with_existing_locations(o)


def carry(o: Observed, carried: Observed) -> Observed:
    """Add what an earlier pass of this process did and could not record."""
    o = changed(
        o,
        task=carried.task or o.task,
        locations={**o.locations, **carried.locations},
        roles={**o.roles, **carried.roles},
        owned=o.owned | carried.owned,
        retired=tuple(dict.fromkeys((*o.retired, *carried.retired))),
        confirmed=False,
    )
    return with_existing_locations(o)


class Gatherer:
    """Reads movers' resources in one account."""

    def __init__(self, listings: Listings, settling: float, retry: float) -> None:
        """`settling` is how long, in seconds, an unknown outcome stays unknown at the most.

        `retry` is after how many seconds it is looked whether what is wrong in AWS has been corrected.
        """
        self._listings = listings
        self._settling = settling
        self._retry = retry

    async def gather(self, o: Observed, aws: Aws, memory: MoverMemory, cluster: ClusterState, tick: float) -> Observed:
        """Add what AWS has, doubts apart. `tick` is the monotonic time. Raises AwsError."""
        o = await take_over(o, aws, cluster)
        if o.other_owner is not None:
            return o
        if o.is_being_deleted:
            return await _for_deletion(o, aws, cluster)
        remember_runs(o, memory.walk)
        if any(condition.reason == ROLE_PROPAGATING for condition in o.mover.status.conditions):
            o = await read_roles(o, aws, cluster)  # their age tells how long to wait
        depth = depth_of(o, memory, tick)
        if depth is Depth.NOTHING:
            return o
        o = await _describe(o, aws)
        if depth is Depth.ALL:
            o = await _read_more(o, aws, cluster)
        o = await read_log_policies(await read_agents(await read_replaced(o, aws), aws), aws)
        o = await self._check_manifest(o, aws, memory, tick)
        o = await find_external_executions(o, aws, memory.walk, cluster.runs)
        return check_ownership(o, cluster)

    async def _check_manifest(self, o: Observed, aws: Aws, memory: MoverMemory, tick: float) -> Observed:
        """Check the manifest with which DataSync's schedule starts the task, unless that was done a moment ago.

        A failure is none: what was told before still holds.
        """
        manifest, (generation, checked) = scheduled_manifest(o), memory.manifest_check
        if manifest is None or (generation == o.generation and tick < checked + self._retry / 2):
            return o
        memory.manifest_check = (o.generation, tick)
        try:
            found = await check_manifest(aws.s3, check_of(manifest), most=_BEGINNING)
        except AwsError:
            return o
        return changed(o, manifest_problem=found.problem)

    async def settle(self, o: Observed, aws: Aws, memory: MoverMemory, cluster: ClusterState, tick: float) -> Observed:
        """Find what an open intent, or a status that was lost, may stand for. Raises AwsError.

        What is found is remembered until it is recorded: the doubt is gone then, and nothing else would tell of it.
        """
        doubt = doubt_of(o, memory)
        if doubt == LOST:
            o = await take_over(o, aws, cluster)
            doubt = doubt_of(o, memory)
        if doubt is None:
            return changed(o, settled=True)
        settles_at, since = memory.doubts.first_seen(doubt, tick) + self._settling, _nothing_before(o)
        finds = await find_tagged(aws, o.uid)
        if tick >= settles_at:
            account = o.mover.spec.account_ref.name
            listing = await self._listings.listed(account, aws, settles_at, since)
            finds += await find_listed(aws, listing, o.uid)
        elif not _is_answered(o, finds):
            return changed(o, settled=False, settles_in=settles_at - tick)
        memory.carried = changed(await find_roles(take_finds(o, finds), aws), settled=True)
        memory.doubts.open = None
        if doubt == LOST:
            memory.doubts.nothing_lost = memory.carried.is_blank
        else:
            memory.doubts.settled = doubt
        return memory.carried


class Depth(Enum):
    """How much of AWS a pass reads."""

    NOTHING = "nothing"
    DESCRIPTIONS = "the task and its locations"
    ALL = "tags, roles and stray resources, too"


def depth_of(o: Observed, memory: MoverMemory, tick: float) -> Depth:
    """A steady mover is read at the drift interval only (I2); one that this process has just made, not all over."""
    if o.is_blank and not o.existing:
        return Depth.NOTHING
    is_due = memory.next_drift_check is not None and tick >= memory.next_drift_check
    is_replacing = any(item.kind != "role" for item in o.retired)
    if memory.everything.is_open or is_due or is_replacing or o.is_torn:
        return Depth.ALL
    if not o.is_ready:
        return Depth.DESCRIPTIONS if memory.made == o.generation else Depth.ALL
    has_started = memory.next_start_check is not None and tick >= memory.next_start_check
    has_news = memory.description.is_open or any(o.has_new_secrets(side) or has_new_agents(o, side) for side in SIDES)
    return Depth.DESCRIPTIONS if has_news or has_started else Depth.NOTHING


def doubt_of(o: Observed, memory: MoverMemory) -> str | None:
    """What is in doubt: the nonce of an intent that this process has not itself brought to an end, or a lost status."""
    intent = o.mover.status.bookkeeping.intent
    if intent is not None:
        is_known = memory.carried is not None and memory.carried.nonce == intent.nonce
        return None if memory.doubts.settled == intent.nonce or is_known else intent.nonce
    return LOST if o.has_finalizer and o.is_blank and not memory.doubts.nothing_lost else None


def _is_answered(o: Observed, finds: list[Find]) -> bool:
    """Whether everything that the open intent allowed to be made has been found."""
    intent = o.mover.status.bookkeeping.intent
    return intent is not None and is_answered(intent, {find.part for find in finds if find.nonce == intent.nonce})


async def _for_deletion(o: Observed, aws: Aws, cluster: ClusterState) -> Observed:
    """Read what deletion depends on: what is still there and still ours, and what runs."""
    is_torn = o.is_torn
    o = await _describe_task(o, aws)
    if is_torn or o.mover.spec.adopt is not None:
        o = await read_tags(await describe_locations(o, aws, SIDES), aws)
        o = without_lost_ones(await read_roles(with_owned_parts(o, cluster), aws, cluster))
    elif o.existing:
        o = await read_tags(o, aws)
    if is_torn or any(f"{side}Role" in o.owned and side not in o.roles for side in SIDES):
        o = await find_roles(o, aws)
    o = await find_executions(o, aws)
    return o if o.executions else await find_executions(await _find_strays(o, aws), aws)


async def _describe(o: Observed, aws: Aws) -> Observed:
    """Read the task, then, unless it is still being created, its locations. What is gone is left out."""
    o = await _describe_task(o, aws)
    described = (o.task.described if o.task is not None else None) or {}
    if described.get("status") == "CREATING":
        return await describe_locations(o, aws, o.existing)
    return await describe_task_locations(await describe_locations(o, aws, SIDES), described, aws)


async def _describe_task(o: Observed, aws: Aws) -> Observed:
    if o.task is None:
        return o
    described = await or_none(aws.datasync.describe_task(o.task.arn))
    if described is None:
        return changed(o, task=None, owned=o.owned - {"task"}, confirmed=False)
    return with_task_parts(changed(o, task=replace(o.task, described=described), confirmed=True), described)


async def _read_more(o: Observed, aws: Aws, cluster: ClusterState) -> Observed:
    """Read what only changes behind our back: tags, roles, and resources of ours that nothing names."""
    o = with_owned_parts(await read_tags(o, aws), cluster)
    return await _find_strays(await read_roles(o, aws, cluster), aws)


async def _find_strays(o: Observed, aws: Aws) -> Observed:
    """Find resources of ours that nothing names."""
    known = {item.arn for item in o.retired} | {
        each.arn for each in (*o.locations.values(), o.task) if each is not None
    }
    return take_finds(o, await find_tagged(aws, o.uid, known))


def _nothing_before(o: Observed) -> datetime:
    """Before that nothing was made for this mover, whatever the clocks say."""
    return from_timestamp(o.mover.metadata.creation_timestamp or "1970-01-01T00:00:00Z") - _CLOCK_SKEW
