"""Locations that somebody else looks after (`existingLocationArn`): used, and never changed, tagged or deleted."""

from __future__ import annotations

from datamover_crds import Retired, location_type_of
from datamover_crds.locations import split_uri
from datamover_crds.locations.overlap import OVERLAP, are_nested
from datamover_operator.accounts.plan.grants import location_granted
from datamover_operator.movers.plan.copies import changed
from datamover_operator.movers.plan.desired import location_of, location_path
from datamover_operator.movers.plan.garbage import with_retired
from datamover_operator.movers.plan.grant_checks import NOT_GRANTED
from datamover_operator.movers.plan.known import Resource
from datamover_operator.movers.plan.names import SIDES, Side
from datamover_operator.movers.plan.observed import Observed, UnmetPrecondition
from datamover_operator.movers.plan.places import is_here, place_of


def with_existing_locations(o: Observed) -> Observed:
    """Know the existing locations that the spec names, and no longer those that it has named before."""
    for side in SIDES:
        if side in o.existing:
            o = _with(o, side, location_of(o.mover.spec, side).uri)
        elif side in o.left_behind:
            o = changed(o, locations={each: known for each, known in o.locations.items() if each != side})
    return o


def _with(o: Observed, side: Side, arn: str) -> Observed:
    """One that was the mover's own until now is to be deleted, unless the spec names that very one."""
    known = o.locations.get(side)
    given_up = [Retired(arn=known.arn, kind="location")] if known is not None and side in o.owned else []
    return changed(
        o,
        locations={**o.locations, side: known if known is not None and known.arn == arn else Resource(arn)},
        owned=o.owned - {side},
        retired=tuple(item for item in with_retired(o.retired, given_up) if item.arn != arn),
    )


def existing_locations_are_here(o: Observed) -> UnmetPrecondition | None:
    """They are of the account and the Region that the mover's account is for."""
    for side in o.existing:
        arn = location_of(o.mover.spec, side).uri
        if not is_here(o, arn):
            message = (
                f"{location_path(o.mover.spec, side)}: '{arn}': must be a location in {place_of(o)}: one that is "
                "elsewhere can't be read, so no grant can be checked against it"
            )
            return UnmetPrecondition("InvalidSpec", message)
    return None


def existing_locations_are_there(o: Observed) -> UnmetPrecondition | None:
    """AWS has them."""
    if not o.settled or o.adopting or o.failures:
        return None
    for side in o.existing:
        if side not in o.locations:
            message = (
                f"{location_path(o.mover.spec, side)}: '{location_of(o.mover.spec, side).uri}' does not exist, or is "
                "of a type that is not supported; name another one, or declare the location itself"
            )
            return UnmetPrecondition("LocationNotFound", message)
    return None


def existing_locations_are_granted(o: Observed) -> UnmetPrecondition | None:
    """The account grants what they are locations of, as they were last seen."""
    assert o.account is not None  # noqa: S101 - checked before
    for side in o.existing:
        described = o.last_described(side)
        kind = location_type_of(described or {})
        if described is None or kind is None:
            continue
        uri, namespace = str(described.get("locationUri")), o.identity.namespace
        if not location_granted(o.account, namespace, uri, kind.point_in(described)):
            message = (
                f"{location_path(o.mover.spec, side)}: DataMoverAccount '{o.account.metadata.name}' does not grant the "
                f"storage of location '{location_of(o.mover.spec, side).uri}' to namespace '{namespace}'; add a "
                "pattern that matches its LocationUri to spec.grants[].locations of the account"
            )
            return UnmetPrecondition(NOT_GRANTED, message)
    return None


def locations_are_apart(o: Observed) -> UnmetPrecondition | None:
    """What the schema can not see: an existing location, or another form of an ARN, leads to the same place."""
    ends = [_place(o, side) for side in SIDES]
    (source, source_point), (destination, destination_point) = ends
    if o.mover.spec.allow_overlap or source is None or destination is None or source_point != destination_point:
        return None
    (store, folder), (other_store, other_folder) = split_uri(source), split_uri(destination)
    if store != other_store or not are_nested(folder, other_folder):
        return None
    path = location_path(o.mover.spec, "destination")
    return UnmetPrecondition("LocationsOverlap", f"{path}: '{destination}' with source '{source}': {OVERLAP}")


def _place(o: Observed, side: Side) -> tuple[str | None, str | None]:
    """The LocationUri of one side, None where it is not known yet, and the access point that it is reached by."""
    if side not in o.existing:
        declared = location_of(o.mover.spec, side)
        return declared.uri, declared.point()
    described = o.last_described(side) or {}
    kind = location_type_of(described)
    return (str(described["locationUri"]), kind.point_in(described)) if kind is not None else (None, None)
