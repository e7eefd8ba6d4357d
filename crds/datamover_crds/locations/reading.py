"""What the marks of a model say of its objects: ARNs, secrets, what a request holds, what can be taken away again.

A place leads to a field by wire names: `protocol.smb.user`, `agentArns[1]`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import lru_cache

from pydantic import JsonValue

from datamover_crds.arns import ArnKind
from datamover_crds.codec import dump
from datamover_crds.common import JsonObject, Model
from datamover_crds.locations.marks import Member, members_of

Held = tuple[str, Member, object]
"""A place, what is declared there, and the value."""


def values_in(model: Model, path: str = "") -> Iterator[Held]:
    """Every value that an object holds: not the objects within it, but what they hold; lists item by item."""
    for member in members_of(type(model)):
        value, place = getattr(model, member.attribute), f"{path}{member.name}"
        items = [(place, value)]
        if isinstance(value, tuple):
            items = [(f"{place}[{index}]", item) for index, item in enumerate(value)]
        for at, item in items:
            if isinstance(item, Model) and member.secret is None:
                yield from values_in(item, f"{at}.")
            elif item is not None:
                yield at, member, item


@lru_cache(maxsize=256)
def places_of(model: type[Model], *, arn: ArnKind | None = None, secret: bool = False) -> tuple[tuple[str, ...], ...]:
    """Where objects of a model hold ARNs of a kind, or secrets."""
    found: list[tuple[str, ...]] = []
    for member in members_of(model):
        if (arn is not None and member.arn == arn) or (secret and member.secret is not None):
            found.append((member.name,))
        elif member.model is not None:
            found += ((member.name, *place) for place in places_of(member.model, arn=arn, secret=secret))
    return tuple(found)


def dig(value: JsonValue, place: Iterable[str]) -> JsonValue:
    """The value at a place; None where there is none."""
    for name in place:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def without(described: JsonObject, place: tuple[str, ...]) -> JsonObject:
    """An object without the value at a place."""
    first, *rest = place
    inner = described.get(first)
    if not rest:
        return {name: value for name, value in described.items() if name != first}
    return described | {first: without(inner, tuple(rest))} if isinstance(inner, dict) else described


def request_of(model: Model, agents: Mapping[str, str], removed: Collection[str] = (), path: str = "") -> JsonObject:
    """What a request says of an object: its fields, the ARNs of agents that it names, defaults of what was `removed`.

    Secrets are left out: their values are known only when it is sent.
    """
    declared = dump(model)
    request: JsonObject = {}
    for member in members_of(type(model)):
        value, place = getattr(model, member.attribute), f"{path}{member.name}"
        if member.agent_names is not None and value:
            known = [agents[name] for name in value if name in agents]
            request[member.agent_names.arns] = [*(_list(request.get(member.agent_names.arns))), *known]
        elif not member.is_sent:
            continue
        elif isinstance(value, Model):
            request[member.name] = request_of(value, agents, removed, f"{place}.")
        elif member.name in declared:
            request[member.name] = declared[member.name]
        elif (default := _default(member, removed, place)) is not None:
            request[member.name] = default
    return request


def _default(member: Member, removed: Collection[str], place: str) -> JsonValue:
    """What a field that has left the spec goes back to; None where it did not, or where there is no way back."""
    if member.updatable is None:
        return None
    if member.model is None:
        return member.updatable.default if place in removed else None
    inner = ((each.name, _default(each, removed, f"{place}.{each.name}")) for each in members_of(member.model))
    return {name: default for name, default in inner if default is not None} or None


def declarable(model: type[Model], described: JsonObject) -> JsonObject:
    """What of a description can be declared."""
    found: JsonObject = {}
    for member in members_of(model):
        value = described.get(member.name)
        if value and member.is_sent:
            found[member.name] = (
                declarable(member.model, value) if member.model is not None and isinstance(value, dict) else value
            )
    return found


def optional_places(model: Model, path: str = "") -> Iterator[str]:
    """The declared fields that have a default to go back to when they leave the spec."""
    for member in members_of(type(model)):
        value, place = getattr(model, member.attribute), f"{path}{member.name}"
        if isinstance(value, Model) and member.is_sent:
            yield from optional_places(value, f"{place}.")
        elif value not in {None, ()} and member.updatable is not None and member.updatable.default is not None:
            yield place


def agrees(wanted: JsonValue, actual: JsonValue) -> bool:
    """Whether what AWS shows is what is wanted: an object may have more members, a list may have another order."""
    if isinstance(wanted, dict):
        shown = actual if isinstance(actual, dict) else {}
        return all(agrees(value, shown.get(name)) for name, value in wanted.items())
    if isinstance(wanted, list):
        left = _list(actual)
        for item in wanted:
            match = next((index for index, each in enumerate(left) if agrees(item, each)), None)
            if match is None:
                return False
            del left[match]
        return not left
    return wanted == actual or (wanted == "" and actual is None)


def _list(value: JsonValue) -> list[JsonValue]:
    return list(value) if isinstance(value, list) else []
