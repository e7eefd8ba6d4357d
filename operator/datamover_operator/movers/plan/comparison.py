"""What of a mover's declaration differs from what is known, before it becomes steps."""

from __future__ import annotations

from datamover_crds import JsonObject, References, Replace
from datamover_crds.locations import Attributes, attributes_at, attributes_kept
from datamover_operator.movers.plan.desired import declared_fields, location_of
from datamover_operator.movers.plan.names import SIDES, Side
from datamover_operator.movers.plan.observed import Observed


def removed_fields(o: Observed) -> frozenset[str]:
    """The optional fields that AWS has been told of and the spec no longer has."""
    told = frozenset(o.mover.status.bookkeeping.declared)
    return told - declared_fields(o.mover.spec) if told else told


def role_arn_for(o: Observed, side: Side) -> str | None:
    """The role that the location shall be given: the user's own, or the one that we have made."""
    location = location_of(o.mover.spec, side)
    if location.access_role_field is None:
        return None
    if location.role_named is not None and location.role_named.arn is not None:
        return location.role_named.arn
    role = o.roles.get(side)
    return role.arn if role is not None else None


def attributes_kept_by(o: Observed) -> Attributes:
    """What transfers keep of the attributes of files, unless the options say else."""
    return attributes_kept([attributes_at(_uri_of(o, side)) for side in SIDES])


def _uri_of(o: Observed, side: Side) -> str:
    """The LocationUri that is declared; of an existing location the one that AWS shows."""
    if side not in o.existing:
        return location_of(o.mover.spec, side).uri
    described = o.locations[side].described if side in o.locations else None
    return str((described or {}).get("locationUri", ""))


def files_roles(o: Observed) -> dict[Side, str]:
    """The roles of the locations that are in buckets."""
    arns = {side: role_arn_for(o, side) for side in SIDES}
    return {side: arn for side, arn in arns.items() if arn is not None}


def references_of(o: Observed, side: Side) -> References:
    """What the declaration of a location refers to."""
    agents = o.account.spec.agents if o.account is not None else ()
    return References(role_arn_for(o, side), {agent.name: agent.arn for agent in agents})


def location_difference(o: Observed, side: Side) -> JsonObject | Replace | None:
    """How a location differs from what is declared, as its type compares it; None = it does not, or was not read.

    A secret that is another than the one AWS was given counts as a difference: AWS shows none.
    """
    known = o.locations.get(side)
    if known is None or known.described is None:
        return None
    removed = {name.removeprefix(f"{side}.") for name in removed_fields(o) if name.startswith(f"{side}.")}
    location, references = location_of(o.mover.spec, side), references_of(o, side)
    change = location.change(known.described, removed, references)
    if isinstance(change, Replace) or (change is None and not o.has_new_secrets(side)):
        return change
    return location.around_secrets(references) | (change or {}) if side in o.secrets else change


def is_to_be_made(o: Observed, side: Side) -> bool:
    """Whether a location is not there, or another has to take its place: one that is others' is never changed."""
    known, change = o.locations.get(side), location_difference(o, side)
    return known is None or isinstance(change, Replace) or (change is not None and known.arn in o.others)
