"""What can go wrong with one AWS call, in the ways that lead to different decisions (invariant I8). Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class FailureKind(StrEnum):
    """Why a call failed; every decision above the AWS edge looks at this and at nothing else."""

    THROTTLED = "Throttled"
    """AWS throttled the call: it had no effect and may be sent again later."""
    UNAVAILABLE = "Unavailable"
    """An internal error, or no connection was made: the call had no effect and may be sent again later."""
    UNKNOWN_OUTCOME = "UnknownOutcome"
    """The request was sent and no answer came: the effect may exist. Only for calls that are not idempotent."""
    NOT_FOUND = "NotFound"
    """What the call names does not exist (any more)."""
    CONFLICT = "Conflict"
    """What the call would create exists already, or is busy."""
    ROLE_NOT_ASSUMABLE = "RoleNotAssumable"
    """DataSync can't use the bucket access role: either it is too new (IAM propagation), or its owner must fix it."""
    BUCKET_NOT_ACCESSIBLE = "BucketNotAccessible"
    """The bucket access role does not reach the bucket: its rights are too new, or somebody must grant more."""
    OTHER_REGION = "OtherRegion"
    """The bucket is in another Region than the location."""
    REFUSED = "Refused"
    """AWS rejects the request as such: the user must change the declaration."""
    LIMIT_EXCEEDED = "LimitExceeded"
    """A quota of the account is used up: something must be deleted, or the quota raised."""
    DENIED = "Denied"
    """The account's credentials do not allow the call, or there are none."""

    @property
    def passes(self) -> bool:
        """Whether the same call may succeed a little later on its own."""
        return self in {FailureKind.THROTTLED, FailureKind.UNAVAILABLE}

    @property
    def lasts(self) -> bool:
        """Whether somebody has to change something before the same call can succeed."""
        return self in _LASTING


_LASTING: Final = frozenset(
    {
        FailureKind.REFUSED,
        FailureKind.LIMIT_EXCEEDED,
        FailureKind.DENIED,
        FailureKind.ROLE_NOT_ASSUMABLE,
        FailureKind.BUCKET_NOT_ACCESSIBLE,
        FailureKind.OTHER_REGION,
    }
)


@dataclass(frozen=True, slots=True)
class Failure:
    """One failed call: what was asked, and AWS's own words.

    `message` is AWS's text with secrets already removed; it may be shown to users.
    """

    kind: FailureKind
    operation: str
    code: str
    message: str
    request_id: str = ""
    retry_after: float = 0.0
    """For how many seconds AWS wants to be left alone (the header Retry-After)."""


class AwsError(Exception):
    """One failed AWS call; decisions look at `failure.kind` alone."""

    def __init__(self, failure: Failure) -> None:
        """Tell the failure in one line; its message holds no secret."""
        super().__init__(f"{failure.operation}: {failure.code}: {failure.message}")
        self.failure = failure
