"""The narrow openings through which the operator acts on AWS.

All methods raise `datamover_operator.aws.failure.AwsError`, whose `.failure` says what kind of failure it was.
JSON is DataSync's own with camelCase member names; times are RFC 3339 strings.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Final, Protocol

from datamover_crds import JsonObject

send_before: ContextVar[float] = ContextVar("send_before", default=float("inf"))
"""Until when (in seconds of time.monotonic) a Create* or Start* call may leave this process.

A call that would leave later is not sent: by then another process may have concluded that it was never made.
"""


@dataclass(frozen=True, slots=True)
class Role:
    """An IAM role as GetRole and GetRolePolicy show it.

    `policy` is the inline policy's document, `permissions_boundary` a policy's ARN; None where absent.
    """

    arn: str
    name: str
    created_at: datetime
    tags: Mapping[str, str]
    policy: JsonObject | None
    permissions_boundary: str | None


Secrets = Mapping[str, str | bytes]
"""Values that a request holds, by their places in it: `protocol.smb.password`. No log or failure shows them."""


NO_SECRETS: Final[Secrets] = MappingProxyType({})


class DataSync(Protocol):
    """The DataSync operations the operator needs, for one account and region.

    Create* and start are sent at most once (no SDK retry): a lost reply raises UNKNOWN_OUTCOME.
    """

    async def create_location(self, kind: str, request: JsonObject, secrets: Secrets = NO_SECRETS) -> str:
        """Send CreateLocation… of a type; return the location's ARN. `request` holds `tags` as [{key, value}]."""

    async def describe_location(self, kind: str, arn: str) -> JsonObject:
        """Return DescribeLocation… without secrets; REFUSED where the location is of another type."""

    async def update_location(self, kind: str, arn: str, changes: JsonObject, secrets: Secrets = NO_SECRETS) -> None:
        """Send UpdateLocation…."""

    async def delete_location(self, arn: str) -> None:
        """Send DeleteLocation."""

    async def list_locations(self, created_after: datetime | None = None) -> Sequence[JsonObject]:
        """Return every page of ListLocations ({locationArn, locationUri})."""

    async def describe_agent(self, arn: str) -> JsonObject:
        """Return DescribeAgent."""

    async def create_task(self, request: JsonObject) -> str:
        """Send CreateTask; return the task's ARN."""

    async def describe_task(self, arn: str) -> JsonObject:
        """Return DescribeTask."""

    async def update_task(self, arn: str, changes: JsonObject) -> None:
        """Send UpdateTask."""

    async def delete_task(self, arn: str) -> None:
        """Send DeleteTask."""

    async def list_tasks(self, created_after: datetime | None = None) -> Sequence[JsonObject]:
        """Return every page of ListTasks ({taskArn, status, name, taskMode})."""

    async def start_task_execution(self, request: JsonObject) -> str:
        """Send StartTaskExecution; return the execution's ARN."""

    async def describe_task_execution(self, arn: str) -> JsonObject:
        """Return DescribeTaskExecution."""

    async def update_task_execution(self, arn: str, bytes_per_second: int) -> None:
        """Send UpdateTaskExecution."""

    async def cancel_task_execution(self, arn: str) -> None:
        """Send CancelTaskExecution."""

    async def list_task_executions(self, task_arn: str) -> Sequence[JsonObject]:
        """Return every page of ListTaskExecutions of one task ({taskExecutionArn, status, taskMode})."""

    async def list_all_executions(self) -> Sequence[str]:
        """Return every page of ListTaskExecutions of all tasks: the ARNs, in no order that AWS promises."""

    async def list_tags(self, arn: str) -> dict[str, str]:
        """Return every page of ListTagsForResource."""

    async def tag(self, arn: str, tags: Mapping[str, str]) -> None:
        """Send TagResource."""

    async def untag(self, arn: str, keys: Sequence[str]) -> None:
        """Send UntagResource."""


class Iam(Protocol):
    """The IAM operations that the bucket access roles need."""

    async def create_role(
        self,
        name: str,
        *,
        path: str,
        trust: JsonObject,
        tags: Mapping[str, str],
        permissions_boundary: str | None,
    ) -> Role:
        """Send CreateRole; the answered role has no policy yet. CONFLICT where the name is taken."""

    async def list_roles(self) -> Mapping[str, JsonObject]:
        """Return {ARN: trust policy} of every role of the account (ListRoles, all pages)."""

    async def get_role(self, name: str, policy_name: str) -> Role:
        """Return GetRole and GetRolePolicy as one."""

    async def put_role_policy(self, name: str, policy_name: str, policy: JsonObject) -> None:
        """Send PutRolePolicy."""

    async def put_role_permissions_boundary(self, name: str, boundary: str) -> None:
        """Send PutRolePermissionsBoundary."""

    async def delete_role(self, name: str, policy_name: str) -> None:
        """Send DeleteRolePolicy and DeleteRole; a policy that is already gone is no failure."""

    async def tag_role(self, name: str, tags: Mapping[str, str]) -> None:
        """Send TagRole."""

    async def untag_role(self, name: str, keys: Sequence[str]) -> None:
        """Send UntagRole."""


@dataclass(frozen=True, slots=True)
class Listed:
    """An object in a bucket: its key, its size in bytes, when it was last modified (RFC 3339, UTC, to the second)."""

    key: str
    size: int
    modified: str


class S3(Protocol):
    """The operations on objects that manifests, selections, reports and comparisons need. Bodies are small pieces."""

    async def list_objects(self, bucket: str, prefix: str, after: str = "") -> tuple[Sequence[Listed], bool]:
        """Return one page, at most 1,000 keys after `after` in UTF-8's order, and whether there are more."""

    async def read(self, bucket: str, key: str, start: int, length: int, version: str | None = None) -> bytes:
        """Return so many bytes of an object from `start` on; fewer, or none, at its end. NOT_FOUND if there is none."""

    async def put(self, bucket: str, key: str, body: bytes) -> None:
        """Send PutObject."""

    async def begin_upload(self, bucket: str, key: str) -> str:
        """Send CreateMultipartUpload; return the upload's id."""

    async def put_part(self, bucket: str, key: str, upload: str, number: int, body: bytes) -> str:
        """Send UploadPart; return the part's ETag. All parts but the last have at least 5 MiB."""

    async def complete_upload(self, bucket: str, key: str, upload: str, etags: Sequence[str]) -> None:
        """Send CompleteMultipartUpload with all parts from number 1 on."""

    async def abort_upload(self, bucket: str, key: str, upload: str) -> None:
        """Send AbortMultipartUpload."""

    async def delete(self, bucket: str, key: str) -> None:
        """Send DeleteObject; one that is not there is no failure."""


class Logs(Protocol):
    """The CloudWatch Logs operations that the advice on log groups needs."""

    async def resource_policies(self) -> Sequence[str]:
        """Return the documents of DescribeResourcePolicies, all pages, as JSON texts."""


class Tagging(Protocol):
    """The Resource Groups Tagging API: positive answers only, silence proves nothing."""

    async def find(self, tags: Mapping[str, str]) -> Mapping[str, Mapping[str, str]]:
        """Return {arn: tags} of every DataSync resource that carries all the given tags (GetResources, all pages)."""

    async def find_all(self, key: str | None = None) -> Mapping[str, Mapping[str, str]]:
        """Return {arn: tags} of every DataSync resource that carries a tag of this key; None: of every tagged one."""


class Sts(Protocol):
    """Who the operator is in the account."""

    async def caller_identity(self) -> tuple[str, str]:
        """Return (account id, caller ARN) of GetCallerIdentity."""


@dataclass(frozen=True, slots=True)
class QueueMessage:
    """A message of a queue, and the receipt by which it is deleted."""

    body: str
    receipt: str


class Queue(Protocol):
    """A queue of messages (SQS)."""

    async def receive(self, url: str) -> Sequence[QueueMessage]:
        """Wait for messages for up to 20 s; return at most ten."""

    async def delete(self, url: str, receipts: Sequence[str]) -> None:
        """Delete at most ten messages; one that can't be deleted comes again."""


@dataclass(frozen=True, slots=True)
class Aws:
    """All ports into one account and region."""

    datasync: DataSync
    iam: Iam
    tagging: Tagging
    sts: Sts
    s3: S3
    logs: Logs
    queue: Queue
    backlog: Callable[[], float] = float
    """For how many seconds the account's calls wait already, at its pace."""
