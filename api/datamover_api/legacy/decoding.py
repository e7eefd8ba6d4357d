"""JSON as Go's decoder reads it: the first value counts, names match in any case, unknown members are ignored."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Final, TypeVar, get_args

from pydantic import BaseModel, JsonValue, ValidationError

from datamover_crds.codec import requirement

W = TypeVar("W", bound=BaseModel)
_WHITE: Final = " \t\r\n"
_LONE_SURROGATE: Final = re.compile("[\ud800-\udfff]")


class DecodingError(Exception):
    """The text is not JSON, or does not have the expected form; the message says where."""


def decode(model: type[W], body: bytes) -> W:
    """Read a body as a model all of whose members may be absent. Raises DecodingError."""
    value = _first_value(body)
    if value is None:
        return model()
    if not isinstance(value, dict):
        raise DecodingError("must be a JSON object")
    try:
        return model.model_validate(_matched(model, value))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        path = ".".join(str(step) for step in first["loc"])
        raise DecodingError(f"{path}: {requirement(first)}") from None
    except RecursionError as error:
        raise DecodingError(str(error)) from None


def _first_value(body: bytes) -> JsonValue:
    text = body.decode(errors="replace").lstrip(_WHITE)
    if not text:
        raise DecodingError("EOF")
    try:
        value, _ = json.JSONDecoder(parse_constant=_refuse_constant).raw_decode(text)
    except (ValueError, RecursionError) as error:
        raise DecodingError(str(error)) from None
    decoded: JsonValue = value
    return decoded


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is no JSON")


def _matched(model: type[BaseModel], members: Mapping[str, JsonValue]) -> dict[str, object]:
    """The members that the model knows, under its spelling; of several spellings the last one counts."""
    names = {(field.alias or name).casefold(): name for name, field in model.model_fields.items()}
    found: dict[str, object] = {}
    for spelling, value in members.items():
        name = names.get(spelling.casefold())
        if name is not None:
            alias = model.model_fields[name].alias or name
            found[alias] = _matched_value(_model_in(model.model_fields[name].annotation), value)
    return found


def _matched_value(inner: type[BaseModel] | None, value: JsonValue) -> object:
    if isinstance(value, str):
        return _LONE_SURROGATE.sub("\ufffd", value)
    if isinstance(value, list):
        return [_matched_value(inner, item) for item in value]
    if isinstance(value, dict) and inner is not None:
        return _matched(inner, value)
    return value


def _model_in(annotation: object) -> type[BaseModel] | None:
    """The model that an annotation such as `tuple[Tag, ...] | None` speaks of, if any."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for each in get_args(annotation) if (found := _model_in(each)) is not None), None)
