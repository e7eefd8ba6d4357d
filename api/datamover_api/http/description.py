"""How routes describe themselves in /openapi.json: answers with their types and examples, and bodies."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from pydantic import BaseModel

Described = dict[str, Any]
"""A part of an OpenAPI document, or what a route's decorator takes of one."""
Answers = dict[int | str, Described]
"""What a route may answer, by status."""

STRING: Final = {"type": "string"}
OBJECT: Final = {"type": "object"}


def text_answer(description: str, example: str) -> Described:
    """A plain text."""
    return {"description": description, "content": {"text/plain": {"schema": STRING, "example": example}}}


def json_answer(description: str, schema: object, example: object, headers: object = None) -> Described:
    """A JSON value."""
    told: Described = {
        "description": description,
        "content": {"application/json": {"schema": schema, "example": example}},
    }
    return {**told, "headers": headers} if headers is not None else told


def empty_answer(description: str, headers: object = None) -> Described:
    """No body at all."""
    return {"description": description, **({"headers": headers} if headers is not None else {})}


def json_body(model: type[BaseModel], named: Mapping[str, object]) -> Described:
    """A request's body, with an example under each name."""
    shown = {name: {"value": value} for name, value in named.items()}
    return {
        "required": True,
        "content": {"application/json": {"schema": plain_schema(model), "examples": shown}},
    }


def plain_schema(model: type[BaseModel]) -> Described:
    """A model's schema as people read it: in one piece, without titles, and without the nulls that mean "absent".

    The members that a request needs are not those that the model does: `json_schema_extra` names them.
    """
    schema = model.model_json_schema(by_alias=True)
    plain = _plain(schema, schema.get("$defs", {}))
    assert isinstance(plain, dict)  # noqa: S101 - a model is an object
    return plain


def _plain(schema: object, definitions: Mapping[str, object]) -> object:
    if isinstance(schema, list):
        return [_plain(each, definitions) for each in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return _plain(definitions[schema["$ref"].rsplit("/", 1)[-1]], definitions)
    choices = [each for each in schema.get("anyOf", ()) if each != {"type": "null"}]
    if len(choices) == 1:
        schema = {**choices[0], **{name: each for name, each in schema.items() if name not in {"anyOf", "default"}}}
        return _plain(schema, definitions) if "$ref" not in schema else _merged(schema, definitions)
    return {
        name: {member: _plain(each, definitions) for member, each in inner.items()}
        if name == "properties"
        else _plain(inner, definitions)
        for name, inner in schema.items()
        if name not in {"$defs", "title"}
    }


def _merged(schema: Described, definitions: Mapping[str, object]) -> object:
    """A named schema, with what is said of it where it is named."""
    named = _plain({"$ref": schema["$ref"]}, definitions)
    beside = {name: each for name, each in schema.items() if name not in {"$ref", "title"}}
    return {**named, **beside} if isinstance(named, dict) else named
