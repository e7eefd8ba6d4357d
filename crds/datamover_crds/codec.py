"""From Kubernetes objects to models and back."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

from pydantic import ValidationError

from datamover_crds.common import JsonObject, Model

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic_core import ErrorDetails

M = TypeVar("M", bound=Model)

_SHOWN_MAX = 120
_MUST: Final[Mapping[str, str]] = {
    "string_type": "must be a string",
    "string_too_short": "must have at least {min_length} characters",
    "string_too_long": "must have at most {max_length} characters",
    "string_pattern_mismatch": "must match the pattern {pattern}",
    "literal_error": "must be {expected}",
    "bool_type": "must be true or false",
    "int_type": "must be a whole number",
    "int_from_float": "must be a whole number",
    "greater_than_equal": "must be at least {ge}",
    "less_than_equal": "must be at most {le}",
    "multiple_of": "must be a multiple of {multiple_of}",
    "too_short": "must have at least {min_length} items",
    "too_long": "must have at most {max_length} items",
    "list_type": "must be a list",
    "tuple_type": "must be a list",
    "dict_type": "must be an object",
    "model_type": "must be an object",
    "model_attributes_type": "must be an object",
}
"""What must hold, by the type of pydantic's error; its own texts name Python's types."""
_PATTERNS: Final[Mapping[str, str]] = {"^arn:": "must be an ARN, which starts with arn:"}


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with an object: the field's path on the wire, the value found there (JSON), what is accepted."""

    path: str
    value: object
    accepted: str

    def __str__(self) -> str:
        """Say it in one line, with a long value cut."""
        shown = json.dumps(self.value, ensure_ascii=False, default=str)
        if len(shown) > _SHOWN_MAX:
            shown = shown[:_SHOWN_MAX] + "…"
        return f"{self.path}: {shown}: {self.accepted}" if self.path else f"{shown}: {self.accepted}"


class InvalidObject(Exception):  # noqa: N818 - named for what it reports, as the API server does with Invalid
    """An object that its model refuses; `problems` has at least one entry, and the text holds all of them."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        """Keep the problems."""
        super().__init__("; ".join(map(str, problems)))
        self.problems = problems


def parse(model: type[M], obj: Mapping[str, Any]) -> M:
    """Read a JSON object, with camelCase members, as a model: a whole object, its metadata or its status alone.

    Nulls count as absent and whole floats as integers, as for the API server. Raises InvalidObject.
    """
    try:
        return model.model_validate(obj, by_alias=True, by_name=False)
    except ValidationError as error:
        raise InvalidObject(tuple(map(_problem, error.errors(include_url=False)))) from None


def dump(model: Model) -> JsonObject:
    """Write a model as a JSON object with camelCase members, without what is absent or an empty list.

    For a merge patch, members that are gone must be added as nulls.
    """
    return cast("JsonObject", model.model_dump(mode="json", by_alias=True))


def _problem(error: ErrorDetails) -> Problem:
    path = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in error["loc"])
    value = error["input"]
    match error["type"]:
        case "missing":
            return Problem(path.lstrip("."), None, "a value is required")
        case "extra_forbidden":
            return Problem(path.lstrip("."), value, "unknown field")
        case "rule":
            field_path: str = error["ctx"]["field_path"]
            return Problem((path + field_path).lstrip("."), _dig(value, field_path), error["msg"])
    return Problem(path.lstrip("."), value, requirement(error))


def requirement(error: ErrorDetails) -> str:
    """What must hold where a model has found an error, in words that name no type of Python's."""
    context = error.get("ctx", {})
    if context.get("pattern") in _PATTERNS:
        return _PATTERNS[context["pattern"]]
    text = _MUST.get(error["type"])
    return text.format_map(context) if text is not None else error["msg"]


def _dig(value: object, field_path: str) -> object:
    for name in filter(None, field_path.split(".")):
        value = value.get(name) if isinstance(value, dict) else None
    return value
