"""What all resources share: the strict base model and the scalar and list types of the API."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Annotated, Any, ClassVar, Final, Literal, Self, cast

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    JsonValue,
    SerializerFunctionWrapHandler,
    WithJsonSchema,
    model_serializer,
    model_validator,
)
from pydantic.alias_generators import to_camel
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from datamover_crds.rules import Rule, Transition, validations
from datamover_crds.words import Words

JsonObject = dict[str, JsonValue]
"""A JSON object, as Kubernetes and DataSync exchange it; member names are camelCase."""

FreeForm = Annotated[JsonObject, WithJsonSchema({"type": "object", "x-kubernetes-preserve-unknown-fields": True})]
"""A JSON object that Kubernetes stores as it is."""

GROUP: Final = "datamover.io"
VERSION: Final = "v1alpha1"
API_VERSION: Final = "datamover.io/v1alpha1"

INT64_MAX = 2**63 - 1
EXACT_FLOAT_MAX = 2**53 - 1
"""Kubernetes takes a float for an integer only up to here, where every integer still has a float of its own."""


class Model(BaseModel):
    """An object of the API: immutable, strict, without unknown fields, and keeping its own `rules`.

    In Python fields are given by name; `codec.parse` takes them from the wire by their camelCase alias alone.
    Like Kubernetes it reads a null as an absent field. Dumping leaves out what is absent, and an empty list unless the
    field tells that from an absent one: its default is None then.
    """

    model_config = ConfigDict(
        frozen=True,
        strict=True,
        defer_build=True,  # most are read as parts of others, whose validators hold all of theirs
        extra="forbid",
        alias_generator=to_camel,
        validate_by_name=True,
        validate_by_alias=True,
        serialize_by_alias=True,
        use_attribute_docstrings=True,
    )

    rules: ClassVar[tuple[Rule, ...]] = ()
    """What must hold between the fields."""
    transitions: ClassVar[tuple[Transition, ...]] = ()
    """What must hold between an object and the one that replaces it: for the API server alone."""

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """Add the rules, as Kubernetes reads them."""
        reference = handler(schema)
        if cls.rules or cls.transitions:
            node = handler.resolve_ref_schema(reference)
            node["x-kubernetes-validations"] = validations(cls.rules, cls.transitions)
        return reference

    @classmethod
    def current_form(cls, members: JsonObject) -> JsonObject:
        """Bring an object as an earlier version wrote it into the form that the model describes."""
        return members

    @model_validator(mode="before")
    @classmethod
    def _null_is_absent(cls, data: object) -> object:
        if not isinstance(data, dict):
            return data
        data = cls.current_form(data)
        if None not in data.values():
            return data
        known = {field.alias for field in cls.model_fields.values()}
        return {key: value for key, value in data.items() if value is not None or key not in known}

    @model_validator(mode="after")
    def _keep_rules(self) -> Self:
        for rule in self.rules:
            if not rule.holds(self):
                kind, context = "rule", {"message": rule.message, "field_path": rule.field_path}
                raise PydanticCustomError(kind, "{message}", context)
        return self

    @model_serializer(mode="wrap")
    def _leave_out_the_absent(self, serialize: SerializerFunctionWrapHandler) -> dict[str, Any]:
        told = _tell_empty_lists(type(self))
        return {
            key: value
            for key, value in serialize(self).items()
            if value is not None and (key in told or value not in ((), []))
        }


class OpenModel(Model):
    """An object of which more fields may become known: those are kept as they are."""

    model_config = ConfigDict(extra="allow", json_schema_extra={"x-kubernetes-preserve-unknown-fields": True})


@lru_cache(maxsize=1024)
def _tell_empty_lists(model: type[Model]) -> frozenset[str]:
    """The fields of a model in which an empty list means another thing than none."""
    return frozenset(field.alias or name for name, field in model.model_fields.items() if field.default is None)


@dataclass(frozen=True, slots=True)
class Items:
    """Makes a tuple type a Kubernetes list: bounded, read from a JSON array, and a map where `key` names a field.

    A list map (`x-kubernetes-list-type: map`) has at most one item for each value of `key`, an attribute of its items.
    """

    at_most: int
    at_least: int = 0
    key: str | None = None

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Accept a JSON array for the tuple, check its length and the uniqueness of the keys."""
        tuple_schema = cast("core_schema.TupleSchema", handler(source))
        tuple_schema |= {"strict": False, "min_length": self.at_least, "max_length": self.at_most}
        return core_schema.no_info_after_validator_function(self._check_keys, tuple_schema)

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """Tell Kubernetes how lists of this type merge under server-side apply."""
        json_schema = handler(schema)
        if self.key is None:
            return json_schema | {"x-kubernetes-list-type": "atomic"}
        return json_schema | {"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": [to_camel(self.key)]}

    def _check_keys(self, items: tuple[object, ...]) -> tuple[object, ...]:
        if self.key is None:
            return items
        seen: set[object] = set()
        for item in items:
            value = getattr(item, self.key)
            if value in seen:
                kind, context = "duplicate", {"key": self.key, "value": value}
                raise PydanticCustomError(kind, "{key} {value} appears twice; it must be unique", context)
            seen.add(value)
        return items


def _whole_float_as_int(value: object) -> object:
    if isinstance(value, float) and value.is_integer() and abs(value) <= EXACT_FLOAT_MAX:
        return int(value)
    return value


_TIMESTAMP = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]{1,9})?(Z|[+-][0-9]{2}:[0-9]{2})"
)


def _check_timestamp(value: str) -> str:
    try:
        if _TIMESTAMP.fullmatch(value):
            datetime.fromisoformat(value)
            return value
    except ValueError:
        pass
    kind = "timestamp"
    raise PydanticCustomError(kind, "must be an RFC 3339 time such as 2025-01-31T12:00:00Z")


Timestamp = Annotated[
    str, AfterValidator(_check_timestamp), WithJsonSchema({"type": "string", "format": "date-time", "maxLength": 64})
]
"""An RFC 3339 time, kept as it was written; see `to_timestamp` and `from_timestamp`."""


def to_timestamp(instant: datetime) -> str:
    """Write an aware datetime as RFC 3339 in UTC with milliseconds."""
    return instant.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def from_timestamp(text: Timestamp) -> datetime:
    """Read a `Timestamp` as an aware datetime."""
    return datetime.fromisoformat(text)


DURATION_PATTERN = "^([0-9]{1,5}d)?([0-9]{1,7}h)?([0-9]{1,7}m)?([0-9]{1,7}s)?$"
Duration = Annotated[
    str,
    Field(min_length=2, max_length=30, pattern=DURATION_PATTERN),
    Words("must be days, hours, minutes and seconds in this order, such as 30d, 1d12h or 90s"),
]
"""A length of time such as `720h` or `1d12h`: days, hours, minutes and seconds in this order, each optional."""


def from_duration(text: Duration) -> timedelta:
    """Read a `Duration`."""
    units = {"d": "days", "h": "hours", "m": "minutes", "s": "seconds"}
    return timedelta(**{units[unit]: int(number) for number, unit in re.findall("([0-9]{1,7})([dhms])", text)})


WHOLE_FLOATS: Final = BeforeValidator(_whole_float_as_int)
"""Annotates an int, after its bounds (pydantic would leave them out of the schema otherwise)."""

Count = Annotated[int, Field(ge=0, le=INT64_MAX), WHOLE_FLOATS]
"""A whole number of things: files, bytes, milliseconds."""
Text = Annotated[str, Field(max_length=4096)]
LABEL_PATTERN: Final = "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"
"""RFC 1123 labels, such as the names of namespaces; they have at most 63 characters."""
SUBDOMAIN_PATTERN: Final = "^[a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*$"
"""RFC 1123 subdomains, such as the names of most Kubernetes objects; they have at most 253 characters."""
_OBJECT_NAME: Final = Words("must be the name of an object, such as team-a: lowercase letters, digits, - and .")
ObjectName = Annotated[str, Field(min_length=1, max_length=253, pattern=SUBDOMAIN_PATTERN), _OBJECT_NAME]
"""The name of another Kubernetes object."""
NAME_MAX: Final = 63
"""A mover's name is a label on its runs."""
MoverName = Annotated[str, Field(min_length=1, max_length=NAME_MAX, pattern=SUBDOMAIN_PATTERN), _OBJECT_NAME]
"""The name of a DataMover."""
Namespace = Annotated[
    str,
    Field(min_length=1, max_length=63, pattern=LABEL_PATTERN),
    Words("must be the name of a namespace, such as team-a: lowercase letters, digits and -"),
]
"""The name of a namespace."""
Arn = Annotated[str, Field(min_length=5, max_length=128, pattern="^arn:")]
"""An ARN; whether it is one of the right resource is for `arns`."""
RoleArn = Annotated[str, Field(min_length=5, max_length=2048, pattern="^arn:")]
Switch = Literal["ENABLED", "DISABLED"]
