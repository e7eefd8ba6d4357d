"""Which roles, locations and task are still to be made or changed for a mover."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from datamover_crds import JsonObject, Replace
from datamover_crds.contract import NONCE_TAG, PREFIX, UID_TAG
from datamover_operator.movers.plan.calls import Call, LocationCall, RoleCall, TaskCall
from datamover_operator.movers.plan.desired import (
    declared_fields,
    location_of,
    location_path,
    tag_list,
    task_name,
    task_request,
    user_tags,
)
from datamover_operator.movers.plan.diff import tag_change, task_change
from datamover_operator.movers.plan.names import SIDES, Side, distinct_role_name
from datamover_operator.movers.plan.observed import KnownRole, Observed
from datamover_operator.movers.plan.role_names import possible_names
from datamover_operator.movers.plan.roles import WantedRole, trust_policy, wanted_roles, with_rights_of
from datamover_operator.movers.plan.steps import (
    ChangeTags,
    CreateLocation,
    CreateRole,
    CreateTask,
    PutRolePermissionsBoundary,
    PutRolePolicy,
    Step,
    TagRole,
    UpdateLocation,
    UpdateTask,
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """The steps that are possible now, room by room, and the Create* calls that this pass may have to send."""

    creations: tuple[Call, ...] = ()
    roles: tuple[Step, ...] = ()
    locations: tuple[Step, ...] = ()
    task: tuple[Step, ...] = ()

    @property
    def pending(self) -> bool:
        """Whether anything in AWS differs from what is declared."""
        return bool(self.creations or self.roles or self.locations or self.task)


def wanted_of(o: Observed) -> Wanted:
    """Compare what is declared with what is known."""
    roles, role_creations = _roles(o)
    locations, location_creations = _locations(o)
    task, task_creations = _task(o, replaced=bool(location_creations))
    return Wanted(
        creations=(*role_creations, *location_creations, *task_creations),
        roles=roles,
        locations=locations,
        task=task,
    )


def removed_fields(o: Observed) -> frozenset[str]:
    """The optional fields that AWS has been told of and the spec no longer has."""
    return frozenset(o.mover.status.declared) - frozenset(declared_fields(o.mover.spec))


def role_arn_for(o: Observed, side: Side) -> str | None:
    """The role that the location shall be given: the user's own, or the one that we have made."""
    location = location_of(o.mover.spec, side)
    if location.access_role_field is None:
        return None
    if location.role_named is not None and location.role_named.arn is not None:
        return location.role_named.arn
    role = o.roles.get(side)
    return role.arn if role is not None else None


def _roles(o: Observed) -> tuple[tuple[Step, ...], tuple[Call, ...]]:
    assert o.account is not None  # noqa: S101 - preconditions come first
    access = o.account.spec.access_roles
    steps: list[Step] = []
    creations: list[Call] = []
    boundary = access.permissions_boundary_arn if access is not None else None
    for wanted in wanted_roles(o.mover.spec, o.uid, (access.path if access is not None else None) or "/"):
        known = _known_role(o, wanted)
        side = wanted.sides[0]
        path = f"{location_path(o.mover.spec, side)}.{location_of(o.mover.spec, side).access_role_field}"
        if known is None:
            creations += [RoleCall(side, wanted.name) for side in wanted.sides]
            steps.append(
                CreateRole(
                    sides=wanted.sides,
                    name=_free_name(o, wanted),
                    role_path=wanted.path,
                    trust=trust_policy(o.account.spec.account_id, o.account.spec.region),
                    tags=user_tags(o.mover.spec) | o.identity.tags(_role_part(wanted), o.nonce),
                    permissions_boundary=boundary,
                    path=path,
                ),
            )
        elif boundary is not None and _is_bounded_otherwise(o, wanted, known, boundary):
            steps.append(PutRolePermissionsBoundary(wanted.sides, known.name, boundary))
        elif (policy := _policy(o, wanted, known)) is not None and _is_ours(o, wanted, known):
            steps.append(PutRolePolicy(wanted.sides, known.name, policy, path))
        elif known.tags is not None and _owns_role(o, wanted):
            missing, gone = _role_tags(o, wanted, known)
            if missing or gone:
                steps.append(TagRole(wanted.sides, known.name, missing, gone))
    return tuple(steps), tuple(creations)


def _role_tags(o: Observed, wanted: WantedRole, known: KnownRole) -> tuple[dict[str, str], tuple[str, ...]]:
    """The tags to set on a role, and those to take away.

    One that was adopted keeps what it came with beside our mark: another mover that uses it may declare other tags,
    and bear its mark.
    """
    actual = known.tags or {}
    missing, gone = tag_change(o.mover.spec, o.identity, _role_part(wanted), actual, removed_fields(o))
    if _is_ours(o, wanted, known):
        return missing, gone
    is_anothers = known.arn in o.shared_roles and UID_TAG in actual
    return {key: value for key, value in missing.items() if key.startswith(PREFIX) and not is_anothers}, ()


def _known_role(o: Observed, wanted: WantedRole) -> KnownRole | None:
    """The role that stands for the wanted one already, if any."""
    known = o.roles.get(wanted.sides[0])
    if known is None or any((other := o.roles.get(side)) is None or other.arn != known.arn for side in wanted.sides):
        return None
    names = possible_names(wanted.name.casefold(), o.uid)
    if known.name.casefold() in names and _owns_role(o, wanted):
        return known
    is_unnamed = location_of(o.mover.spec, wanted.sides[0]).role_named is None
    keeps = is_unnamed and o.mover.spec.adopt is not None and not _is_the_sources(o, wanted, known)
    return known if keeps else None


def _is_the_sources(o: Observed, wanted: WantedRole, known: KnownRole) -> bool:
    """A role of ours that both locations came with stays the source's: it can hold only one of the two policies."""
    source = o.roles.get("source")
    is_shared = source is not None and source.arn == known.arn and "source" not in wanted.sides
    return is_shared and known.tags is not None and _is_ours(o, wanted, known)


def _owns_role(o: Observed, wanted: WantedRole) -> bool:
    return any(f"{side}Role" in o.owned for side in wanted.sides)


def _is_ours(o: Observed, wanted: WantedRole, known: KnownRole) -> bool:
    """Whether we have made the role: one that was adopted keeps the rights that it came with."""
    return _owns_role(o, wanted) and (known.tags is None or NONCE_TAG in known.tags)


def _is_bounded_otherwise(o: Observed, wanted: WantedRole, known: KnownRole, boundary: str) -> bool:
    """Where the account names no boundary, one that the role has is let alone: others may have set it."""
    return known.tags is not None and _is_ours(o, wanted, known) and known.boundary != boundary


def _policy(o: Observed, wanted: WantedRole, known: KnownRole) -> JsonObject | None:
    """What the role is to allow: what it has allowed, too, as long as a location on another bucket may need it.

    None = it allows that already, or what it allows has not been read.
    """
    if known.policy is None:
        return None
    is_in_use = any(item.kind == "location" for item in o.retired) or any(
        its.described is None or isinstance(_location_change(o, side), Replace) for side, its in o.locations.items()
    )
    policy = with_rights_of(known.policy, wanted.policy) if is_in_use else wanted.policy
    return policy if policy != known.policy else None


def _free_name(o: Observed, wanted: WantedRole) -> str:
    return distinct_role_name(wanted.name, o.uid) if wanted.name in o.taken_roles else wanted.name


def _role_part(wanted: WantedRole) -> str:
    return "role" if len(wanted.sides) > 1 else f"{wanted.sides[0]}Role"


def _locations(o: Observed) -> tuple[tuple[Step, ...], tuple[Call, ...]]:
    steps: list[Step] = []
    creations: list[Call] = []
    for side in SIDES:
        location = location_of(o.mover.spec, side)
        known = o.locations.get(side)
        change = _location_change(o, side)
        if known is None or isinstance(change, Replace):
            creations.append(LocationCall(side))
            tags = tag_list(user_tags(o.mover.spec) | o.identity.tags(side, o.nonce))
            request = location.create_request(role_arn_for(o, side)) | tags
            steps.append(CreateLocation(side, location.type_name(), request, f"spec.{side}"))
            continue
        if change is not None:
            described = location.changed(known.described or {}, change)
            steps.append(UpdateLocation(side, location.type_name(), known.arn, change, described, f"spec.{side}"))
        if side in o.owned:  # others may have adopted the same location
            steps += _tags(o, side, known.arn, known.tags)
    return tuple(steps), tuple(creations)


def _location_change(o: Observed, side: Side) -> JsonObject | Replace | None:
    known = o.locations.get(side)
    if known is None or known.described is None:
        return None
    removed = {name.removeprefix(f"{side}.") for name in removed_fields(o) if name.startswith(f"{side}.")}
    return location_of(o.mover.spec, side).change(known.described, removed, role_arn_for(o, side))


def _task(o: Observed, *, replaced: bool) -> tuple[tuple[Step, ...], tuple[Call, ...]]:
    name = task_name(o.mover.spec, o.identity)
    if o.task is None or replaced or _task_is_elsewhere(o):
        arns = {side: known.arn for side, known in o.locations.items()}
        if replaced or len(arns) < len(SIDES):
            return (), (TaskCall(),)
        tags = tag_list(user_tags(o.mover.spec) | o.identity.tags("task", o.nonce))
        return (CreateTask(task_request(o.mover.spec, name, arns, tags)),), (TaskCall(),)
    steps: list[Step] = []
    if o.task.described is not None and o.task.described.get("status") != "CREATING":
        change = task_change(o.mover.spec, name, o.task.described, removed_fields(o))
        if change is not None:
            steps.append(UpdateTask(o.task.arn, change))
    steps += _tags(o, "task", o.task.arn, o.task.tags)
    return tuple(steps), ()


def _task_is_elsewhere(o: Observed) -> bool:
    """A task can't be pointed at another location: it has to be made anew."""
    described = o.task.described if o.task is not None else None
    return described is not None and any(
        side in o.locations and described.get(f"{side}LocationArn") != o.locations[side].arn for side in SIDES
    )


def _tags(o: Observed, part: str, arn: str, actual: Mapping[str, str] | None) -> tuple[Step, ...]:
    if actual is None:
        return ()
    missing, gone = tag_change(o.mover.spec, o.identity, part, actual, removed_fields(o))
    if part not in o.owned and NONCE_TAG in actual:  # beside our uid an earlier mover's nonce would make it ours
        gone = (*gone, NONCE_TAG)
    return (ChangeTags(part, arn, missing, gone),) if missing or gone else ()
