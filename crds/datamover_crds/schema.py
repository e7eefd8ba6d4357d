"""Structural schemas, as Kubernetes wants them, from the models.

Structural: no references, no alternatives of types, nothing that is only for validation outside of `properties`; see
https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from datamover_crds.common import INT64_MAX

if TYPE_CHECKING:
    from datamover_crds.common import Model

Schema = dict[str, Any]

_KEPT = (
    "description",
    "type",
    "format",
    "enum",
    "pattern",
    "minLength",
    "maxLength",
    "minimum",
    "maximum",
    "multipleOf",
    "minItems",
    "maxItems",
    "x-kubernetes-list-type",
    "x-kubernetes-list-map-keys",
    "x-kubernetes-preserve-unknown-fields",
)
_VALIDATION = ("rule", "message", "messageExpression", "fieldPath")
"""In the order to be read in; pydantic sorts them."""


def structural_schema(model: type[Model]) -> Schema:
    """Return the schema of a whole object: what Kubernetes itself keeps (metadata and type) is left to Kubernetes."""
    document = model.model_json_schema()
    schema = _structural(document, document.get("$defs", {}))
    properties = schema["properties"]
    for field in ("apiVersion", "kind"):
        properties[field] = {"type": "string", "description": properties[field]["description"]}
    properties["metadata"] = {"type": "object"}
    return schema


def _structural(node: Schema, definitions: dict[str, Schema]) -> Schema:
    node = _resolved(node, definitions)
    schema = {key: node[key] for key in _KEPT if key in node}
    if "description" in schema:
        schema["description"] = _joined(schema["description"])
    if "const" in node:
        schema["enum"] = [node["const"]]
    if node.get("default") not in (None, [], {}):
        schema["default"] = node["default"]
    if schema.get("type") == "integer":
        schema = _int64(schema)
    if "items" in node:
        schema["items"] = _structural(node["items"], definitions)
    if "properties" in node:
        schema["properties"] = {name: _structural(member, definitions) for name, member in node["properties"].items()}
        if "required" in node:
            schema["required"] = node["required"]
    if "x-kubernetes-validations" in node:
        schema["x-kubernetes-validations"] = [
            {key: validation[key] for key in _VALIDATION if key in validation}
            for validation in node["x-kubernetes-validations"]
        ]
    return schema


def _resolved(node: Schema, definitions: dict[str, Schema]) -> Schema:
    """Put a reference's target, or the one alternative that is not null, in its place; its siblings win."""
    if "anyOf" in node:
        (alternative,) = (option for option in node["anyOf"] if option != {"type": "null"})
        beside = {key: value for key, value in node.items() if key not in ("anyOf", "title")}
        return _resolved(alternative | beside, definitions)
    if "$ref" in node:
        target = definitions[node["$ref"].removeprefix("#/$defs/")]
        return target | {key: value for key, value in node.items() if key not in ("$ref", "title")}
    return node


def _int64(schema: Schema) -> Schema:
    """Say int64 by the format: the API server reads `maximum` as a float, in which int64's end overflows."""
    bounded = {key: value for key, value in schema.items() if (key, value) != ("maximum", INT64_MAX)}
    return bounded | {"format": "int64"}


def _joined(docstring: str) -> str:
    """Undo the line breaks within paragraphs."""
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in docstring.split("\n\n"))
