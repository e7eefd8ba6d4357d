"""Where data comes from and goes to: `LOCATIONS` is the registry of the types that there are.

A new type is a file here that subclasses `LocationType`, and its field in `Location`.
"""

from collections.abc import Iterable
from functools import cached_property
from typing import Annotated, Final

from datamover_crds.common import Arn, JsonObject, Model
from datamover_crds.locations.access_role import AccessRole, RolePath
from datamover_crds.locations.azure_blob import AzureBlobLocation
from datamover_crds.locations.base import Attributes, LocationType, References, Replace, Use
from datamover_crds.locations.efs import Ec2Config, EfsLocation
from datamover_crds.locations.existing import FIELD, ExistingLocation
from datamover_crds.locations.fsx_lustre import FsxLustreLocation
from datamover_crds.locations.fsx_ontap import FsxOntapLocation
from datamover_crds.locations.fsx_open_zfs import FsxOpenZfsLocation
from datamover_crds.locations.fsx_windows import FsxWindowsLocation
from datamover_crds.locations.hdfs import HdfsLocation
from datamover_crds.locations.marks import ArnOf, Secret, members_of
from datamover_crds.locations.nfs import NfsLocation
from datamover_crds.locations.object_storage import ObjectStorageLocation
from datamover_crds.locations.pairs import attributes_kept
from datamover_crds.locations.reading import dig, places_of
from datamover_crds.locations.s3 import S3Location
from datamover_crds.locations.smb import SmbLocation
from datamover_crds.locations.uris import Realm, scheme_of, split_uri
from datamover_crds.rules import Rule

__all__ = [
    "LOCATIONS",
    "AccessRole",
    "Attributes",
    "Ec2Config",
    "EfsLocation",
    "ExistingLocation",
    "Location",
    "LocationType",
    "Realm",
    "References",
    "Replace",
    "RolePath",
    "S3Location",
    "Secret",
    "Use",
    "agents_in",
    "attributes_at",
    "attributes_kept",
    "location_type_of",
    "scheme_of",
    "split_uri",
]


class Location(Model):
    """A source or a destination: exactly one type of location, or the ARN of one that exists."""

    s3: S3Location | None = None
    efs: EfsLocation | None = None
    fsx_lustre: FsxLustreLocation | None = None
    fsx_ontap: FsxOntapLocation | None = None
    fsx_open_zfs: FsxOpenZfsLocation | None = None
    fsx_windows: FsxWindowsLocation | None = None
    nfs: NfsLocation | None = None
    smb: SmbLocation | None = None
    hdfs: HdfsLocation | None = None
    object_storage: ObjectStorageLocation | None = None
    azure_blob: AzureBlobLocation | None = None
    existing_location_arn: Annotated[Arn | None, ArnOf("location")] = None
    """The ARN of a location that somebody else looks after, in the account's Region.

    It is used as it is: never changed, tagged or deleted. Its LocationUri has to be granted to the mover's namespace.
    """

    @property
    def given(self) -> tuple[LocationType, ...]:
        """The members that are given: one, as the rules demand."""
        arn = self.existing_location_arn
        existing = (ExistingLocation(location_arn=arn),) if arn is not None else ()
        members = (getattr(self, name) for name in type(self).model_fields)
        return (*(each for each in members if isinstance(each, LocationType)), *existing)

    @cached_property
    def declared(self) -> LocationType:
        """The location as one of its type."""
        return self.given[0]


def exactly_one_of(names: Iterable[str]) -> Rule:
    """The rule that exactly one of these members is given."""
    listed = [*names, FIELD]
    return Rule(
        field_path="",
        cel=" + ".join(f"(has(self.{name}) ? 1 : 0)" for name in listed) + " == 1",
        holds=lambda location: len(location.given) == 1,
        message=f"must set exactly one type of location: {', '.join(listed[:-1])}, or {listed[-1]}",
    )


LOCATIONS: Final[dict[str, type[LocationType]]] = {
    member.name: member.model
    for member in members_of(Location)
    if member.model is not None and issubclass(member.model, LocationType)
}
"""Every type of location by its name in a spec."""

Location.rules = (exactly_one_of(LOCATIONS),)


def agents_in(described: JsonObject) -> tuple[str, ...]:
    """The ARNs of the agents of a described location."""
    location_type = location_type_of(described)
    places = places_of(location_type, arn="agent") if location_type is not None else ()
    lists = (found for place in places if isinstance(found := dig(described, place), list))
    return tuple(str(arn) for arns in lists for arn in arns)


def attributes_at(uri: str) -> Attributes:
    """The attributes of the files that any LocationUri leads to; of a type not known: none."""
    location_type = location_type_of({"locationUri": uri})
    return location_type.attributes_at(uri) if location_type is not None else "object"


def location_type_of(described: JsonObject) -> type[LocationType] | None:
    """The type of a location that AWS has listed or described: its LocationUri tells it. None = a type not known."""
    scheme = scheme_of(str(described.get("locationUri", "")))
    return next((each for each in LOCATIONS.values() if scheme in each.schemes), None)
