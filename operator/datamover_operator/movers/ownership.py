"""Who owns the resources that a mover's status or task names: read from their tags, which outlive the status."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from datamover_crds import DataMoverAccount, DataMoverRun, JsonObject, location_type_of
from datamover_crds.contract import NONCE_TAG, OWNER_TAG, UID_TAG
from datamover_operator.aws.ports import Aws
from datamover_operator.movers.plan.copies import changed
from datamover_operator.movers.plan.desired import location_of
from datamover_operator.movers.plan.known import KnownRole, Resource
from datamover_operator.movers.plan.names import SIDES, Side, is_legacy, role_name_in
from datamover_operator.movers.plan.observed import Observed
from datamover_operator.movers.plan.role_names import default_role_names
from datamover_operator.movers.reads import describe_location, read_known_role


@dataclass(frozen=True, slots=True)
class ClusterState:
    """What else in the cluster matters for one mover.

    `runs` tells the mover's runs as they are when it is called; `is_living` tells whether a mover with a uid exists.
    """

    account: DataMoverAccount | None
    runs: Callable[[], tuple[DataMoverRun, ...]]
    is_living: Callable[[str], bool]


def resources_of(o: Observed) -> dict[str, Resource | None]:
    """The task and the locations by part."""
    return {"task": o.task, "source": o.locations.get("source"), "destination": o.locations.get("destination")}


def is_anothers(o: Observed, tags: Mapping[str, str], cluster: ClusterState) -> bool:
    """Whether another mover manages the resource: any but an earlier life of this very object."""
    return o.identity.is_anothers(tags, uid_lives=UID_TAG in tags and cluster.is_living(tags[UID_TAG]))


def with_task_parts(o: Observed, described: JsonObject) -> Observed:
    """Name the locations of the described task, where the status does not; but for those that are others'."""
    unknown = [side for side in SIDES if side not in o.locations and side not in o.existing | o.left_behind]
    return changed(o, locations={**o.locations, **locations_in(described, unknown)})


def locations_in(described: JsonObject, sides: Iterable[Side]) -> dict[Side, Resource]:
    """The locations of a described task."""
    arns = {side: described.get(f"{side}LocationArn") for side in sides}
    return {side: Resource(arn) for side, arn in arns.items() if isinstance(arn, str)}


async def describe_locations(o: Observed, aws: Aws, of: Iterable[Side]) -> Observed:
    """Describe the known locations of these sides. What is gone is left out. Raises AwsError."""
    sides = tuple(side for side in of if side in o.locations)
    described = await asyncio.gather(*(describe_location(o, aws, side, o.locations[side].arn) for side in sides))
    found = dict(zip(sides, described, strict=True))
    gone = {side for side, its in found.items() if its is None}
    locations = {
        side: replace(known, described=found[side]) if side in found else known
        for side, known in o.locations.items()
        if side not in gone
    }
    return changed(o, locations=locations, owned=o.owned - gone)


def with_owned_parts(o: Observed, cluster: ClusterState) -> Observed:
    """Own what the tags that were read say that this mover created, or was told to own."""
    known = {part: its for part, its in resources_of(o).items() if its is not None and part not in o.existing}
    tags = {part: its.tags for part, its in known.items() if its.tags is not None}
    lost = {part for part, its in tags.items() if is_anothers(o, its, cluster)}
    others = {its.arn for part, its in resources_of(o).items() if its is not None and part in lost}
    owned = (o.owned | {part for part, its in tags.items() if _is_owned(o, its, cluster)}) - lost
    return changed(o, owned=owned, others=o.others | others)


def without_lost_ones(o: Observed) -> Observed:
    """Of two movers that adopted one task at the same moment the later one has it: the other leaves it alone."""
    lost = {part for part, its in resources_of(o).items() if its is not None and (its.tags or {}).get(UID_TAG) != o.uid}
    return changed(o, owned=o.owned - lost) if o.mover.spec.adopt is not None else o


async def read_roles(o: Observed, aws: Aws, cluster: ClusterState) -> Observed:
    """Read the roles that are, or may be, ours; where the status names none, the one that the location has.

    One that is gone, and would be ours to make, is left out; so is what others have made since under its name.
    Raises AwsError.
    """
    for side in SIDES:
        arn = o.roles[side].arn if side in o.roles else _configured_role(o, side)
        if arn is None or (side in o.existing and side not in o.roles):
            continue
        role: KnownRole | None = KnownRole(arn)
        if _may_be_ours(o, side, arn):
            role = await read_known_role(o, aws, arn)
            is_named = side in o.roles and f"{side}Role" in o.owned
            if role is not None and is_named and not o.identity.bears_mark(role.tags or {}):
                role = None
        roles = {each: known for each, known in o.roles.items() if each != side}
        if role is None:
            o = changed(o, roles=roles, owned=o.owned - {f"{side}Role"})
        else:
            owned = {f"{side}Role"} if _is_owned_role(o, role.tags or {}, cluster) else set()
            o = changed(o, roles={**roles, side: role}, owned=o.owned | owned)
    return o


def _configured_role(o: Observed, side: Side) -> str | None:
    described = (o.locations[side].described or {}) if side in o.locations else {}
    kind = location_type_of(described)
    return kind.role_in(described) if kind is not None else None


def _may_be_ours(o: Observed, side: Side, arn: str) -> bool:
    """A role that the user declares is theirs, and one in another account can't be ours."""
    named = location_of(o.mover.spec, side).role_named
    declared = named.arn if named is not None else None
    is_here = o.account is not None and arn.split(":")[4] == o.account.spec.account_id
    is_new = side not in o.roles or o.adopting or o.is_torn
    names = default_role_names(o)[side]
    return is_here and arn != declared and (is_new or f"{side}Role" in o.owned or role_name_in(arn) in names)


def _is_owned(o: Observed, tags: Mapping[str, str], cluster: ClusterState) -> bool:
    """A mover owns what it created, and what it adopts with `own` unless another mover manages it."""
    if is_anothers(o, tags, cluster):
        return False
    adopt, is_marked = o.mover.spec.adopt, tags.get(UID_TAG) == o.uid
    if NONCE_TAG in tags and is_marked:
        return True
    if adopt is not None and o.task is not None and adopt.task_arn == o.task.arn:
        return adopt.own
    is_former_selfs = NONCE_TAG in tags and tags.get(OWNER_TAG) == o.identity.owner
    return is_former_selfs or (adopt is not None and adopt.own and is_marked)


def _is_owned_role(o: Observed, tags: Mapping[str, str], cluster: ClusterState) -> bool:
    """A role may serve others as well: only one that we or the older service created for the task comes with it."""
    return (NONCE_TAG in tags or is_legacy(tags)) and _is_owned(o, tags, cluster)
