"""`python -m datamover_crds.reference [--check]`: docs/reference.md, every field of every resource, from the models.

Types, defaults, limits and rules are read from the schemas that the API server gets.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, get_args

from datamover_crds.common import API_VERSION, Model
from datamover_crds.definitions import DEFINITIONS, Column, Definition
from datamover_crds.page import write_or_check
from datamover_crds.schema import Schema, structural_schema

PAGE: Final = Path(__file__).parents[2] / "docs" / "reference.md"

_HEAD: Final = f"""\
# Resources

Generated from the models in [crds/datamover_crds](../crds/datamover_crds) by `make crds`; do not edit.

Every resource of `{API_VERSION}`, field by field; `kubectl explain` shows the same texts. A field is optional unless it
is marked as required. One that can't be changed is fixed when the object is created.
"""
_TABLE: Final = "| field | type | default | constraints | description |\n| --- | --- | --- | --- | --- |\n"
_UNCHANGEABLE: Final = "can't be changed"


def reference() -> str:
    """Return the page as Markdown: a section for each kind, and in it one for each type that it introduces."""
    contents = "".join(f"- [{each.kind}](#{_anchor(each.kind)})\n" for each in DEFINITIONS)
    seen: set[type[Model]] = set()
    return "\n".join([_HEAD, contents, *(_kind(definition, seen) for definition in DEFINITIONS)])


def _kind(definition: Definition, seen: set[type[Model]]) -> str:
    schema = structural_schema(definition.model)
    parts = [f"## {definition.kind}\n\n{schema['description']}\n\n{_facts(definition, schema)}"]
    for name in ("spec", "status"):
        model = _model_in(definition.model.model_fields[name].annotation)
        if model is not None:
            parts += _types(model, schema["properties"][name], seen)
    return "\n".join(parts)


def _facts(definition: Definition, schema: Schema) -> str:
    """The scope, names, columns and rules of a kind."""
    selectable = "".join(f" Field selector: `{path.lstrip('.')}`." for path in definition.selectable)
    columns = "".join(_row(_column_name(column), column.description) for column in definition.columns)
    return (
        f"Scope: {definition.scope}. Short name: `{definition.short_name}`.{selectable}\n\n"
        f"| column of `kubectl get` | shows |\n| --- | --- |\n{columns}{_rules(schema)}"
    )


def _column_name(column: Column) -> str:
    return column.name.upper() + (" (`-o wide`)" if column.wide else "")


def _types(model: type[Model], schema: Schema, seen: set[type[Model]]) -> Iterator[str]:
    """The section of a model, and those of the models in it that no section has been written for."""
    if model in seen:
        return
    seen.add(model)
    yield _type(model, schema)
    for alias, inner in _inner_models(model).items():
        member = schema["properties"][alias]
        yield from _types(inner, member.get("items", member), seen)


def _type(model: type[Model], schema: Schema) -> str:
    inner = _inner_models(model)
    required = schema.get("required", [])
    fixed = {rule["fieldPath"] for rule in _validations(schema) if rule["message"].startswith(_UNCHANGEABLE)}
    rows = (
        _row(
            f"`{name}`",
            _type_name(member, inner.get(name)),
            _default(member),
            "; ".join(
                [
                    *(["required"] if name in required else []),
                    *([_UNCHANGEABLE] if f".{name}" in fixed else []),
                    *_limits(member),
                    *(f"each {limit}" for limit in _limits(member.get("items", {}))),
                ]
            ),
            member.get("description", ""),
        )
        for name, member in schema["properties"].items()
    )
    doc = " ".join((model.__doc__ or "").split())
    return f"### {model.__name__}\n\n{doc}\n\n{_TABLE}{''.join(rows)}{_rules(schema)}"


def _row(*cells: str) -> str:
    escaped = (cell.replace("|", "\\|").replace("\n\n", "<br>").replace("\n", " ") for cell in cells)
    return f"| {' | '.join(escaped)} |\n"


def _type_name(schema: Schema, model: type[Model] | None) -> str:
    if schema.get("type") == "array":
        item = _type_name(schema["items"], model)
        return f"list of {item}" if model is not None else f"list: {item}"
    if model is not None:
        return f"[{model.__name__}](#{_anchor(model.__name__)})"
    if "enum" in schema:
        return ", ".join(f"`{value}`" for value in schema["enum"])
    if schema.get("format") == "date-time":
        return "time (RFC 3339)"
    return str(schema["type"])


def _default(schema: Schema) -> str:
    return f"`{json.dumps(schema['default'])}`" if "default" in schema else ""


def _limits(schema: Schema) -> Iterator[str]:
    """What a value must keep to, beyond its type."""
    if schema.get("format") == "date-time" or "enum" in schema:
        return
    for least, most, unit in (
        ("minimum", "maximum", ""),
        ("minLength", "maxLength", " character"),
        ("minItems", "maxItems", " item"),
    ):
        low, high = schema.get(least), schema.get(most)
        if unit and not low:  # nothing has fewer than none
            low = None
        if (low, high) != (None, None):
            yield _bounds(low, high) + unit + ("s" if unit and high != 1 else "")
    if "pattern" in schema:
        yield f"matches `{schema['pattern']}`"
    if schema.get("type") != "object":
        yield from (rule["message"] for rule in _validations(schema))
    for key in schema.get("x-kubernetes-list-map-keys", ()):
        yield f"`{key}` is unique"


def _bounds(least: int | None, most: int | None) -> str:
    if least is None:
        return f"at most {most:,}"
    if most is None:
        return f"at least {least:,}"
    return f"exactly {most:,}" if least == most else f"{least:,} to {most:,}"


def _rules(schema: Schema) -> str:
    """The rules between fields as a list; that a field can't be changed stands in its row."""
    rules = [rule for rule in _validations(schema) if not rule["message"].startswith(_UNCHANGEABLE)]
    return "".join(["\n", *(f"- {_rule(rule['fieldPath'], rule['message'])}\n" for rule in rules)]) if rules else ""


def _rule(path: str, message: str) -> str:
    return f"`{path.lstrip('.')}`: {message}." if path else f"{message[0].upper()}{message[1:]}."


def _validations(schema: Schema) -> list[dict[str, Any]]:
    return [{"fieldPath": ""} | rule for rule in schema.get("x-kubernetes-validations", ())]


def _inner_models(model: type[Model]) -> dict[str, type[Model]]:
    """The models that a model's fields hold, by the fields' names on the wire."""
    found = ((field.alias or name, _model_in(field.annotation)) for name, field in model.model_fields.items())
    return {alias: inner for alias, inner in found if inner is not None}


def _model_in(annotation: object) -> type[Model] | None:
    """The model in an annotation such as `Model | None` or `tuple[Model, ...]`."""
    if isinstance(annotation, type) and issubclass(annotation, Model):
        return annotation
    return next((found for part in get_args(annotation) if (found := _model_in(part)) is not None), None)


def _anchor(heading: str) -> str:
    """The id that a heading of one word gets."""
    return heading.lower()


def main(arguments: list[str] | None = None) -> int:
    """Return 0, or with --check 1 where the page is missing or differs from what the models say."""
    return write_or_check(PAGE, reference(), arguments)


if __name__ == "__main__":
    sys.exit(main())
