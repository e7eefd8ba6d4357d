"""How the routes describe themselves in /openapi.json."""

from __future__ import annotations

from typing import Final

from starlette.responses import JSONResponse, Response

from datamover_api.http.description import (
    OBJECT,
    STRING,
    Answers,
    Described,
    empty_answer,
    json_answer,
)
from datamover_api.labelstudio.members import MEMBERS, SECRETS
from datamover_api.labelstudio.refusals import NO_PROJECT, NOT_FOUND, VERSION

TOKEN_SCHEME: Final = "labelStudioToken"  # noqa: S105 - a name within the document
BEARER_SCHEME: Final = "labelStudioBearer"
_TYPES: Final = {"string": "string", "boolean": "boolean", "integer": "integer"}
STORAGE: Final[dict[str, object]] = {
    "id": 1,
    "type": "s3",
    "synchronizable": True,
    "presign": True,
    "last_sync": "2026-11-27T11:20:11.549002Z",
    "last_sync_count": 2,
    "last_sync_job": "exec-086d6c629a6bf3581",
    "status": "completed",
    "traceback": None,
    "meta": {"attempts": 1, "time_queued": "2026-11-27 11:20:04.000000+00:00", "duration": 6.2},
    "title": "Scans",
    "description": None,
    "created_at": "2026-11-27T11:17:07.000000Z",
    "bucket": "scans",
    "prefix": "2026/",
    "regex_filter": None,
    "use_blob_urls": True,
    "aws_sse_kms_key_id": None,
    "region_name": "eu-central-1",
    "s3_endpoint": None,
    "presign_ttl": 1,
    "recursive_scan": True,
    "project": 1,
}
"""A storage as clients read it."""
_GIVEN: Final = {"project": 1, "title": "Scans", "bucket": "scans", "prefix": "2026/", "recursive_scan": True}
TYPES: Final = [{"name": "s3", "title": "AWS S3"}]
_PROJECT: Final = {
    "name": "project",
    "in": "query",
    "required": True,
    "description": "The project's ID.",
    "schema": {"type": "integer", "minimum": 1},
    "example": 1,
}


def _error(status: int, detail: str, problems: object = None) -> Described:
    return {
        "id": "0e5ee7a1-5a35-4b6c-a0de-f3b4cbbb9d45",
        "status_code": status,
        "version": VERSION,
        "detail": detail,
        "exc_info": None,
        **({"validation_errors": problems} if problems is not None else {}),
    }


def _member(name: str) -> Described:
    member = {**MEMBERS, **SECRETS}[name]
    kind = _TYPES[member.kind]
    schema: Described = {"type": [kind, "null"] if member.may_be_null else kind}
    if member.longest is not None:
        schema["maxLength"] = member.longest
    if member.least is not None:
        schema["minimum"] = member.least
    return schema


def _body(*required: str) -> Described:
    schema = {
        "type": "object",
        "required": [*required],
        "properties": {name: _member(name) for name in (*MEMBERS, *SECRETS)},
    }
    example = {name: value for name, value in _GIVEN.items() if required or name != "project"}
    return {"required": True, "content": {"application/json": {"schema": schema, "example": example}}}


_ALWAYS: Final[Answers] = {
    401: json_answer("The key is missing or wrong", OBJECT, _error(401, "Invalid token.")),
    429: json_answer("Kubernetes is busy", OBJECT, _error(429, "Kubernetes did not do its part: TooManyRequests")),
    503: json_answer("It was not done", OBJECT, _error(503, "Kubernetes did not do its part: Unreachable")),
}
_MISSING: Final[Answers] = {404: json_answer("There is no such storage", OBJECT, _error(404, NOT_FOUND))}
_NO_PROJECT: Final[Answers] = {404: json_answer("The project has no storages here", OBJECT, _error(404, NO_PROJECT))}
_WRONG: Final[Answers] = {
    400: json_answer(
        "A member is wrong, or AWS refuses it",
        OBJECT,
        _error(400, "Validation error", {"project": ["This field is required."]}),
    ),
    403: json_answer(
        "The endpoint is at an address that is reserved",
        OBJECT,
        _error(403, "URL resolves to a reserved network address (block: 169.254.0.0/16)"),
    ),
}
_BAD_BODY: Final[Answers] = {
    408: json_answer("The body did not arrive in time", OBJECT, _error(408, "the body took more than 10 seconds")),
    413: json_answer("The body is too large", OBJECT, _error(413, "the body must have at most 262144 bytes")),
    415: json_answer("The body is neither JSON nor a form", OBJECT, _error(415, "Unsupported media type in request")),
}


def _route(summary: str, answers: Answers, **extra: object) -> Described:
    return {
        "summary": summary,
        "tags": ["Label Studio storages"],
        "responses": dict(sorted((answers | _ALWAYS).items(), key=str)),
        "openapi_extra": {"security": [{TOKEN_SCHEME: []}, {BEARER_SCHEME: []}], **extra},
        "response_class": JSONResponse,
    }


_ONE: Final = {"type": "object", "required": ["id", "project", "status"]}
LIST: Final = _route(
    "List a project's storages",
    {
        200: json_answer("The storages", {"type": "array", "items": _ONE}, [STORAGE]),
        400: json_answer("No project is named", OBJECT, _error(400, "Validation error")),
        **_NO_PROJECT,
    },
    parameters=[_PROJECT],
)
LIST_TYPES: Final = _route(
    "List the types of storages", {200: json_answer("The types", {"type": "array", "items": OBJECT}, TYPES)}
)
CREATE: Final = _route(
    "Create a storage",
    {201: json_answer("The storage", _ONE, STORAGE), **_WRONG, **_BAD_BODY, **_NO_PROJECT},
    requestBody=_body("project"),
) | {"status_code": 201}
VALIDATE: Final = _route(
    "Check whether a storage can be like this",
    {200: empty_answer("It can"), **_WRONG, **_BAD_BODY, **_MISSING},
    requestBody=_body("project"),
) | {"response_class": Response}
GET: Final = _route("Show a storage", {200: json_answer("The storage", _ONE, STORAGE), **_MISSING})
PATCH: Final = _route(
    "Change a storage",
    {200: json_answer("The storage", _ONE, STORAGE), **_WRONG, **_BAD_BODY, **_MISSING},
    requestBody=_body(),
)
PUT: Final = _route(
    "Replace a storage's members",
    {200: json_answer("The storage", _ONE, STORAGE), **_WRONG, **_BAD_BODY, **_MISSING},
    requestBody=_body("project"),
)
DELETE: Final = _route("Delete a storage", {204: empty_answer("It is deleted"), **_MISSING}) | {
    "status_code": 204,
    "response_class": Response,
}
SYNC: Final = _route(
    "Sync a storage",
    {
        200: json_answer("The storage, queued or as it is", _ONE, STORAGE | {"status": "queued"}),
        400: json_answer("The storage is not to be synced", OBJECT, {"message": "Storage 7 is not synchronizable"}),
        **_MISSING,
    },
)
REFRESH: Final[Described] = {
    "summary": "Exchange a key that is a JWT for an access token",
    "tags": ["Label Studio storages"],
    "response_class": JSONResponse,
    "responses": {
        200: json_answer("The access token, for five minutes", OBJECT, {"access": "eyJhbGciOiJIUzI1NiJ9.e30.c2ln"}),
        400: json_answer("No token is given", OBJECT, _error(400, "Validation error")),
        401: json_answer("The token is not valid", OBJECT, _error(401, "Token is invalid")),
        **_BAD_BODY,
    },
    "openapi_extra": {
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {
                    "schema": {"type": "object", "required": ["refresh"], "properties": {"refresh": STRING}},
                    "example": {"refresh": "eyJhbGciOiJIUzI1NiJ9.e30.c2ln"},
                }
            },
        }
    },
}
