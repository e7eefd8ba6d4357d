"""Checks a JSON request against botocore's service model, the way that AWS's own servers do.

Types first (SerializationException on the first mismatch), then every constraint that the model
states (one ValidationException that lists them all). Pure.
"""

from __future__ import annotations

import base64
import re
import sys
import unicodedata
from collections.abc import Iterator
from functools import cache

from botocore.model import ListShape, MapShape, Shape, StructureShape

from datasync_emulator.errors import serialization_error, validation_error
from datasync_emulator.secret_members import is_secret

_JSON_TYPES: dict[str, tuple[type, ...]] = {
    "structure": (dict,),
    "map": (dict,),
    "list": (list,),
    "string": (str,),
    "blob": (bytes, str),
    "integer": (int,),
    "long": (int,),
    "float": (int, float),
    "double": (int, float),
    "timestamp": (int, float, str),
    "boolean": (bool,),
}
_TYPE_NAMES: dict[type, str] = {
    bool: "TRUE_VALUE or FALSE_VALUE",
    int: "NUMBER_VALUE",
    float: "DECIMAL_VALUE",
    str: "STRING_VALUE",
    dict: "Start of structure or map",
    list: "Start of list",
}
_ANY = r"[\p{L}\p{M}\p{Z}\p{S}\p{N}\p{P}\p{C}]"
_INTEGER_BITS = {"integer": 31, "long": 63}


def decode_blobs(shape: Shape, value: object, path: str = "") -> object:
    """Give a JSON value with its blobs as bytes, which JSON has as base64; what is of a wrong type stays as it is.

    Raises:
        ApiError: SerializationException for a blob that is no base64.
    """
    match shape, value:
        case StructureShape(), dict():
            return {
                name: decode_blobs(shape.members[name], member, _join(path, name)) if name in shape.members else member
                for name, member in value.items()
            }
        case ListShape(), list():
            return [decode_blobs(shape.member, item, path) for item in value]
        case _, str() if shape.type_name == "blob":
            try:
                return base64.b64decode(value, validate=True)
            except ValueError:
                raise serialization_error(f"The value at '{path}' is not valid base64.") from None
    return value


def check(shape: Shape, value: object) -> None:
    """Refuse a request body that the model's input shape does not allow.

    Raises:
        ApiError: SerializationException for a wrong JSON type, ValidationException for a broken constraint.
    """
    _check_types(shape, value, "")
    broken = list(_violations(shape, value, ""))
    if broken:
        count = f"{len(broken)} validation error{'s' if len(broken) > 1 else ''} detected: "
        raise validation_error(count + "; ".join(broken))


def _check_types(shape: Shape, value: object, path: str) -> None:
    allowed = _JSON_TYPES[shape.type_name]
    if not isinstance(value, allowed) or (isinstance(value, bool) and bool not in allowed):
        found = _TYPE_NAMES.get(type(value), "NULL_VALUE")
        where = f" at '{path}'" if path else ""
        raise serialization_error(f"{found} can not be converted to a {shape.type_name.capitalize()}{where}")
    bits = _INTEGER_BITS.get(shape.type_name)
    if bits and isinstance(value, int) and not -(1 << bits) <= value < 1 << bits:
        raise serialization_error(f"{value} is out of a {shape.type_name.capitalize()}'s range at '{path}'")
    for child_shape, child, child_path in _children(shape, value, path):
        _check_types(child_shape, child, child_path)


def _children(shape: Shape, value: object, path: str) -> Iterator[tuple[Shape, object, str]]:
    match shape, value:
        case StructureShape(), dict():
            for name, member in value.items():
                if name in shape.members and member is not None:
                    yield shape.members[name], member, _join(path, name)
        case ListShape(), list():
            for index, item in enumerate(value, start=1):
                yield shape.member, item, f"{path}.{index}.member"
        case MapShape(), dict():
            for key, item in value.items():
                yield shape.key, key, f"{path}.key"
                yield shape.value, item, f"{path}.{key}.member"


def _violations(shape: Shape, value: object, path: str) -> Iterator[str]:
    hidden = shape.metadata.get("sensitive") or any(map(is_secret, path.split(".")))
    shown = "Value at" if hidden else f"Value '{_shown(value)}' at"
    for constraint in _broken(shape, value):
        yield f"{shown} '{path}' failed to satisfy constraint: {constraint}"
    if isinstance(shape, StructureShape) and isinstance(value, dict):
        for name in shape.required_members:
            if value.get(name) is None:
                yield f"Value null at '{_join(path, name)}' failed to satisfy constraint: Member must not be null"
        for name in value.keys() - shape.members.keys():
            known = ", ".join(shape.members)
            yield f"Value at '{_join(path, name)}' failed to satisfy constraint: Member must be one of: [{known}]"
    for child_shape, child, child_path in _children(shape, value, path):
        yield from _violations(child_shape, child, child_path)


def _broken(shape: Shape, value: object) -> Iterator[str]:
    low, high = shape.metadata.get("min"), shape.metadata.get("max")
    match value:
        case str() | bytes() | list() | dict():
            yield from _out_of_bounds(len(value), "length", low, high)
        case int() | float():
            yield from _out_of_bounds(value, "value", low, high)
    if isinstance(value, str):
        yield from _misspelt(shape, value, low)


def _out_of_bounds(size: float, kind: str, low: int | None, high: int | None) -> Iterator[str]:
    if high is not None and size > high:
        yield f"Member must have {kind} less than or equal to {high}"
    if low is not None and size < low:
        yield f"Member must have {kind} greater than or equal to {low}"


def _misspelt(shape: Shape, value: str, low: int | None) -> Iterator[str]:
    enum = shape.metadata.get("enum")
    if enum and value not in enum:
        yield f"Member must satisfy enum value set: [{', '.join(enum)}]"
    pattern = shape.metadata.get("pattern")
    # An explicit minimum of 0 means that empty is a value (tag values, names), whatever the pattern's `+` says.
    if pattern and not (value == "" and low == 0) and not _compiled(pattern).fullmatch(value):
        yield f"Member must satisfy regular expression pattern: {pattern}"


def _shown(value: object) -> str:
    if isinstance(value, list):
        return f"[{', '.join(_shown(item) for item in value)}]"
    return str(value)


def _join(path: str, name: str) -> str:
    lowered = name[:1].lower() + name[1:]
    return f"{path}.{lowered}" if path else lowered


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    # Java's \p{…} has no counterpart in `re`, its \z is \Z, its \s and \w are ASCII.
    translated = re.sub(r"\\p\{(\w+)\}", lambda found: _characters(found[1]), pattern.replace(_ANY, r"[\s\S]"))
    return re.compile(translated.replace(r"\z", r"\Z"), re.ASCII)


@cache
def _characters(category: str) -> str:
    """The characters of a Unicode category (Zs) or of a group of them (Z), as a character class holds them."""
    ranges: list[list[int]] = []
    for code in range(sys.maxunicode + 1):
        if unicodedata.category(chr(code)).startswith(category):
            if ranges and ranges[-1][1] == code - 1:
                ranges[-1][1] = code
            else:
                ranges.append([code, code])
    return "".join(f"{_escaped(first)}-{_escaped(last)}" for first, last in ranges)


def _escaped(code: int) -> str:
    return f"\\U{code:08x}"
