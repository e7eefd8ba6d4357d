"""Describes a type of location, and derives what all types have in common."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property, reduce
from typing import ClassVar, Literal

from pydantic import JsonValue

from datamover_crds.arns import ArnKind, problem_with
from datamover_crds.codec import dump
from datamover_crds.common import JsonObject, Model
from datamover_crds.locations.access_role import AccessRole
from datamover_crds.locations.folders import PLAIN_FOLDERS
from datamover_crds.locations.marks import Secret, members_of
from datamover_crds.locations.modes import Demand
from datamover_crds.locations.reading import (
    Held,
    agrees,
    declarable,
    dig,
    optional_places,
    places_of,
    request_of,
    values_in,
    without,
)
from datamover_crds.locations.secret_keys import SecretKeyRef
from datamover_crds.locations.uris import ANY_REALM, Realm, scheme_of, split_uri

Use = Literal["source", "destination"]
Attributes = Literal["posix", "windows", "object"]


@dataclass(frozen=True, slots=True)
class Replace:
    """A location can't become what is declared; a new one must take its place. `field` says why."""

    field: str


@dataclass(frozen=True, slots=True)
class References:
    """What a declaration refers to, as it is now: the ARN of its access role, and those of the account's agents."""

    role_arn: str | None = None
    agents: Mapping[str, str] = field(default_factory=dict)


class LocationType(Model):
    """A type of location is a subclass of this; a declared location is an instance of that.

    Its fields are those of DataSync's CreateLocation… request in camelCase, with `marks` that say what is to be known
    of each. A type defines the members that come first here; the rest is derived for all types, some of it once for an
    object: no copy is made of it with changes, which would keep what was derived of the first.
    """

    operation: ClassVar[str]
    """How the names of its operations end: `S3` for CreateLocationS3, DescribeLocationS3, UpdateLocationS3."""
    schemes: ClassVar[tuple[str, ...]]
    """What its LocationUris begin with."""
    is_in_aws: ClassVar[bool] = True
    """Whether the storage is AWS's: one end of every transfer has to be."""
    enhanced: ClassVar[Literal["no", "from or to s3", "yes"]] = "no"
    """Whether tasks in Enhanced mode can use it."""
    demands: ClassVar[tuple[Demand, ...]] = ()
    """What the mode of a task asks of it beyond that."""
    attributes: ClassVar[Attributes] = "object"
    """Who owns its files and may use them: POSIX owners and permissions, Windows security descriptors, or neither."""
    access_point_field: ClassVar[str | None] = None
    """The member that names a point through which the store is reached: the folder lies anywhere in the store then."""
    access_role_field: ClassVar[str | None] = None
    """The member that names the role by which DataSync uses the store; not given, the operator makes one."""

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: object) -> None:
        """Every type with a subdirectory has it read in the same way."""
        super().__pydantic_init_subclass__(**kwargs)
        if "subdirectory" in cls.model_fields and PLAIN_FOLDERS not in cls.rules:
            cls.rules = (*cls.rules, PLAIN_FOLDERS)

    @property
    def uri(self) -> str:
        """The LocationUri that DataSync derives from the declaration: it names the store and the folder in it."""
        raise NotImplementedError

    @classmethod
    def located_at(cls, uri: str, realm: Realm) -> JsonObject:
        """The members of a declaration that a description shows in its LocationUri alone."""
        raise NotImplementedError

    @classmethod
    def attributes_at(cls, uri: str) -> Attributes:  # noqa: ARG003 - for types that are reached by several protocols
        """The attributes of the files that a LocationUri leads to."""
        return cls.attributes

    def needed(self) -> tuple[str, str] | None:
        """What only a new location needs and the declaration lacks: a field, and what to do.

        AWS shows no secrets, so an adopted location can be declared without them.
        """
        return None

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
        arns = (cls.role_in(described), *(dig(described, place) for place in places_of(cls, arn="role")))
        return (str(arn) for arn in arns if arn)

    def rights(self, use: Use) -> list[JsonValue]:  # noqa: ARG002 - as above
        """The statements of a policy that lets DataSync use the store."""
        return []

    # What follows from it.

    @classmethod
    def type_name(cls) -> str:
        """The type's name in a spec: `s3`."""
        return cls.operation[:1].lower() + cls.operation[1:]

    @cached_property
    def role_named(self) -> AccessRole | None:
        """The access role that the declaration names."""
        held = (getattr(self, name) for name in type(self).model_fields)
        return next((value for value in held if isinstance(value, AccessRole)), None)

    @cached_property
    def _held(self) -> tuple[Held, ...]:
        return tuple(values_in(self))

    def _arns(self) -> Iterator[tuple[str, ArnKind, str]]:
        """Every ARN that the declaration holds, with its field and its kind."""
        for place, member, value in self._held:
            if member.arn is not None:
                yield place, member.arn, str(value)

    def mistake(self, path: str) -> str | None:
        """What AWS would refuse though the schema does not, as a message that names the field; None = nothing."""
        return next(
            (found for place, kind, arn in self._arns() if (found := problem_with(kind, f"{path}.{place}", arn))), None
        )

    def roles(self) -> Iterator[tuple[str, str]]:
        """The existing roles that the declaration names, with their fields."""
        return ((place, arn) for place, kind, arn in self._arns() if kind == "role")

    def kept_roles(self, described: JsonObject) -> Iterator[tuple[str, str]]:
        """The roles of a described location that would stay, as the declaration names none, with their fields."""
        declared = dump(self)
        for place in places_of(type(self), arn="role"):
            arn = dig(described, place)
            if arn and not dig(declared, place):
                yield ".".join(place), str(arn)

    def agents_by_arn(self) -> Iterator[tuple[str, str]]:
        """The ARNs of agents that the declaration names, with their fields."""
        return ((place, arn) for place, kind, arn in self._arns() if kind == "agent")

    def agents_by_name(self) -> Iterator[tuple[str, str]]:
        """The names of the account's agents that the declaration names, with their fields."""
        return ((place, str(value)) for place, member, value in self._held if member.agent_names is not None)

    def secrets(self) -> Iterator[tuple[str, Secret, SecretKeyRef]]:
        """The keys of Secrets that the declaration names, with their fields."""
        for place, member, value in self._held:
            if member.secret is not None and isinstance(value, SecretKeyRef):
                yield place, member.secret, value

    @classmethod
    def without_secrets(cls, described: JsonObject) -> JsonObject:
        """A description without what AWS shows of secrets."""
        return reduce(without, places_of(cls, secret=True), described)

    def point(self) -> str | None:
        """The access point that the declaration names."""
        return self.point_in(dump(self))

    @classmethod
    def point_in(cls, described: JsonObject) -> str | None:
        """The access point of a described location."""
        point = described.get(cls.access_point_field) if cls.access_point_field is not None else None
        return str(point) if point else None

    def create_request(self, references: References) -> JsonObject:
        """CreateLocation…'s request, tags and secrets apart."""
        return request_of(self, references.agents) | self._role(references)

    def is_at(self, described: JsonObject) -> bool:
        """Whether a described location is the store and the folder that are declared."""
        return split_uri(self.uri) == split_uri(str(described.get("locationUri", "")))

    def change(
        self, described: JsonObject, removed: Collection[str], references: References
    ) -> JsonObject | Replace | None:
        """Compare with a described location; `removed` holds the fields that have left the spec.

        Compares only what is declared, no secrets. Returns UpdateLocation…'s changes, Replace, or None: all is equal.
        """
        uri = str(described.get("locationUri", ""))
        if scheme_of(uri) != scheme_of(self.uri):
            return Replace(self.type_name())
        wanted = request_of(self, references.agents, removed) | self.located_at(self.uri, ANY_REALM)
        shown = described | self.located_at(uri, ANY_REALM)
        changes: JsonObject = {}
        for member in members_of(type(self)):
            if member.name not in wanted:
                continue
            value, actual = wanted[member.name], shown.get(member.name)
            if member.updatable is None:
                is_shown = actual is not None or member.arn == "agent"  # of which AWS shows an empty list as nothing
                if is_shown and not agrees(value, actual):
                    return Replace(f"{self.type_name()}.{member.name}")
            elif not agrees(value, actual if actual is not None else member.updatable.default):
                changes[member.name] = value
        role = {name: value for name, value in self._role(references).items() if shown.get(name) != value}
        return (changes | role) or None

    def changed(self, described: JsonObject, changes: JsonObject) -> JsonObject:
        """How a described location reads after these changes."""
        told = self.located_at(self.uri, ANY_REALM)
        kept = {name: value for name, value in changes.items() if name not in told}
        return described | kept | {"locationUri": self.uri}

    def inherited(self, described: JsonObject, removed: Collection[str]) -> JsonObject:
        """What a described location that this one takes the place of has, and the declaration does not set.

        Plain values only: ARNs and folders belong to the other store. `removed` holds what has left the spec.
        """
        if scheme_of(str(described.get("locationUri", ""))) != scheme_of(self.uri):
            return {}
        given = {**dump(self), **self.located_at(self.uri, ANY_REALM)}
        free = (each for each in members_of(type(self)) if each.updatable is not None and each.arn is None)
        names = [each.name for each in free if each.name not in given and each.name not in removed]
        return {name: value for name in names if isinstance(value := described.get(name), str | int) and value != ""}

    def around_secrets(self, references: References) -> JsonObject:
        """What an update of secrets has to say besides: the objects that they stand in."""
        holders = {place[0] for place in places_of(type(self), secret=True) if len(place) > 1}
        return {name: value for name, value in self.create_request(references).items() if name in holders}

    def optional_fields(self) -> Iterator[str]:
        """The declared fields that can be taken away again: status remembers them, to know when one leaves the spec."""
        return optional_places(self)

    @classmethod
    def declaration(cls, described: JsonObject, realm: Realm) -> JsonObject:
        """The declaration of a described location as it is; its access role apart, which it keeps, and secrets."""
        told = cls.located_at(str(described.get("locationUri", "")), realm)
        return {**declarable(cls, described), **told}

    def _role(self, references: References) -> JsonObject:
        return self.role_member(references.role_arn) if references.role_arn is not None else {}
