"""How the routes describe themselves in /openapi.json: summaries, examples, and every status that they answer with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from starlette.responses import JSONResponse, PlainTextResponse, Response

from datamover_api.legacy import examples
from datamover_api.legacy.wire import CreateMover, SetState
from datamover_api.openapi import TOKEN_SCHEME

Route = dict[str, Any]
"""What a route's decorator takes."""

_STRING: Final = {"type": "string"}
_NAMES: Final = {"type": "array", "items": _STRING}
_OBJECT: Final = {"type": "object"}
_ITEMS: Final = {"X-Items": {"description": "How many names there are.", "schema": {"type": "integer"}}}
_ANYONE: Final = {
    "Access-Control-Allow-Origin": {"description": "Any origin may read this.", "schema": {"type": "string"}}
}
_FLYWHEEL_ID: Final = {
    "X-Flywheel-Task": {
        "description": "The id under which the flywheel tells how the creation goes.",
        "schema": {"type": "string", "format": "uuid"},
    }
}
_REASONS: Final = {
    403: "The token is missing or wrong: an empty body; or AWS denies it: its message",
    404: "The account or the mover is not found",
    405: "The method is not served here; an empty body",
    408: "The body did not come in time",
    409: "The task, or the mover, is not in the state that this needs",
    413: "The body is too large",
    429: "Too many requests",
    500: "It was not done, or nobody knows whether it was",
}


def _text(description: str, example: str = "") -> Route:
    return {"description": description, "content": {"text/plain": {"schema": _STRING, "example": example}}}


def _json(description: str, schema: object, example: object, headers: object = None) -> Route:
    told: Route = {"description": description, "content": {"application/json": {"schema": schema, "example": example}}}
    return {**told, "headers": headers} if headers is not None else told


def _refusals(*statuses: int, **bad_request: str) -> dict[int | str, Route]:
    known: dict[int | str, Route] = {status: _text(_REASONS[status]) for status in (*statuses, 429, 500)}
    # A wrong token is answered with nothing at all: no type is promised.
    return {**known, **_empty(403, _REASONS[403]), **({400: _text(bad_request["bad_request"])} if bad_request else {})}


def _private(summary: str, answers: Mapping[int | str, Route], tag: str, **extra: object) -> Route:
    """A route that needs a token."""
    return {
        "summary": summary,
        "tags": [tag],
        "responses": dict(sorted(answers.items(), key=str)),
        "openapi_extra": {"security": [{TOKEN_SCHEME: []}], **extra},
        "response_class": JSONResponse,
    }


def _empty(status: int, description: str, headers: object = None) -> dict[int | str, Route]:
    return {status: {"description": description, **({"headers": headers} if headers is not None else {})}}


def _body(model: type[CreateMover | SetState], named: Mapping[str, object]) -> Route:
    schema = model.model_json_schema(by_alias=True)
    shown = {name: {"value": value} for name, value in named.items()}
    media = {"schema": _inlined(schema, schema.get("$defs", {})), "examples": shown}
    return {"required": True, "content": {"application/json": media}}


def _inlined(schema: object, definitions: Mapping[str, object]) -> object:
    """The schema without references: what they name stands in their place."""
    if isinstance(schema, list):
        return [_inlined(each, definitions) for each in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return _inlined(definitions[schema["$ref"].rsplit("/", 1)[-1]], definitions)
    return {name: _inlined(each, definitions) for name, each in schema.items() if name != "$defs"}


PING: Final[Route] = {
    "summary": "Tell that the service is there",
    "tags": ["service"],
    "response_class": PlainTextResponse,
    "responses": {200: {**_text("pong", "pong"), "headers": _ANYONE}},
}
VERSION: Final[Route] = {
    "summary": "Tell which version this is",
    "tags": ["service"],
    "response_class": JSONResponse,
    "responses": {200: _json("The version", _OBJECT, examples.VERSION, _ANYONE)},
}
METRICS: Final[Route] = {
    "summary": "Show the metrics for Prometheus",
    "tags": ["service"],
    "response_class": PlainTextResponse,
    "responses": {200: _text("Prometheus' text format")},
}
FLYWHEEL: Final = _private(
    "Tell how creations go",
    {
        200: _json("The tasks by id; those that are not known are left out", _OBJECT, examples.FLYWHEEL),
        **_empty(400, "No task is named; an empty body"),
        **_refusals(),
    },
    "flywheel",
    parameters=[
        {
            "name": "task",
            "in": "query",
            "required": True,
            "description": "An id; may be given several times.",
            "schema": {"type": "array", "items": _STRING},
            "example": [examples.FLYWHEEL_ID],
        }
    ],
)
LIST: Final = _private(
    "List all movers",
    {200: _json("The names", _NAMES, examples.NAMES, _ITEMS), **_refusals(404)},
    "movers",
)
LIST_GROUP: Final = _private(
    "List a group's movers",
    {200: _json("The names", _NAMES, examples.GROUP_NAMES, _ITEMS), **_refusals(404)},
    "movers",
)
SHOW: Final = _private(
    "Show a mover",
    {200: _json("Its task, source, destination and tags", _OBJECT, examples.MOVER), **_refusals(404)},
    "movers",
)
CREATE: Final = _private(
    "Create a mover",
    {
        **_empty(202, "It is being created", _FLYWHEEL_ID),
        **_refusals(404, 408, 409, 413, bad_request="What is wrong with the request"),
    },
    "movers",
    requestBody=_body(CreateMover, {"S3 to S3": examples.S3_TO_S3, "S3 to EFS": examples.S3_TO_EFS}),
) | {"status_code": 202, "response_class": Response}
SET_STATE: Final = _private(
    "Start or stop a mover's task",
    {
        200: _json("It is started: the execution's id", _STRING, examples.RUN_IDS[0]),
        **_empty(204, "It is being stopped"),
        **_refusals(404, 408, 409, 413, bad_request="What is wrong with the request"),
    },
    "movers",
    requestBody=_body(SetState, {"start": {"State": "start"}, "stop": {"State": "stop"}}),
)
DELETE: Final = _private("Delete a mover", {**_empty(204, "It is deleted, or will be"), **_refusals(404)}, "movers") | {
    "status_code": 204,
    "response_class": Response,
}
LIST_RUNS: Final = _private(
    "List a mover's runs",
    {200: _json("The ids of its task executions", _NAMES, examples.RUN_IDS), **_refusals(404)},
    "runs",
)
SHOW_RUN: Final = _private(
    "Show a run",
    {200: _json("The task execution; durations in milliseconds", _OBJECT, examples.RUN), **_refusals(404)},
    "runs",
)
