"""How the routes describe themselves in /openapi.json: summaries, examples, and every status that they answer with."""

from __future__ import annotations

from typing import Final

from starlette.responses import JSONResponse, PlainTextResponse, Response

from datamover_api.http.description import (
    OBJECT,
    STRING,
    Answers,
    Described,
    empty_answer,
    json_answer,
    json_body,
    text_answer,
)
from datamover_api.legacy import examples
from datamover_api.legacy.refusals import NO_ACCOUNT, NO_MOVER, NO_RUN, NOT_RUNNING, NOT_STARTED, RUNNING
from datamover_api.legacy.wire import CreateMover, SetState

TOKEN_SCHEME: Final = "token"  # noqa: S105 - a name within the document
_NAMES: Final = {"type": "array", "items": STRING}
_ITEMS: Final = {"X-Items": {"description": "The number of names.", "schema": {"type": "integer"}}}
_ANYONE: Final = {
    "Access-Control-Allow-Origin": {"description": "Any origin may read this.", "schema": STRING, "example": "*"}
}
_FLYWHEEL_ID: Final = {
    "X-Flywheel-Task": {
        "description": "The ID under which the flywheel reports how the creation goes.",
        "schema": {"type": "string", "format": "uuid"},
        "example": examples.FLYWHEEL_ID,
    }
}
_ALWAYS: Final[Answers] = {
    403: empty_answer("The token is missing or wrong; the body is empty"),
    429: text_answer("Too many requests", "too many requests with new tokens"),
    500: text_answer("It was not done, or its outcome is unknown", "Kubernetes did not do its part: Unreachable"),
}
_BAD_BODY: Final[Answers] = {
    408: text_answer("The body did not arrive in time", "the body took more than 10 seconds"),
    413: text_answer("The body is too large", "the body must have at most 262144 bytes"),
}


def _missing(example: str) -> Answers:
    return {404: text_answer("The account, the mover or the run is not found", example)}


def _private(summary: str, answers: Answers, tag: str, **extra: object) -> Described:
    """A route that needs a token."""
    return {
        "summary": summary,
        "tags": [tag],
        "responses": dict(sorted((answers | _ALWAYS).items(), key=str)),
        "openapi_extra": {"security": [{TOKEN_SCHEME: []}], **extra},
        "response_class": JSONResponse,
    }


PING: Final[Described] = {
    "summary": "Check that the service is there",
    "tags": ["service"],
    "response_class": PlainTextResponse,
    "responses": {200: {**text_answer("pong", "pong"), "headers": _ANYONE}},
}
VERSION: Final[Described] = {
    "summary": "Show the version",
    "tags": ["service"],
    "response_class": JSONResponse,
    "responses": {200: json_answer("The version", OBJECT, examples.VERSION, _ANYONE)},
}
METRICS: Final[Described] = {
    "summary": "Show the metrics for Prometheus",
    "tags": ["service"],
    "response_class": PlainTextResponse,
    "responses": {200: text_answer("Prometheus' text format", examples.METRICS)},
}
FLYWHEEL: Final = _private(
    "Report how creations go",
    {
        200: json_answer("The tasks by ID, without those that are not known", OBJECT, examples.FLYWHEEL),
        400: empty_answer("No task is named; the body is empty"),
    },
    "flywheel",
    parameters=[
        {
            "name": "task",
            "in": "query",
            "required": True,
            "description": "An ID; can be given several times.",
            "schema": {"type": "array", "items": STRING},
            "example": [examples.FLYWHEEL_ID],
        }
    ],
)
LIST: Final = _private(
    "List all movers",
    {200: json_answer("The names", _NAMES, examples.NAMES, _ITEMS), **_missing(NO_ACCOUNT)},
    "movers",
)
LIST_GROUP: Final = _private(
    "List a group's movers",
    {200: json_answer("The names", _NAMES, examples.GROUP_NAMES, _ITEMS), **_missing(NO_ACCOUNT)},
    "movers",
)
SHOW: Final = _private(
    "Show a mover",
    {200: json_answer("Its task, source, destination and tags", OBJECT, examples.MOVER), **_missing(NO_MOVER)},
    "movers",
)
CREATE: Final = _private(
    "Create a mover",
    {
        202: empty_answer("The mover is being created", _FLYWHEEL_ID),
        400: text_answer("What is wrong with the request", "Source and Destination are required"),
        409: text_answer("A mover with this name exists", "datasync mover already exists"),
        **_missing(NO_ACCOUNT),
        **_BAD_BODY,
    },
    "movers",
    requestBody=json_body(CreateMover, {"S3 to S3": examples.S3_TO_S3, "S3 to EFS": examples.S3_TO_EFS}),
) | {"status_code": 202, "response_class": Response}
SET_STATE: Final = _private(
    "Start or stop a mover's task",
    {
        200: json_answer("The task was started: the execution's ID", STRING, examples.RUN_IDS[0]),
        204: empty_answer("The task is being stopped"),
        400: text_answer("What is wrong with the request, or AWS refused the start", NOT_STARTED),
        409: text_answer(f"The task already runs, or does not run ({NOT_RUNNING})", RUNNING),
        **_missing(NO_MOVER),
        **_BAD_BODY,
    },
    "movers",
    requestBody=json_body(SetState, {"start": {"State": "start"}, "stop": {"State": "stop"}}),
)
DELETE: Final = _private(
    "Delete a mover",
    {204: empty_answer("The mover was deleted, or will be"), **_missing(NO_MOVER)},
    "movers",
) | {"status_code": 204, "response_class": Response}
LIST_RUNS: Final = _private(
    "List a mover's runs",
    {200: json_answer("The IDs of its task executions", _NAMES, examples.RUN_IDS), **_missing(NO_MOVER)},
    "runs",
)
SHOW_RUN: Final = _private(
    "Show a run",
    {200: json_answer("The task execution; durations in milliseconds", OBJECT, examples.RUN), **_missing(NO_RUN)},
    "runs",
)
