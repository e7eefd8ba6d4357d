"""Why something was not done, in the status codes and words that the older service's clients know."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http import HTTPStatus
from typing import Final

import structlog

from datamover_api.actions.outcomes import (
    ActionError,
    AlreadyExistsError,
    BusyError,
    GoneError,
    IdleError,
    InvalidError,
    NotDoneError,
    RefusedError,
)
from datamover_api.http.answers import RefusalError
from datamover_api.legacy.creating import InvalidRequestError
from datamover_api.mirror.mirror import NotReadError
from datamover_common.kube.errors import KubeError
from datamover_crds.contract import RunReason

NO_ACCOUNT: Final = "account not found"
NO_MOVER: Final = "datasync mover not found"
NO_RUN: Final = "datasync mover run not found"
EXISTS: Final = "datasync mover already exists"
RUNNING: Final = "another datasync mover task is already running"
NOT_RUNNING: Final = "datasync mover task is not running"
SUSPENDED: Final = "datasync mover is suspended"
NOT_STARTED: Final = "failed to start task execution"

_AWS_STATUSES: Final[Mapping[str, HTTPStatus]] = {
    RunReason.REFUSED: HTTPStatus.BAD_REQUEST,
    RunReason.ROLE_NOT_ASSUMABLE: HTTPStatus.BAD_REQUEST,
    RunReason.BUCKET_NOT_ACCESSIBLE: HTTPStatus.BAD_REQUEST,
    RunReason.OTHER_REGION: HTTPStatus.BAD_REQUEST,
    RunReason.ACCESS_DENIED: HTTPStatus.BAD_REQUEST,
    RunReason.THROTTLED: HTTPStatus.BAD_REQUEST,
    RunReason.LIMIT_EXCEEDED: HTTPStatus.TOO_MANY_REQUESTS,
    RunReason.NOT_FOUND: HTTPStatus.NOT_FOUND,
    RunReason.CONFLICT: HTTPStatus.CONFLICT,
}
"""What the older service answered when AWS refused a start, by the reason that the run gives."""
_log = structlog.get_logger(__name__)


@contextmanager
def in_old_words() -> Iterator[None]:
    """Raise RefusalError for every failure of what is done within."""
    try:
        yield
    except InvalidRequestError as error:
        raise RefusalError(HTTPStatus.BAD_REQUEST, str(error)) from error
    except ActionError as error:
        raise _refusal(error) from error
    except NotReadError as error:
        raise RefusalError(HTTPStatus.INTERNAL_SERVER_ERROR, str(error)) from error
    except KubeError as error:
        _log.warning("the API server refused", error=str(error))
        is_busy = error.status == HTTPStatus.TOO_MANY_REQUESTS
        status = HTTPStatus.TOO_MANY_REQUESTS if is_busy else HTTPStatus.INTERNAL_SERVER_ERROR
        raise RefusalError(status, f"Kubernetes did not do its part: {error.reason or error.status}") from error


def _refusal(error: ActionError) -> RefusalError:
    match error:
        case BusyError():
            return RefusalError(HTTPStatus.CONFLICT, RUNNING)
        case IdleError():
            return RefusalError(HTTPStatus.CONFLICT, NOT_RUNNING)
        case AlreadyExistsError():
            return RefusalError(HTTPStatus.CONFLICT, EXISTS)
        case GoneError():
            return RefusalError(HTTPStatus.NOT_FOUND, NO_MOVER)
        case InvalidError():
            return RefusalError(HTTPStatus.BAD_REQUEST, str(error))
        case RefusedError():
            _log.info("AWS refused a start", reason=error.reason, message=str(error))
            return RefusalError(_AWS_STATUSES.get(error.reason, HTTPStatus.INTERNAL_SERVER_ERROR), NOT_STARTED)
        case NotDoneError():
            return RefusalError(HTTPStatus.INTERNAL_SERVER_ERROR, f"the datasync mover task was not started: {error}")
    return RefusalError(HTTPStatus.INTERNAL_SERVER_ERROR, str(error))
