"""The service's OpenAPI document: what the routes say, and how their callers authenticate."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

_METHODS: Final = frozenset({"get", "put", "post", "delete", "patch"})


def describe(app: FastAPI, schemes: Mapping[str, Mapping[str, str]]) -> dict[str, Any]:
    """The document, made once; `schemes` are the security schemes by name."""
    if app.openapi_schema is None:
        document = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
        for path in document["paths"].values():
            for operation in (its for method, its in path.items() if method in _METHODS):
                # FastAPI's own validation never fails: every parameter is a string.
                operation["responses"].pop("422", None)
                for parameter in operation.get("parameters", ()):
                    schema = parameter["schema"]
                    schema.pop("title", None)
                    if "examples" in schema:  # where the page looks for one
                        parameter["example"] = schema.pop("examples")[0]
        # All bodies are described where they stand: what FastAPI lists beside them is never sent.
        document["components"] = {"securitySchemes": dict(schemes)}
        app.openapi_schema = document
    return app.openapi_schema
