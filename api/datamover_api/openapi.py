"""The service's OpenAPI document: what the routes say, and the token that they ask for."""

from __future__ import annotations

from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from datamover_api.http.gate import TOKEN_HEADER

TOKEN_SCHEME: Final = "token"  # noqa: S105 - a name within the document
_SCHEME: Final = {
    "type": "apiKey",
    "in": "header",
    "name": TOKEN_HEADER,
    "description": "A bcrypt hash of the pre-shared key, made by the client.",
}


def describe(app: FastAPI) -> dict[str, Any]:
    """The document, made once."""
    if app.openapi_schema is None:
        document = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
        document.setdefault("components", {})["securitySchemes"] = {TOKEN_SCHEME: _SCHEME}
        for path in document["paths"].values():
            for operation in path.values():
                # FastAPI's own validation never fails: every parameter is a string.
                operation["responses"].pop("422", None)
        app.openapi_schema = document
    return app.openapi_schema
