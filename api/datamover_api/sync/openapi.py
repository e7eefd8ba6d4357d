"""How the routes describe themselves in /openapi.json."""

from __future__ import annotations

from typing import Final

from starlette.responses import JSONResponse, Response

from datamover_api.http.description import OBJECT, STRING, Answers, Described, empty_answer, json_answer, json_body
from datamover_api.sync import examples
from datamover_api.sync.problems import MEDIA_TYPE, Fault, problem
from datamover_api.sync.streams import EVENT_STREAM
from datamover_api.sync.wire import ChangeSync, CreateSync

BEARER_SCHEME: Final = "syncKey"
_NUMBER: Final = {"type": "integer"}
_RATE: Final = {
    "X-RateLimit-Limit": {"description": "Requests a minute.", "schema": _NUMBER, "example": 1000},
    "X-RateLimit-Remaining": {"description": "How many of them are left.", "schema": _NUMBER, "example": 999},
    "X-RateLimit-Reset": {
        "description": "When the next minute begins, in seconds since 1970.",
        "schema": _NUMBER,
        "example": 1771669860,
    },
}
_SYNC: Final = {"type": "object", "required": ["id", "status", "progress", "createdAt", "source", "destination"]}
_PROBLEM: Final = {"type": "object", "required": ["type", "title", "status", "detail"]}


def _problem(description: str, status: int, detail: str, *faults: Fault) -> Described:
    content = {MEDIA_TYPE: {"schema": _PROBLEM, "example": problem(status, detail, faults)}}
    return {"description": description, "content": content}


_ALWAYS: Final[Answers] = {
    401: _problem("The key is missing or wrong", 401, "the API key is not valid"),
    429: _problem("Too many requests", 429, "more than 1000 requests in a minute with the key 'default'"),
    503: _problem("It was not done", 503, "Kubernetes did not do its part: Unreachable"),
}
_MISSING: Final[Answers] = {404: _problem("There is no such sync", 404, "there is no sync 'sync_abc123xyz789'")}
_WRONG: Final[Answers] = {
    400: _problem(
        "Something in the request is wrong",
        400,
        "source.url: must start with s3:// for type s3",
        Fault("source.url", "must start with s3:// for type s3"),
    )
}
_BAD_BODY: Final[Answers] = {
    408: _problem("The body did not arrive in time", 408, "the body took more than 10 seconds"),
    413: _problem("The body is too large", 413, "the body must have at most 262144 bytes"),
}


def _parameter(name: str, description: str, example: object, schema: object = STRING) -> Described:
    return {
        "name": name,
        "in": "query",
        "required": False,
        "description": description,
        "schema": schema,
        "example": example,
    }


def _route(summary: str, answers: Answers, **extra: object) -> Described:
    return {
        "summary": summary,
        "tags": ["DataSync API v2.1"],
        "responses": dict(sorted((answers | _ALWAYS).items(), key=str)),
        "openapi_extra": {"security": [{BEARER_SCHEME: []}], **extra},
        "response_class": JSONResponse,
    }


_PAGE: Final = (
    _parameter("limit", "How many items a page has at most: 1 to 200.", 50, {"type": "integer"}),
    _parameter("cursor", "The nextCursor of the page before.", "MjAyNi0wMi0yMVQxMDozMDowMFp8c3luYy1hYmMxMjN4eXo3ODk"),
)
LIST: Final = _route(
    "List syncs",
    {200: json_answer("The syncs, the youngest first", OBJECT, examples.LIST, _RATE), **_WRONG},
    parameters=[
        *_PAGE,
        _parameter("status", "Only syncs in this state.", "running"),
        _parameter("type", "Only syncs whose source has this type.", "postgresql"),
    ],
)
CREATE: Final = _route(
    "Create a new synchronization task",
    {201: json_answer("Created with sync ID", _SYNC, examples.SYNC, _RATE), **_WRONG, **_BAD_BODY},
    requestBody=json_body(CreateSync, {"tables": examples.CREATE_TABLES, "a bucket": examples.CREATE_FILES}),
) | {"status_code": 201}
GET: Final = _route(
    "Retrieve sync task details and status",
    {200: json_answer("The sync", _SYNC, examples.SYNC, _RATE), **_MISSING},
)
STATUS: Final = _route(
    "Get real-time sync status updates",
    {
        200: {
            "description": "The status; with `Accept: text/event-stream` an event for each change",
            "headers": _RATE,
            "content": {
                "application/json": {"schema": OBJECT, "example": examples.STATUS},
                EVENT_STREAM: {"schema": STRING, "example": examples.EVENT},
            },
        },
        **_MISSING,
    },
)
RUNS: Final = _route(
    "Show the history of a sync",
    {200: json_answer("The runs, the youngest first", OBJECT, examples.RUNS, _RATE), **_MISSING, **_WRONG},
    parameters=[*_PAGE],
)
CHANGE: Final = _route(
    "Update synchronization configuration",
    {
        200: json_answer("The updated sync", _SYNC, examples.SYNC, _RATE),
        409: _problem(
            "What can't be changed", 409, "source can't be changed: create another sync, and delete this one"
        ),
        **_WRONG,
        **_BAD_BODY,
        **_MISSING,
    },
    requestBody=json_body(ChangeSync, {"interval": {"syncInterval": "1m"}, "pause": {"paused": True}}),
)
DELETE: Final = _route("Cancel an active synchronization task", {204: empty_answer("It is removed"), **_MISSING}) | {
    "status_code": 204,
    "response_class": Response,
}
