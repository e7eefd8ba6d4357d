"""What a mover may use: what its account grants to its namespace, of what it declares and of what its task has (I6)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from datamover_crds import DataMoverAccount, location_type_of
from datamover_crds.locations import agents_in, split_uri
from datamover_operator.accounts.plan.grants import agent_granted, location_granted, namespace_granted, role_granted
from datamover_operator.movers.plan.desired import location_of, location_path
from datamover_operator.movers.plan.names import (
    SIDES,
    Side,
    distinct_role_name,
    is_generated_role_name,
    role_name,
    role_name_in,
)
from datamover_operator.movers.plan.observed import Observed, UnmetPrecondition
from datamover_operator.movers.plan.roles import partition_of
from datamover_operator.movers.plan.transfer_files import places

NOT_GRANTED = "NotGranted"


def namespace_is_granted(o: Observed) -> UnmetPrecondition | None:
    """The account grants something to the namespace."""
    account, namespace = _account(o), o.identity.namespace
    if namespace_granted(account, namespace):
        return None
    message = (
        f"spec.accountRef.name: DataMoverAccount '{account.metadata.name}' grants nothing to namespace "
        f"'{namespace}'; add it to spec.grants[].namespaces of the account"
    )
    return UnmetPrecondition(NOT_GRANTED, message)


def locations_are_granted(o: Observed) -> UnmetPrecondition | None:
    """Both declared locations are granted."""
    sides = (side for side in SIDES if side not in o.existing)  # of these AWS has to tell first what they are
    return next((found for side in sides if (found := _location_is_granted(o, side)) is not None), None)


def _location_is_granted(o: Observed, side: Side) -> UnmetPrecondition | None:
    account, location, namespace = _account(o), location_of(o.mover.spec, side), o.identity.namespace
    uri, point = location.uri, location.point()
    field, what, needed = f"spec.{side}", uri, "a pattern that matches it"
    if point is not None:
        field, what = f"{location_path(o.mover.spec, side)}.{location.access_point_field}", point
        needed = f"a pattern that matches it, or the whole file system such as '{split_uri(uri)[0]}/*',"
    if location_granted(account, namespace, uri, point):
        return None
    message = (
        f"{field}: DataMoverAccount '{account.metadata.name}' does not grant '{what}' to namespace '{namespace}'; "
        f"add {needed} to spec.grants[].locations of the account"
    )
    return UnmetPrecondition(NOT_GRANTED, message)


def roles_are_granted(o: Observed) -> UnmetPrecondition | None:
    """The roles that the spec names are granted: those that exist, and those that are to be created."""
    account, spec = _account(o), o.mover.spec
    named = [(location_path(spec, side), field, arn) for side in SIDES for field, arn in _named_roles(o, side)]
    for path, field, arn in named:
        if not role_granted(account, o.identity.namespace, arn):
            message = (
                f"{path}.{field}: DataMoverAccount '{account.metadata.name}' does not grant role '{arn}' to "
                f"namespace '{o.identity.namespace}'; add a pattern that matches it to spec.grants[].roleArns "
                "of the account"
            )
            return UnmetPrecondition(NOT_GRANTED, message)
    return None


def files_are_granted(o: Observed) -> UnmetPrecondition | None:
    """The buckets and the roles of the mover's manifest and report are granted."""
    spec = o.mover.spec
    found = ungranted_place(_account(o), o.identity.namespace, places(spec.manifest_config, spec.task_report_config))
    return UnmetPrecondition(NOT_GRANTED, found) if found is not None else None


def ungranted_place(
    account: DataMoverAccount, namespace: str, found: Iterable[tuple[str, str, str | None]]
) -> str | None:
    """The first bucket, or role, of a manifest or a report that the account does not grant, as a message."""
    for field, uri, role in found:
        if not location_granted(account, namespace, uri, None):
            return (
                f"spec.{field}: DataMoverAccount '{account.metadata.name}' does not grant '{uri}' to namespace "
                f"'{namespace}'; add a pattern that matches it to spec.grants[].locations of the account"
            )
        if role is not None and not role_granted(account, namespace, role):
            return (
                f"spec.{field}.bucketAccessRoleArn: DataMoverAccount '{account.metadata.name}' does not grant role "
                f"'{role}' to namespace '{namespace}'; add a pattern that matches it to spec.grants[].roleArns of the "
                "account"
            )
    return None


def _named_roles(o: Observed, side: Side) -> Iterator[tuple[str, str]]:
    location = location_of(o.mover.spec, side)
    yield from location.roles()
    declared, named = declared_role_arn(o, side), location.role_named
    if declared is not None and named is not None:
        yield f"{location.access_role_field}.{'name' if named.path is None else 'path'}", declared


def declared_role_arn(o: Observed, side: Side) -> str | None:
    """The ARN of the role that is to be created by the name, and in the folder, that the spec gives it."""
    named, spec = location_of(o.mover.spec, side).role_named, _account(o).spec
    if named is None or named.name is None:
        return None
    default = spec.access_roles.path if spec.access_roles is not None else None
    return f"arn:{partition_of(spec.region)}:iam::{spec.account_id}:role{named.path or default or '/'}{named.name}"


def kept_roles_are_granted(o: Observed) -> UnmetPrecondition | None:
    """A location that is adopted keeps its role, unless the spec names another: it is used as one from the spec is."""
    account = _account(o)
    for side, field, arn in ((each, *kept) for each in SIDES for kept in _kept_roles(o, each)):
        if not role_granted(account, o.identity.namespace, arn):
            message = (
                f"{location_path(o.mover.spec, side)}.{field}: the {side} of the task to adopt uses a role that "
                f"DataMoverAccount '{account.metadata.name}' does not grant to namespace '{o.identity.namespace}'; "
                "add a pattern that matches it to spec.grants[].roleArns of the account"
            )
            return UnmetPrecondition(NOT_GRANTED, message)
    return None


def _kept_roles(o: Observed, side: Side) -> Iterator[tuple[str, str]]:
    """The roles that an adopted location came with, but for those that we make."""
    location, known = location_of(o.mover.spec, side), o.locations.get(side)
    if o.mover.spec.adopt is None and not o.adopting:
        return
    yield from location.kept_roles((known.described if known is not None else None) or {})
    role = o.roles.get(side)
    if role is None or location.access_role_field is None or location.role_named is not None:
        return
    if not _is_our_making(o, side, role.name):
        yield location.access_role_field, role.arn


def ungranted_in_aws(o: Observed) -> str | None:
    """What the mover's task uses in AWS though it is not granted (any more), whatever the spec says; None = nothing.

    What it is stays unsaid: the status may name a task that is none of this mover's.
    """
    account = o.account
    if account is None:
        return None
    side = next((side for side in SIDES if not _is_granted_in_aws(o, account, side)), None)
    if side is None:
        return None
    name, namespace = account.metadata.name, o.identity.namespace
    return (
        f"what the task has as its {side} in AWS is not granted to namespace '{namespace}' by DataMoverAccount '{name}'"
    )


def with_what_is_ungranted(o: Observed, message: str) -> str:
    """A message on something else that stands in the way, and why the schedule is disabled besides."""
    found = ungranted_in_aws(o)
    return message if found is None else f"{message}; the schedule is disabled, because {found}"


def _is_granted_in_aws(o: Observed, account: DataMoverAccount, side: Side) -> bool:
    described = o.task_locations.get(side)
    kind = location_type_of(described) if described is not None else None
    if described is None or kind is None:
        return True  # not looked at
    uri, point = str(described.get("locationUri")), kind.point_in(described)
    if not location_granted(account, o.identity.namespace, uri, point):
        return False
    if side in o.existing:
        return True  # how it is reached is for those who look after it
    return all(_is_granted_role(o, account, side, arn) for arn in kind.roles_in(described)) and all(
        agent_granted(account, o.identity.namespace, arn) for arn in agents_in(described)
    )


def _is_granted_role(o: Observed, account: DataMoverAccount, side: Side, arn: str) -> bool:
    name = role_name_in(arn)
    if _is_our_making(o, side, name) or role_granted(account, o.identity.namespace, arn):
        return True
    declared = declared_role_arn(o, side)
    is_suffixed = declared is not None and name == distinct_role_name(role_name_in(declared), o.uid)
    return is_suffixed and role_granted(account, o.identity.namespace, str(declared))


def _is_our_making(o: Observed, side: Side, name: str) -> bool:
    """Whether we have made a role by a name of ours: for this mover, or one whose task it has taken over."""
    ours = {each for of in SIDES for each in (role_name(o.uid, of), distinct_role_name(role_name(o.uid, of), o.uid))}
    return name in ours or (f"{side}Role" in o.owned and is_generated_role_name(name))


def _account(o: Observed) -> DataMoverAccount:
    assert o.account is not None  # noqa: S101 - the preconditions look for it first
    return o.account
