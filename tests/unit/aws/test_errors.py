"""Every way in which a call can fail, and what it means for whoever asked."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

import pytest
import urllib3.exceptions
from botocore import exceptions as boto
from botocore.parsers import ResponseParserError
from hypothesis import given
from hypothesis import strategies as st

from datamover_operator.aws.errors import classify, is_creating, lost
from datamover_operator.aws.failure import AwsError, Failure
from datamover_operator.aws.failure import FailureKind as Kind

if TYPE_CHECKING:
    from botocore.awsrequest import AWSRequest

ARN = "arn:aws:datasync:eu-central-1:123456789012:task/task-0123456789abcdef0"
URL = "https://datasync.eu-central-1.amazonaws.com/"
INVALID = "InvalidRequestException"


def answer(code: str, message: str = "", *, status: int = 400, operation: str = "CreateTask") -> boto.ClientError:
    return boto.ClientError(
        {
            "Error": {"Code": code, "Message": message},
            "ResponseMetadata": {
                "RequestId": "req-1",
                "HTTPStatusCode": status,
                "HTTPHeaders": {},
                "RetryAttempts": 0,
                "HostId": "",
            },
        },
        operation,
    )


def test_the_time_that_aws_wants_to_be_left_alone_is_read() -> None:
    error = answer("ThrottlingException")
    error.response["ResponseMetadata"]["HTTPHeaders"]["retry-after"] = "7"
    told = classify(error, "DescribeTask", sent=True)
    assert told is not None
    assert told.retry_after == 7


def kind_of(error: Exception, operation: str, *, sent: bool = True) -> Kind | None:
    failure = classify(error, operation, sent=sent)
    return failure.kind if failure else None


@pytest.mark.parametrize(
    ("operation", "code", "status", "message", "kind"),
    [
        # pace
        ("CreateTask", "ThrottlingException", 400, "Rate exceeded", Kind.THROTTLED),
        ("CreateRole", "Throttling", 400, "Rate exceeded", Kind.THROTTLED),
        ("DescribeTask", "TooManyRequestsException", 429, "", Kind.THROTTLED),
        ("DescribeTask", "429", 429, "Too Many Requests", Kind.THROTTLED),
        ("CreateTask", "SlowDown", 503, "", Kind.THROTTLED),
        # AWS in trouble
        ("DescribeTask", "InternalException", 500, "", Kind.UNAVAILABLE),
        ("CreateTask", "InternalException", 500, "", Kind.UNKNOWN_OUTCOME),
        ("StartTaskExecution", "InternalException", 400, "", Kind.UNKNOWN_OUTCOME),
        ("CreateLocationS3", "ServiceUnavailable", 503, "", Kind.UNKNOWN_OUTCOME),
        ("CreateRole", "ServiceFailure", 500, "", Kind.UNKNOWN_OUTCOME),
        ("UpdateTask", "ServiceUnavailable", 503, "", Kind.UNAVAILABLE),
        ("PutRolePolicy", "ConcurrentModification", 409, "", Kind.UNAVAILABLE),
        ("GetResources", "PaginationTokenExpiredException", 400, "", Kind.UNAVAILABLE),
        # a permissions boundary that is not there
        ("CreateRole", "NoSuchEntity", 404, "Scope ARN: arn does not exist or is not attachable.", Kind.REFUSED),
        ("PutRolePermissionsBoundary", "NoSuchEntity", 404, "Scope ARN: arn does not exist", Kind.REFUSED),
        # not the service's own answer: a proxy's 404 must not pass for a resource that is gone
        ("DescribeTask", "404", 404, "Not Found", Kind.UNAVAILABLE),
        ("DescribeTask", "502", 502, "Bad Gateway", Kind.UNAVAILABLE),
        ("CreateTask", "504", 504, "Gateway Timeout", Kind.UNKNOWN_OUTCOME),
        # credentials
        ("CreateTask", "AccessDeniedException", 400, "not authorized to perform: iam:PassRole", Kind.DENIED),
        ("CreateRole", "AccessDenied", 403, "", Kind.DENIED),
        ("DescribeTask", "UnrecognizedClientException", 400, "", Kind.DENIED),
        ("DescribeTask", "ExpiredTokenException", 400, "", Kind.DENIED),
        ("GetRole", "InvalidClientTokenId", 403, "", Kind.DENIED),
        ("GetRole", "403", 403, "Forbidden", Kind.DENIED),
        # IAM's codes
        ("GetRole", "NoSuchEntity", 404, "", Kind.NOT_FOUND),
        ("CreateRole", "EntityAlreadyExists", 409, "", Kind.CONFLICT),
        ("DeleteRole", "DeleteConflict", 409, "", Kind.CONFLICT),
        ("CreateRole", "LimitExceeded", 409, "Cannot exceed quota for RolesPerAccount", Kind.LIMIT_EXCEEDED),
        ("CreateRole", "MalformedPolicyDocument", 400, "", Kind.REFUSED),
        # DataSync says nearly everything with one code
        ("DescribeTask", INVALID, 400, f"Task {ARN} is not found.", Kind.NOT_FOUND),
        ("DeleteLocation", INVALID, 400, "Location loc-0 is not found.", Kind.NOT_FOUND),
        ("CancelTaskExecution", INVALID, 400, "Request parameter execution not found", Kind.NOT_FOUND),
        ("TagResource", INVALID, 400, "Resource not found", Kind.NOT_FOUND),
        ("CreateTask", INVALID, 400, "Location loc-0 is not found.", Kind.NOT_FOUND),
        ("UpdateLocationS3", INVALID, 400, "Location loc-0 is not found.", Kind.NOT_FOUND),
        ("StartTaskExecution", INVALID, 400, f"Task {ARN} not found", Kind.NOT_FOUND),
        ("CreateLocationEfs", INVALID, 400, "File system fs-1 was not found", Kind.REFUSED),
        ("CreateLocationS3", INVALID, 400, "Bucket not found", Kind.REFUSED),
        (
            "CreateLocationS3",
            INVALID,
            400,
            "Unable to assume role. Reason: Access denied when calling sts:AssumeRole; roleName=r, roleArn=a",
            Kind.ROLE_NOT_ASSUMABLE,
        ),
        ("CreateTask", INVALID, 400, "Invalid IAM role", Kind.ROLE_NOT_ASSUMABLE),
        (
            "CreateLocationS3",
            INVALID,
            400,
            "DataSync location access test failed: could not perform s3:HeadBucket. The bucket b does not exist.",
            Kind.REFUSED,
        ),
        (
            "StartTaskExecution",
            INVALID,
            400,
            "DataSync location access test failed: could not perform s3:ListObjectsV2 on bucket.",
            Kind.BUCKET_NOT_ACCESSIBLE,
        ),
        (
            "CreateLocationS3",
            INVALID,
            400,
            "DataSync location access test failed: could not perform s3:HeadBucket. The bucket is in this region: x.",
            Kind.OTHER_REGION,
        ),
        # requests without anything declared: only the state can be in the way
        ("CancelTaskExecution", INVALID, 400, "cannot be cancelled in its current status: SUCCESS", Kind.CONFLICT),
        ("UpdateTaskExecution", INVALID, 400, "Invalid SyncOption value. Option: BytesPerSecond", Kind.REFUSED),
        ("UpdateTaskExecution", INVALID, 400, "Request: TaskExecution exec-0 not found", Kind.NOT_FOUND),
        ("DeleteTask", INVALID, 400, "is running", Kind.CONFLICT),
        ("DeleteLocation", INVALID, 400, "in use by task", Kind.CONFLICT),
        # the user's
        ("CreateTask", INVALID, 400, "Invalid SyncOption value. Option: Uid", Kind.REFUSED),
        ("UpdateTask", "ValidationException", 400, "1 validation error detected", Kind.REFUSED),
        ("DescribeTask", "SomethingNew", 400, "", Kind.REFUSED),
    ],
)
def test_an_answer_has_one_meaning(operation: str, code: str, status: int, message: str, kind: Kind) -> None:
    failure = classify(answer(code, message, status=status, operation=operation), operation, sent=True)
    assert failure == Failure(kind, operation, code, message, "req-1")


@pytest.mark.parametrize(
    ("code", "status", "kind"),
    [
        ("AccessDenied", 403, Kind.DENIED),
        ("ValidationError", 400, Kind.DENIED),
        ("NoSuchEntity", 404, Kind.DENIED),
        ("Throttling", 400, Kind.THROTTLED),
        ("ServiceUnavailable", 503, Kind.UNAVAILABLE),
    ],
)
def test_a_failure_to_get_credentials_is_never_in_doubt(code: str, status: int, kind: Kind) -> None:
    failure = classify(answer(code, status=status, operation="AssumeRole"), "CreateTask", sent=False)
    assert failure is not None
    assert (failure.kind, failure.operation) == (kind, "AssumeRole")


def network(cls: type[boto.BotoCoreError], error: Exception | None = None) -> boto.BotoCoreError:
    return cls(endpoint_url=URL, proxy_url=URL, error=error or OSError("broken"))


def closed() -> boto.BotoCoreError:
    request: AWSRequest | None = None
    return boto.ConnectionClosedError(error=OSError("reset"), request=request, endpoint_url=URL)


@pytest.mark.parametrize(
    ("error", "creating", "reading"),
    [
        (network(boto.EndpointConnectionError), Kind.UNAVAILABLE, Kind.UNAVAILABLE),
        (network(boto.ConnectTimeoutError), Kind.UNAVAILABLE, Kind.UNAVAILABLE),
        (network(boto.ProxyConnectionError), Kind.UNAVAILABLE, Kind.UNAVAILABLE),
        (network(boto.ReadTimeoutError), Kind.UNKNOWN_OUTCOME, Kind.UNAVAILABLE),
        (closed(), Kind.UNKNOWN_OUTCOME, Kind.UNAVAILABLE),
        (network(boto.HTTPClientError), Kind.UNKNOWN_OUTCOME, Kind.UNAVAILABLE),
        (network(boto.SSLError, ssl.SSLError("eof")), Kind.UNKNOWN_OUTCOME, Kind.UNAVAILABLE),
        (network(boto.SSLError, ssl.SSLCertVerificationError("bad")), Kind.UNAVAILABLE, Kind.UNAVAILABLE),
        (
            network(boto.SSLError, urllib3.exceptions.SSLError(ssl.SSLCertVerificationError("bad"))),
            Kind.UNAVAILABLE,
            Kind.UNAVAILABLE,
        ),
        (ResponseParserError("no XML"), Kind.UNKNOWN_OUTCOME, Kind.UNAVAILABLE),
        (boto.NoCredentialsError(), Kind.DENIED, Kind.DENIED),
        (boto.PartialCredentialsError(provider="env", cred_var="x"), Kind.DENIED, Kind.DENIED),
        (boto.CredentialRetrievalError(provider="p", error_msg="m"), Kind.DENIED, Kind.DENIED),
        (boto.ProfileNotFound(profile="p"), Kind.DENIED, Kind.DENIED),
        (boto.ParamValidationError(report="Unknown parameter"), Kind.REFUSED, Kind.REFUSED),
        (KeyError("a defect of ours"), Kind.UNKNOWN_OUTCOME, None),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else str(value),
)
def test_without_an_answer_only_a_creating_call_that_was_sent_is_in_doubt(
    error: Exception, creating: Kind, reading: Kind | None
) -> None:
    assert kind_of(error, "CreateTask") is creating
    assert kind_of(error, "DescribeTask") is reading
    assert kind_of(error, "CreateTask", sent=False) is not Kind.UNKNOWN_OUTCOME


@pytest.mark.parametrize(
    "error", [FileNotFoundError(2, "No such file", "/token"), PermissionError(13, "Denied", "/token")]
)
def test_a_credentials_file_that_can_not_be_read_is_the_accounts_trouble(error: OSError) -> None:
    failure = classify(error, "CreateTask", sent=False)
    assert failure == Failure(Kind.DENIED, "CreateTask", type(error).__name__, str(error))
    assert "/token" in failure.message


def test_what_is_in_doubt_when_no_answer_can_be_used() -> None:
    assert lost("CreateTask", sent=True, code="c", message="m").kind is Kind.UNKNOWN_OUTCOME
    assert lost("CreateTask", sent=False, code="c", message="m").kind is Kind.UNAVAILABLE
    assert lost("DescribeTask", sent=True, code="c", message="m").kind is Kind.UNAVAILABLE


@pytest.mark.parametrize(
    ("operation", "expected"),
    [("CreateTask", True), ("StartTaskExecution", True), ("CreateRole", True), ("PutRolePolicy", False)],
)
def test_operations_that_make_something(operation: str, expected: bool) -> None:
    assert is_creating(operation) is expected


def test_the_message_shows_no_secret_and_is_one_line_of_bounded_length() -> None:
    quoted = "1 validation error detected: Value 'hunter2'\n at 'smbPassword' failed " + "x" * 5000
    failure = classify(answer("ValidationException", quoted), "CreateTask", sent=True)
    assert failure is not None
    assert "hunter2" not in failure.message
    assert "\n" not in failure.message
    assert len(failure.message) == 2048
    assert str(AwsError(failure)).startswith("CreateTask: ValidationException: 1 validation error detected: Value")


def test_an_answer_without_metadata_is_classified_too() -> None:
    failure = classify(boto.ClientError({"Error": {"Code": "NoSuchEntity"}}, "GetRole"), "GetRole", sent=True)
    assert failure == Failure(Kind.NOT_FOUND, "GetRole", "NoSuchEntity", "", "")


@given(
    code=st.text(max_size=20),
    message=st.text(max_size=50),
    status=st.integers(300, 599),
    operation=st.sampled_from(["CreateTask", "StartTaskExecution", "DescribeTask", "DeleteRole"]),
)
def test_any_answer_at_all_is_classified_and_only_creations_are_in_doubt(
    code: str, message: str, status: int, operation: str
) -> None:
    kind = kind_of(answer(code, message, status=status, operation=operation), operation)
    assert kind is not None
    if kind is Kind.UNKNOWN_OUTCOME:
        assert is_creating(operation)
