"""What there is to know of a type of location, and what follows from that for every type alike."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

from pydantic import Field, JsonValue

from datamover_crds.arns import problem_with
from datamover_crds.codec import dump
from datamover_crds.common import JsonObject, Model
from datamover_crds.locations.access_role import AccessRole
from datamover_crds.locations.members import (
    agrees,
    arns_in,
    dig,
    first_parent,
    leaves,
    members_of,
    places_of,
    request_of,
    with_defaults,
)
from datamover_crds.locations.uris import ANY_REALM, Realm, scheme_of

Use = Literal["source", "destination"]
Subdirectory = Annotated[str, Field(max_length=4096, pattern="^[a-zA-Z0-9_+./() \\p{Zs}-]*$")]


@dataclass(frozen=True, slots=True)
class Replace:
    """A location can't become what is declared; a new one must take its place. `field` says why."""

    field: str


class LocationType(Model):
    """A type of location is a subclass of this; a declared location is an instance of that.

    Its fields are those of DataSync's CreateLocation… request in camelCase, with marks (`members`) that say what is to
    be known of each. Besides, a type says what stands here first; the rest follows for every type alike.
    """

    operation: ClassVar[str]
    """How the names of its operations end: `S3` for CreateLocationS3, DescribeLocationS3, UpdateLocationS3."""
    schemes: ClassVar[tuple[str, ...]]
    """What its LocationUris begin with."""
    posix: ClassVar[bool] = False
    """Whether its files have POSIX owners and permissions: a task's defaults depend on it."""
    access_point_field: ClassVar[str | None] = None
    """The member that names a point through which the store is reached: the folder lies anywhere in the store then."""
    access_role_field: ClassVar[str | None] = None
    """The member that names the role by which DataSync uses the store; not given, the operator makes one."""

    @property
    def uri(self) -> str:
        """The LocationUri that DataSync derives from the declaration: it names the store and the folder in it."""
        raise NotImplementedError

    @classmethod
    def located_at(cls, uri: str, realm: Realm) -> JsonObject:
        """The members of a declaration that a description shows in its LocationUri alone."""
        raise NotImplementedError

    @property
    def is_posix(self) -> bool:
        """Whether the files of this location have POSIX owners and permissions."""
        return self.posix

    @classmethod
    def role_member(cls, role_arn: str) -> JsonObject:  # noqa: ARG003 - for types with an access role
        """The member by which requests and descriptions name the access role."""
        return {}

    @classmethod
    def role_in(cls, described: JsonObject) -> str | None:  # noqa: ARG003 - as above
        """The ARN of a described location's access role."""
        return None

    @classmethod
    def roles_in(cls, described: JsonObject) -> Iterator[str]:
        """The ARNs of all roles that a described location uses."""
        arns = (cls.role_in(described), *(dig(described, place) for place in places_of("role", cls)))
        return (str(arn) for arn in arns if arn)

    def rights(self, use: Use) -> list[JsonValue]:  # noqa: ARG002 - as above
        """The statements of a policy that lets DataSync use the store."""
        return []

    # What follows from it.

    @classmethod
    def type_name(cls) -> str:
        """The type's name in a spec: `s3`."""
        return cls.operation[:1].lower() + cls.operation[1:]

    @property
    def role_named(self) -> AccessRole | None:
        """The access role that the declaration names."""
        return next((value for _, value in self if isinstance(value, AccessRole)), None)

    def mistake(self, path: str) -> str | None:
        """What AWS would refuse though the schema does not, as a message that names the field; None = nothing."""
        upwards = first_parent(self)
        if upwards is not None:
            return f"{path}.{upwards[0]}: '{upwards[1]}': must not contain '..'"
        arns = arns_in(self)
        return next((found for place, kind, arn in arns if (found := problem_with(kind, f"{path}.{place}", arn))), None)

    def roles(self) -> Iterator[tuple[str, str]]:
        """The existing roles that the declaration names, with their fields."""
        return ((place, arn) for place, kind, arn in arns_in(self) if kind == "role")

    def kept_roles(self, described: JsonObject) -> Iterator[tuple[str, str]]:
        """The roles of a described location that would stay, as the declaration names none, with their fields."""
        declared = dump(self)
        for place in places_of("role", type(self)):
            arn = dig(described, place)
            if arn and not dig(declared, place):
                yield ".".join(place), str(arn)

    def point(self) -> str | None:
        """The access point that the declaration names."""
        return self.point_in(dump(self))

    @classmethod
    def point_in(cls, described: JsonObject) -> str | None:
        """The access point of a described location."""
        point = described.get(cls.access_point_field) if cls.access_point_field is not None else None
        return str(point) if point else None

    def create_request(self, role_arn: str | None) -> JsonObject:
        """CreateLocation…'s request, tags apart."""
        return request_of(self) | (self.role_member(role_arn) if role_arn is not None else {})

    def change(
        self, described: JsonObject, removed: Collection[str], role_arn: str | None
    ) -> JsonObject | Replace | None:
        """Compare with a described location; `removed` holds the fields that have left the spec.

        Only what is declared is compared. Returns UpdateLocation…'s changes, Replace, or None where nothing differs.
        """
        uri = str(described.get("locationUri", ""))
        if scheme_of(uri) not in self.schemes:
            return Replace(self.type_name())
        declared = request_of(self) | self.located_at(self.uri, ANY_REALM)
        shown = described | self.located_at(uri, ANY_REALM)
        changes: JsonObject = {}
        for member in members_of(type(self)):
            wanted = with_defaults(member, declared.get(member.name), removed)
            actual = shown.get(member.name)
            if member.updatable is None:
                if wanted is not None and actual is not None and not agrees(wanted, actual):
                    return Replace(f"{self.type_name()}.{member.name}")
            elif wanted is not None and not agrees(wanted, actual or member.updatable.default):
                changes[member.name] = wanted
        role = self.role_member(role_arn) if role_arn is not None else {}
        return (changes | {name: value for name, value in role.items() if shown.get(name) != value}) or None

    def changed(self, described: JsonObject, changes: JsonObject) -> JsonObject:
        """How a described location reads after these changes."""
        told = self.located_at(self.uri, ANY_REALM)
        return (
            described | {name: value for name, value in changes.items() if name not in told} | {"locationUri": self.uri}
        )

    def optional_fields(self) -> Iterator[str]:
        """The declared fields that can be taken away again: status remembers them, to know when one leaves the spec."""
        told = self.located_at(self.uri, ANY_REALM)
        declared = request_of(self)
        for member in members_of(type(self)):
            if member.updatable is not None and member.updatable.default is not None and member.name not in told:
                yield from leaves({member.name: declared[member.name]} if member.name in declared else {})

    @classmethod
    def declaration(cls, described: JsonObject, realm: Realm) -> JsonObject:
        """The declaration of a described location as it is; its access role apart, which it keeps."""
        told = cls.located_at(str(described.get("locationUri", "")), realm)
        names = (member.name for member in members_of(cls))
        return told | {name: described[name] for name in names if name not in told and described.get(name)}
