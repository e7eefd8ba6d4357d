"""Error codes of AWS' services, by what follows from them.

Source: botocore's service models and https://docs.aws.amazon.com/IAM/latest/APIReference/CommonErrors.html.
"""

from __future__ import annotations

from typing import Final

THROTTLED: Final = frozenset(
    {
        "BandwidthLimitExceeded",
        "PriorRequestNotComplete",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "SlowDown",
        "ThrottledException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
    }
)
UNAVAILABLE: Final = frozenset(
    {
        "ConcurrentModification",  # IAM: another request changes the role at this moment; this one had no effect
        "InternalError",
        "InternalException",
        "InternalFailure",
        "InternalServerError",
        "InternalServiceException",
        "PaginationTokenExpiredException",
        "RequestTimeout",
        "RequestTimeoutException",
        "ServiceFailure",
        "ServiceUnavailable",
        "ServiceUnavailableException",
    }
)
STALE_CREDENTIALS: Final = frozenset(
    {
        "CredentialRetrievalError",
        "ExpiredToken",
        "ExpiredTokenException",
        "InvalidAccessKeyId",
        "InvalidClientTokenId",
        "InvalidSignatureException",
        "NoCredentialsError",
        "SignatureDoesNotMatch",
        "UnauthorizedSSOTokenError",
        "UnrecognizedClientException",
    }
)
"""Denials that newly loaded credentials may resolve."""
DENIED: Final = STALE_CREDENTIALS | {
    "AccessDenied",
    "AccessDeniedException",
    "AuthFailure",
    "IncompleteSignature",
    "IncompleteSignatureException",
    "MissingAuthenticationToken",
    "MissingAuthenticationTokenException",
    "NotAuthorized",
    "OptInRequired",
    "RegionDisabledException",
    "RequestExpired",
    "RequestTimeTooSkewed",
    "UnauthorizedOperation",
}
LIMITS: Final = frozenset({"LimitExceeded", "LimitExceededException", "ServiceQuotaExceededException"})
NOT_FOUND: Final = frozenset(
    {
        "NoSuchBucket",
        "NoSuchEntity",
        "NoSuchEntityException",
        "NoSuchKey",
        "NoSuchUpload",
        "NoSuchVersion",
        "ResourceNotFoundException",
    }
)
CONFLICT: Final = frozenset(
    {
        "ConflictException",
        "DeleteConflict",
        "DeleteConflictException",
        "EntityAlreadyExists",
        "EntityAlreadyExistsException",
        "ResourceInUseException",
    }
)

# No request was put on a connection.
