"""What of a mover's declaration differs from what is known, before it becomes steps."""

from __future__ import annotations

from datamover_crds import JsonObject, Replace
from datamover_operator.movers.plan.desired import declared_fields, location_of
from datamover_operator.movers.plan.names import Side
from datamover_operator.movers.plan.observed import Observed


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


def location_difference(o: Observed, side: Side) -> JsonObject | Replace | None:
    """How a location differs from what is declared, as its type compares it; None = it does not, or was not read."""
    known = o.locations.get(side)
    if known is None or known.described is None:
        return None
    removed = {name.removeprefix(f"{side}.") for name in removed_fields(o) if name.startswith(f"{side}.")}
    return location_of(o.mover.spec, side).change(known.described, removed, role_arn_for(o, side))
