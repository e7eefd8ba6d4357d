"""Refusals in Label Studio's envelope: `detail`, and for wrong members a list of texts for each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http import HTTPStatus
from typing import Final
from uuid import uuid4

import structlog
from starlette.responses import JSONResponse, Response

from datamover_api.http.answers import RefusalError, UnservedError
from datamover_api.labelstudio.members import ForbiddenUrlError, InvalidMembersError
from datamover_api.mirror.mirror import NotReadError
from datamover_common.kube.errors import KubeError

VERSION: Final = "1.23.2"
"""The release of Label Studio whose API this is."""
NOT_FOUND: Final = "Not found."
NO_PROJECT: Final = "No Project matches the given query."
INVALID: Final = "Validation error"
GENERAL: Final = "non_field_errors"
_log = structlog.get_logger(__name__)


class MembersRefusedError(RefusalError):
    """400: members that can't be; `problems` has the texts for each, or for `non_field_errors`."""

    def __init__(self, problems: Mapping[str, list[str]]) -> None:
        """Keep the problems."""
        super().__init__(HTTPStatus.BAD_REQUEST, INVALID)
        self.problems = problems


class UnauthorizedError(RefusalError):
    """401."""

    def __init__(self, message: str) -> None:
        """Keep the message."""
        super().__init__(HTTPStatus.UNAUTHORIZED, message)


class NotSynchronizableError(RefusalError):
    """400: a sync of a storage that is not to be synced; its answer is not in the usual envelope."""

    def __init__(self, storage_id: int) -> None:
        """Say so."""
        super().__init__(HTTPStatus.BAD_REQUEST, f"Storage {storage_id} is not synchronizable")


def refused(problem: str) -> MembersRefusedError:
    """400 for a reason that is no single member's."""
    return MembersRefusedError({GENERAL: [problem]})


def refuse(error: RefusalError) -> Response:
    """A refusal as Label Studio words it."""
    if isinstance(error, NotSynchronizableError):
        return JSONResponse({"message": error.message}, error.status)
    detail, headers = error.message, {}
    if isinstance(error, UnservedError):
        detail = NOT_FOUND if error.status == HTTPStatus.NOT_FOUND else "Method not allowed."
        headers = {"Allow": ", ".join(error.allowed)} if error.allowed else {}
    if isinstance(error, UnauthorizedError):
        headers = {"WWW-Authenticate": "Token"}
    body: dict[str, object] = {
        "id": str(uuid4()),
        "status_code": error.status,
        "version": VERSION,
        "detail": detail,
        "exc_info": None,
    }
    if isinstance(error, MembersRefusedError):
        body["validation_errors"] = error.problems
    return JSONResponse(body, error.status, headers)


@contextmanager
def in_its_words() -> Iterator[None]:
    """Raise RefusalError for every failure of what is done within."""
    try:
        yield
    except InvalidMembersError as error:
        raise MembersRefusedError(error.problems) from error
    except ForbiddenUrlError as error:
        raise RefusalError(HTTPStatus.FORBIDDEN, str(error)) from error
    except NotReadError as error:
        raise RefusalError(HTTPStatus.SERVICE_UNAVAILABLE, str(error)) from error
    except KubeError as error:
        if error.status in {HTTPStatus.BAD_REQUEST, HTTPStatus.UNPROCESSABLE_ENTITY}:
            raise refused(error.message) from error
        _log.warning("the API server refused", error=str(error))
        is_busy = error.status == HTTPStatus.TOO_MANY_REQUESTS
        status = HTTPStatus.TOO_MANY_REQUESTS if is_busy else HTTPStatus.SERVICE_UNAVAILABLE
        raise RefusalError(status, f"Kubernetes did not do its part: {error.reason or error.status}") from error
