"""What is still to be removed from AWS, and what of it nothing uses any more."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from datamover_crds import JsonObject, Retired
from datamover_operator.planning.names import SIDES
from datamover_operator.planning.observed import Observed
from datamover_operator.planning.resources import role_arn_for


def without_unwanted_roles(o: Observed) -> Observed:
    """Roles of ours that their locations, as declared now, are not given: no longer named, but to be removed.

    The other way round, what is named again is no longer to be removed.
    """
    sides = {side for side, role in o.roles.items() if f"{side}Role" in o.owned and role_arn_for(o, side) != role.arn}
    unwanted = (Retired(arn=o.roles[side].arn, kind="role") for side in SIDES if side in sides)
    owned = o.owned - {f"{side}Role" for side in sides}
    named = {role.arn for side, role in o.roles.items() if f"{side}Role" in owned}
    retired = with_retired(o.retired, unwanted)
    return replace(
        o,
        roles={side: role for side, role in o.roles.items() if side not in sides},
        owned=owned,
        retired=tuple(item for item in retired if item.arn not in named),
    )


def removable(o: Observed) -> tuple[Retired, ...]:
    """What was replaced and nothing uses any more: neither this mover nor, of the roles, another one."""
    used = {role_arn_for(o, side) for side in SIDES} | o.shared_roles
    for resource in (o.task, *o.locations.values()):
        if resource is not None:
            used |= {resource.arn, *_arns_in(resource.described or {})}
    return tuple(item for item in o.retired if item.arn not in used)


def with_retired(retired: Sequence[Retired], more: Iterable[Retired]) -> tuple[Retired, ...]:
    """Add to what is to be removed, each thing once."""
    return tuple({item.arn: item for item in (*retired, *more)}.values())


def _arns_in(described: JsonObject) -> Iterator[str]:
    """What a described task or location uses."""
    config = described.get("s3Config")
    arns = [described.get(f"{side}LocationArn") for side in SIDES]
    arns.append(config.get("bucketAccessRoleArn") if isinstance(config, dict) else None)
    yield from (arn for arn in arns if isinstance(arn, str))
