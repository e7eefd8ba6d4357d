"""Which bucket access roles are still to be made or changed for a mover."""

from __future__ import annotations

from datamover_crds import JsonObject, Replace
from datamover_crds.contract import NONCE_TAG, PREFIX, UID_TAG
from datamover_operator.movers.plan.calls import Call, RoleCall
from datamover_operator.movers.plan.comparison import location_difference, removed_fields
from datamover_operator.movers.plan.desired import location_of, location_path, user_tags
from datamover_operator.movers.plan.diff import tag_change
from datamover_operator.movers.plan.known import KnownRole
from datamover_operator.movers.plan.names import distinct_role_name
from datamover_operator.movers.plan.observed import Observed
from datamover_operator.movers.plan.role_names import possible_names
from datamover_operator.movers.plan.roles import WantedRole, trust_policy, wanted_roles, with_rights_of
from datamover_operator.movers.plan.steps import CreateRole, PutRolePermissionsBoundary, PutRolePolicy, Step, TagRole
from datamover_operator.movers.plan.transfer_files import more_rights


def role_steps(o: Observed) -> tuple[tuple[Step, ...], tuple[Call, ...]]:
    """The steps that are possible now, and the calls that make what is missing."""
    assert o.account is not None  # noqa: S101 - preconditions come first
    access = o.account.spec.access_roles
    steps: list[Step] = []
    creations: list[Call] = []
    boundary = access.permissions_boundary_arn if access is not None else None
    path = (access.path if access is not None else None) or "/"
    more = more_rights(o.mover.spec, o.account, o.uid)
    for wanted in wanted_roles(o.mover.spec, o.uid, path, more):
        known = _known_role(o, wanted)
        side = wanted.sides[0]
        field = f"{location_path(o.mover.spec, side)}.{location_of(o.mover.spec, side).access_role_field}"
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
                    path=field,
                ),
            )
        elif boundary is not None and _is_bounded_otherwise(o, wanted, known, boundary):
            steps.append(PutRolePermissionsBoundary(wanted.sides, known.name, boundary))
        elif (policy := _policy(o, wanted, known)) is not None and _is_ours(o, wanted, known):
            steps.append(PutRolePolicy(wanted.sides, known.name, policy, field))
        elif known.tags is not None and _owns_role(o, wanted):
            missing, gone = _role_tags(o, wanted, known)
            is_tagged = any(isinstance(step, TagRole) and step.name == known.name for step in steps)
            if (missing or gone) and not is_tagged:  # both locations may have come with one role
                steps.append(TagRole(wanted.sides, known.name, missing, gone))
    return tuple(steps), tuple(creations)


def _role_tags(o: Observed, wanted: WantedRole, known: KnownRole) -> tuple[dict[str, str], tuple[str, ...]]:
    """The tags to set on a role, and those to take away.

    One that was adopted keeps what it came with beside our mark: another mover that uses it may declare other tags,
    and carry its mark.
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
        its.described is None or isinstance(location_difference(o, side), Replace) for side, its in o.locations.items()
    )
    policy = with_rights_of(known.policy, wanted.policy) if is_in_use else wanted.policy
    return policy if policy != known.policy else None


def _free_name(o: Observed, wanted: WantedRole) -> str:
    return distinct_role_name(wanted.name, o.uid) if wanted.name in o.taken_roles else wanted.name


def _role_part(wanted: WantedRole) -> str:
    return "role" if len(wanted.sides) > 1 else f"{wanted.sides[0]}Role"
