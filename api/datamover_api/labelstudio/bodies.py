"""Request bodies as Label Studio takes them: a JSON object, or a form."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Final
from urllib.parse import parse_qsl

from pydantic import JsonValue
from starlette.requests import Request

from datamover_api.http.answers import RefusalError
from datamover_api.http.bodies import BodyLimits, read_body
from datamover_api.labelstudio.refusals import refused
from datamover_crds import JsonObject

_FORM: Final = "application/x-www-form-urlencoded"
_JSON: Final = "application/json"
_LONGEST_SHOWN: Final = 64
_MOST_FIELDS: Final = 100


async def read_members(request: Request, limits: BodyLimits) -> JsonObject:
    """The members in a request's body; none where there is no body. Raises RefusalError."""
    body = await read_body(request, limits)
    kind = request.headers.get("Content-Type", _JSON).partition(";")[0].strip().lower()
    if not body.strip():
        return {}
    if kind == _FORM:
        return _form(body)
    if kind != _JSON:
        told = f'Unsupported media type "{kind[:_LONGEST_SHOWN]}" in request: send {_JSON} or {_FORM}.'
        raise RefusalError(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, told)
    try:
        value: JsonValue = json.loads(body.decode(), parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise RefusalError(HTTPStatus.BAD_REQUEST, f"JSON parse error - {error}") from None
    if not isinstance(value, dict):
        raise refused(f"Invalid data. Expected a dictionary, but got {type(value).__name__}.")
    return {name: _clean(each) for name, each in value.items()}


def _form(body: bytes) -> JsonObject:
    try:
        return dict(parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=_MOST_FIELDS))
    except ValueError as error:
        raise RefusalError(HTTPStatus.BAD_REQUEST, f"Malformed request: {error}") from None


def _clean(value: JsonValue) -> JsonValue:
    """A text without halves of characters, which nothing else takes."""
    return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace") if isinstance(value, str) else value


def _refuse(name: str) -> float:
    raise ValueError(f"{name} is no JSON")
