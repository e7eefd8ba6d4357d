"""Problem documents (RFC 9457): every refusal says what is wrong, and in which field."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from http import HTTPStatus
from typing import Final, NamedTuple

import structlog
from starlette.responses import Response

from datamover_api.http.answers import RefusalError, UnservedError
from datamover_api.mirror.mirror import NotReadError
from datamover_common.kube.errors import KubeError
from datamover_crds import JsonObject

MEDIA_TYPE: Final = "application/problem+json"
_log = structlog.get_logger(__name__)


class Fault(NamedTuple):
    """One thing wrong with a request: the field's path, such as `source.url`, and what is wrong there."""

    field: str
    detail: str


class InvalidRequestError(Exception):
    """A request's body that can't be; it has at least one fault."""

    def __init__(self, *faults: Fault) -> None:
        """Keep the faults."""
        super().__init__("; ".join(f"{each.field}: {each.detail}" if each.field else each.detail for each in faults))
        self.faults = faults


class ProblemError(RefusalError):
    """A refusal with the faults of single fields, and headers."""

    def __init__(
        self, status: int, message: str, faults: Sequence[Fault] = (), headers: Mapping[str, str] | None = None
    ) -> None:
        """Keep them."""
        super().__init__(status, message)
        self.faults = tuple(faults)
        self.headers = dict(headers or {})


def problem(status: int, detail: str, faults: Sequence[Fault] = ()) -> JsonObject:
    """A problem document."""
    told: JsonObject = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail}
    if faults:
        told["errors"] = [{"field": each.field, "detail": each.detail} for each in faults]
    return told


def refuse(error: RefusalError) -> Response:
    """A refusal as a problem document."""
    faults: Sequence[Fault] = ()
    headers: dict[str, str] = {}
    if isinstance(error, ProblemError):
        faults, headers = error.faults, error.headers
    if isinstance(error, UnservedError) and error.allowed:
        headers = {"Allow": ", ".join(error.allowed)}
    body = json.dumps(problem(error.status, error.message, faults)).encode()
    return Response(body, error.status, headers, MEDIA_TYPE)


def missing(sync_id: str) -> ProblemError:
    """404: there is no such sync, or it is another's."""
    return ProblemError(HTTPStatus.NOT_FOUND, f"there is no sync {sync_id[:64]!r}")


@contextmanager
def as_problems() -> Iterator[None]:
    """Raise RefusalError for every failure of what is done within."""
    try:
        yield
    except InvalidRequestError as error:
        raise ProblemError(HTTPStatus.BAD_REQUEST, str(error), error.faults) from error
    except NotReadError as error:
        raise ProblemError(HTTPStatus.SERVICE_UNAVAILABLE, str(error)) from error
    except KubeError as error:
        if error.status in {HTTPStatus.BAD_REQUEST, HTTPStatus.UNPROCESSABLE_ENTITY}:
            raise ProblemError(HTTPStatus.BAD_REQUEST, error.message) from error
        _log.warning("the API server refused", error=str(error))
        is_busy = error.status == HTTPStatus.TOO_MANY_REQUESTS
        status = HTTPStatus.TOO_MANY_REQUESTS if is_busy else HTTPStatus.SERVICE_UNAVAILABLE
        detail = f"Kubernetes did not do its part: {error.reason or error.status}"
        raise ProblemError(status, detail, headers={"Retry-After": "5"}) from error
