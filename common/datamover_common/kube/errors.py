"""How a request to the API server fails."""

from __future__ import annotations

from collections.abc import Collection
from http import HTTPStatus

from datamover_common.tasks import ExplainedError


class KubeError(ExplainedError):
    """The API server refused a request; or (status 0) it could not be reached, or its answer was not understood.

    `status` is the HTTP status, `reason` metav1.Status' reason, such as NotFound, Conflict, AlreadyExists, Invalid.
    With status 0 it is Unreachable, NoConfiguration or UnexpectedAnswer.
    """

    def __init__(self, status: int, reason: str, message: str, causes: Collection[str] = ()) -> None:
        """Keep what the API server said; `causes` are the reasons in metav1.Status' details."""
        super().__init__(f"{status} {reason}: {message}")
        self.status = status
        self.reason = reason
        self.message = message
        self.causes = causes

    @property
    def is_doubtful(self) -> bool:
        """Whether the request may have been carried out all the same, or may still be."""
        return self.status not in range(400, 500)

    @property
    def is_away(self) -> bool:
        """The API server does not answer, or says that it can't serve now: the same request may do later."""
        is_busy = self.status == HTTPStatus.TOO_MANY_REQUESTS or self.status >= HTTPStatus.INTERNAL_SERVER_ERROR
        return is_busy or self.reason == "Unreachable"

    @property
    def is_conflict(self) -> bool:
        """The object is not the one that the request was about, or has changed."""
        return self.reason == "Conflict"

    @property
    def is_not_found(self) -> bool:
        """The object does not exist."""
        return self.reason == "NotFound"

    @property
    def is_already_there(self) -> bool:
        """An object of this name exists."""
        return self.reason == "AlreadyExists"

    @property
    def is_terminating(self) -> bool:
        """Nothing new is accepted in the namespace: it is being deleted."""
        return "NamespaceTerminating" in self.causes
