"""Where data comes from and goes to: `LOCATIONS` is the registry of the types that there are.

A new type is a file here that subclasses `LocationType`, and its field in `Location`.
"""

from collections.abc import Iterable
from typing import Final

from datamover_crds.common import JsonObject, Model
from datamover_crds.locations.access_role import AccessRole, RolePath
from datamover_crds.locations.base import LocationType, Replace, Use
from datamover_crds.locations.efs import Ec2Config, EfsLocation
from datamover_crds.locations.members import members_of
from datamover_crds.locations.s3 import S3Location
from datamover_crds.locations.uris import Realm, scheme_of, split_uri
from datamover_crds.rules import Rule

__all__ = [
    "LOCATIONS",
    "AccessRole",
    "Ec2Config",
    "EfsLocation",
    "Location",
    "LocationType",
    "Realm",
    "Replace",
    "RolePath",
    "S3Location",
    "Use",
    "location_type_of",
    "scheme_of",
    "split_uri",
]


class Location(Model):
    """A source or a destination: exactly one type of location."""

    s3: S3Location | None = None
    efs: EfsLocation | None = None

    @property
    def given(self) -> tuple[LocationType, ...]:
        """The members that are given: one, as the rules demand."""
        return tuple(value for _, value in self if isinstance(value, LocationType))

    @property
    def declared(self) -> LocationType:
        """The location as one of its type."""
        return self.given[0]


def exactly_one_of(names: Iterable[str]) -> Rule:
    """The rule that exactly one of these members is given."""
    listed = list(names)
    return Rule(
        field_path="",
        cel=" + ".join(f"(has(self.{name}) ? 1 : 0)" for name in listed) + " == 1",
        holds=lambda location: len(location.given) == 1,
        message=f"must set exactly one type of location: {', '.join(listed[:-1])} or {listed[-1]}",
    )


LOCATIONS: Final[dict[str, type[LocationType]]] = {
    member.name: member.model
    for member in members_of(Location)
    if member.model is not None and issubclass(member.model, LocationType)
}
"""Every type of location by its name in a spec."""

Location.rules = (exactly_one_of(LOCATIONS),)


def location_type_of(described: JsonObject) -> type[LocationType] | None:
    """The type of a location that AWS has listed or described: its LocationUri tells it. None = a type not known."""
    scheme = scheme_of(str(described.get("locationUri", "")))
    return next((each for each in LOCATIONS.values() if scheme in each.schemes), None)
