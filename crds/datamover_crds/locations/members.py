"""What is to be known of a location's fields: each fact is a mark on the field itself.

    s3_storage_class: Annotated[StorageClass | None, Updatable("STANDARD")] = None

A field without `Updatable` can't be changed in place: another value takes another location.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import get_args, get_origin

from pydantic import JsonValue

from datamover_crds.arns import ArnKind
from datamover_crds.codec import dump
from datamover_crds.common import JsonObject, Model


@dataclass(frozen=True, slots=True)
class ArnOf:
    """The field is an ARN of this kind, or a list of such ARNs."""

    kind: ArnKind


@dataclass(frozen=True, slots=True)
class Updatable:
    """The type's UpdateLocation operation takes the field.

    `default` is what AWS documents for a field that is not given: one that leaves the spec goes back to it.
    """

    default: JsonValue = None


@dataclass(frozen=True, slots=True)
class OperatorsOwn:
    """The field is none of DataSync's: it tells the operator what to do."""


@dataclass(frozen=True, slots=True)
class NoParent:
    """The field is a path that may not lead upwards."""


@dataclass(frozen=True, slots=True)
class Member:
    """A field of a model: its name on the wire and in Python, the model that it holds, if any, and its marks."""

    name: str
    attribute: str
    model: type[Model] | None
    arn: ArnKind | None
    updatable: Updatable | None
    is_operators: bool
    has_no_parent: bool


@lru_cache(maxsize=256)
def members_of(model: type[Model]) -> tuple[Member, ...]:
    """A model's fields in their order."""
    return tuple(
        Member(
            name=field.alias or attribute,
            attribute=attribute,
            model=_model_in(field.annotation),
            arn=next((mark.kind for mark in field.metadata if isinstance(mark, ArnOf)), None),
            updatable=next((mark for mark in field.metadata if isinstance(mark, Updatable)), None),
            is_operators=any(isinstance(mark, OperatorsOwn) for mark in field.metadata),
            has_no_parent=any(isinstance(mark, NoParent) for mark in field.metadata),
        )
        for attribute, field in model.model_fields.items()
    )


def _model_in(annotation: object) -> type[Model] | None:
    """The model of a field that holds one, or may hold one."""
    if isinstance(annotation, type) and issubclass(annotation, Model):
        return annotation
    is_list = get_origin(annotation) is tuple
    return next((found for each in get_args(annotation) if not is_list and (found := _model_in(each))), None)


def arns_in(model: Model, path: str = "") -> Iterator[tuple[str, ArnKind, str]]:
    """Every ARN that an object holds, with its place in it and its kind."""
    for member in members_of(type(model)):
        value = getattr(model, member.attribute)
        for place, each in _each(value, f"{path}{member.name}"):
            if isinstance(each, Model):
                yield from arns_in(each, f"{place}.")
            elif member.arn is not None:
                yield place, member.arn, str(each)


def places_of(kind: ArnKind, model: type[Model]) -> Iterator[tuple[str, ...]]:
    """Where objects of a model hold single ARNs of a kind."""
    for member in members_of(model):
        if member.arn == kind:
            yield (member.name,)
        elif member.model is not None:
            yield from ((member.name, *place) for place in places_of(kind, member.model))


def dig(value: JsonValue, place: Iterable[str]) -> JsonValue:
    """What stands at a place; None where nothing does."""
    for name in place:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _each(value: object, place: str) -> Iterator[tuple[str, object]]:
    """A value, or the items of a list, with their places; nothing where it is absent."""
    if isinstance(value, tuple):
        yield from ((f"{place}[{index}]", item) for index, item in enumerate(value))
    elif value is not None:
        yield place, value


def first_parent(model: Model) -> tuple[str, str] | None:
    """The first path that leads upwards, with its place."""
    values = ((each.name, getattr(model, each.attribute)) for each in members_of(type(model)) if each.has_no_parent)
    return next(((name, value) for name, value in values if value and ".." in value.split("/")), None)


def leaves(value: Mapping[str, JsonValue], path: str = "") -> Iterator[str]:
    """The places of everything that is no object itself: `a.b`."""
    for name, member in value.items():
        if isinstance(member, dict):
            yield from leaves(member, f"{path}{name}.")
        else:
            yield f"{path}{name}"


def with_defaults(member: Member, declared: JsonValue, removed: Collection[str]) -> JsonValue:
    """What is wanted of a field: what is declared, and the default of what has been `removed` from the spec."""
    default = member.updatable.default if member.updatable is not None else None
    if not isinstance(default, dict):
        return default if declared is None and member.name in removed else declared
    given = declared if isinstance(declared, dict) else {}
    gone = {name: value for name, value in default.items() if f"{member.name}.{name}" in removed and name not in given}
    return {**gone, **given} or declared


def agrees(wanted: JsonValue, actual: JsonValue) -> bool:
    """Whether what AWS shows is what is wanted: an object may have more members, a list may have another order."""
    if isinstance(wanted, dict):
        return isinstance(actual, dict) and all(agrees(value, actual.get(name)) for name, value in wanted.items())
    if isinstance(wanted, list):
        left = list(actual) if isinstance(actual, list) else []
        for item in wanted:
            match = next((index for index, each in enumerate(left) if agrees(item, each)), None)
            if match is None:
                return False
            del left[match]
        return not left and isinstance(actual, list)
    return wanted == actual


def request_of(model: Model) -> JsonObject:
    """An object's members that are DataSync's."""
    operators = {each.name for each in members_of(type(model)) if each.is_operators}
    return {name: value for name, value in dump(model).items() if name not in operators}
