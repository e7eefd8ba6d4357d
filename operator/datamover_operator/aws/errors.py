"""Errors are classified here, once (I8): a botocore exception becomes a `Failure`; nothing above reads codes or texts.

Codes: botocore's service models and https://docs.aws.amazon.com/IAM/latest/APIReference/CommonErrors.html.
DataSync answers nearly every refusal with InvalidRequestException, so a few of its texts must be told apart.
"""

from __future__ import annotations

import re
import ssl
from typing import Final

from botocore import exceptions as boto
from botocore.parsers import ResponseParserError

from datamover_common.redaction import scrub
from datamover_common.retry_after import seconds_in
from datamover_operator.aws.error_codes import CONFLICT, DENIED, LIMITS, NOT_FOUND, THROTTLED, UNAVAILABLE
from datamover_operator.aws.failure import Failure, FailureKind

_MESSAGE_LIMIT: Final = 2048

_NEVER_SENT: Final = (
    boto.EndpointConnectionError,
    boto.ConnectTimeoutError,
    boto.ProxyConnectionError,
)
_CREDENTIALS: Final = (
    boto.CredentialRetrievalError,
    boto.InfiniteLoopConfigError,
    boto.InvalidConfigError,
    boto.LoginError,
    boto.MetadataRetrievalError,
    boto.NoAuthTokenError,
    boto.NoCredentialsError,
    boto.PartialCredentialsError,
    boto.ProfileNotFound,
    boto.RefreshWithMFAUnsupportedError,
    boto.SSOError,
    boto.TokenRetrievalError,
    boto.UnknownCredentialError,
)
_REFUSED_HERE: Final = (boto.ParamValidationError, boto.ValidationError, boto.EndpointProviderError)

# DataSync's words (Terraform's provider matches the same): the role is too new, or its owner must fix it.
# A bucket that does not exist is neither: no waiting helps.
_ROLE: Final = re.compile(r"unable to assume role|invalid iam role", re.IGNORECASE)
_REACH: Final = re.compile("(location|bucket) access test failed", re.IGNORECASE)
_ABSENT: Final = re.compile(r"\bdoes not exist\b", re.IGNORECASE)
_REGION: Final = re.compile(r"\bbucket is in this region\b", re.IGNORECASE)
_MISSING: Final = re.compile(r"\bnot found\b", re.IGNORECASE)
# In a Create, Start or Update something else may be missing (a bucket, a file system), which the user has to fix.
_PART_MISSING: Final = re.compile(r"^\W*(?:sync )?(?:task|location|execution)\b.*\bnot found\b", re.IGNORECASE)
_NAMES_PARTS: Final = ("Create", "Start", "Update")
# Their requests hold nothing a user declared: a refusal can only be about the present state (ended, busy, in use).
_ABOUT_STATE: Final = frozenset({"CancelTaskExecution", "DeleteTask", "DeleteLocation"})
# What they do not find is the permissions boundary, which has to be fixed in the account.
_NAMES_POLICY: Final = frozenset({"CreateRole", "PutRolePermissionsBoundary"})
# Their requests name nothing but what they act on.
_PLAIN: Final = _ABOUT_STATE | {"UpdateTaskExecution"}


def is_creating(operation: str) -> bool:
    """Tell whether sending the operation twice may create two resources (none takes an idempotency token)."""
    return operation.startswith(("Create", "Start"))


def code_of(error: Exception) -> str:
    """Return AWS's error code, or the exception's name if AWS has not answered."""
    if isinstance(error, boto.ClientError):
        return error.response.get("Error", {}).get("Code", "")
    return type(error).__name__


def lost(operation: str, *, sent: bool, code: str, message: str) -> Failure:
    """Return the failure of a call that gave no usable answer: in doubt only if it was sent and is creating."""
    in_doubt = sent and is_creating(operation)
    kind = FailureKind.UNKNOWN_OUTCOME if in_doubt else FailureKind.UNAVAILABLE
    return Failure(kind, operation, code, _shown(message))


def classify(error: Exception, operation: str, *, sent: bool) -> Failure | None:
    """Return what a botocore exception means.

    Args:
        error: what the call raised.
        operation: the operation asked for (`CreateTask`); botocore may have failed in another one before it.
        sent: whether the request itself was about to be put on the wire.

    Returns:
        The failure, or None where the exception is no AWS failure but a defect of ours. After a creating request
        was sent even that is an unknown outcome.
    """
    if isinstance(error, boto.ClientError):
        return _of_answer(error, operation)
    code = code_of(error)
    if isinstance(error, _NEVER_SENT) or _certificate_refused(error):
        return Failure(FailureKind.UNAVAILABLE, operation, code, _shown(str(error)))
    if isinstance(error, _CREDENTIALS):
        return Failure(FailureKind.DENIED, operation, code, _shown(str(error)))
    if isinstance(error, _REFUSED_HERE):
        return Failure(FailureKind.REFUSED, operation, code, _shown(str(error)))
    if isinstance(error, boto.BotoCoreError | ResponseParserError) or (sent and is_creating(operation)):
        return lost(operation, sent=sent, code=code, message=str(error))
    if isinstance(error, OSError) and not sent:  # a file of the credentials (a web identity token) can't be read
        return Failure(FailureKind.DENIED, operation, code, _shown(str(error)))
    return None


def _of_answer(error: boto.ClientError, operation: str) -> Failure:
    """Classify an answer with an error in it."""
    details = error.response.get("Error", {})
    metadata = error.response.get("ResponseMetadata")
    status = metadata.get("HTTPStatusCode", 0) if metadata else 0
    code = code_of(error)
    message = details.get("Message", "")
    answered = error.operation_name
    # Fetching credentials (AssumeRole) comes before the call: it was not sent, and a refusal is the credentials'.
    kind = _kind(code, message, status, operation) if answered == operation else _credentials_kind(code, status)
    request_id = metadata.get("RequestId", "") if metadata else ""
    headers = metadata.get("HTTPHeaders", {}) if metadata else {}
    return Failure(kind, answered, code, _shown(message), request_id, seconds_in(headers.get("retry-after")))


def _kind(code: str, message: str, status: int, operation: str) -> FailureKind:
    kind = _by_code(code, status)
    if kind is FailureKind.NOT_FOUND and operation in _NAMES_POLICY:
        return FailureKind.REFUSED
    if kind is FailureKind.UNAVAILABLE and is_creating(operation):
        return FailureKind.UNKNOWN_OUTCOME
    if kind is not None:
        return kind
    if code != "InvalidRequestException":
        return FailureKind.REFUSED
    declared = operation.startswith(_NAMES_PARTS) and operation not in _PLAIN
    if (_PART_MISSING if declared else _MISSING).search(message):
        return FailureKind.NOT_FOUND
    if _ROLE.search(message):
        return FailureKind.ROLE_NOT_ASSUMABLE
    if (test := _REACH.search(message)) is not None:
        if test[1].lower() == "location" and _REGION.search(message, test.end()):
            return FailureKind.OTHER_REGION
        if not _ABSENT.search(message, test.end()):
            return FailureKind.BUCKET_NOT_ACCESSIBLE
    return FailureKind.CONFLICT if operation in _ABOUT_STATE else FailureKind.REFUSED


def _by_code(code: str, status: int) -> FailureKind | None:
    if code in THROTTLED or status == 429:  # noqa: PLR2004 - HTTP: Too Many Requests
        return FailureKind.THROTTLED
    if code in DENIED or status in {401, 403}:
        return FailureKind.DENIED
    # A numeric code means that something other than the service answered (a proxy, a wrong endpoint). Its 404 must
    # not pass for a resource that is gone.
    if code in UNAVAILABLE or status >= 500 or code.isdigit():  # noqa: PLR2004 - HTTP: Server Error
        return FailureKind.UNAVAILABLE
    if code in NOT_FOUND:
        return FailureKind.NOT_FOUND
    if code in LIMITS:
        return FailureKind.LIMIT_EXCEEDED
    return FailureKind.CONFLICT if code in CONFLICT else None


def _credentials_kind(code: str, status: int) -> FailureKind:
    kind = _by_code(code, status)
    return kind if kind in {FailureKind.THROTTLED, FailureKind.UNAVAILABLE} else FailureKind.DENIED


def _certificate_refused(error: Exception) -> bool:
    """Tell whether TLS ended before any request: the server's certificate was not accepted."""
    cause: object = error.kwargs.get("error") if isinstance(error, boto.SSLError) else None
    while isinstance(cause, BaseException):
        if isinstance(cause, ssl.SSLCertVerificationError):
            return True
        cause = cause.args[0] if cause.args and isinstance(cause.args[0], BaseException) else cause.__cause__
    return False


def _shown(message: str) -> str:
    text = scrub(" ".join(message.split()))
    return text if len(text) <= _MESSAGE_LIMIT else text[: _MESSAGE_LIMIT - 1] + "…"
