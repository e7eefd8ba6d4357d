"""Checks, as DataSync's location access test does, that a role reaches a bucket.

The messages are DataSync's own; they come from CreateLocation, UpdateLocation, CreateTask and StartTaskExecution.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from datasync_emulator.access.policy import Context, Document, allows, trusts
from datasync_emulator.catalogue.locations import LocationSpec
from datasync_emulator.catalogue.locations.spec import Metadata
from datasync_emulator.catalogue.locations.storage import Bucket, Folder
from datasync_emulator.catalogue.records import Location
from datasync_emulator.errors import ApiError, invalid_request
from datasync_emulator.file_systems import FileSystems
from datasync_emulator.messages import Caller

_REACH = ("s3:ListBucket",)
_READ = ("s3:ListBucket", "s3:GetObject")
_WRITE = ("s3:ListBucket", "s3:GetObject", "s3:PutObject", "s3:DeleteObject")
# What is asked of the bucket itself, and the call that needs it.
_CALLS = {"s3:ListBucket": "s3:ListObjectsV2"}
_SERVICE = "datasync.amazonaws.com"


@dataclass(frozen=True, slots=True)
class Role:
    """What is known of an IAM role; `boundary` is None where it has none."""

    arn: str
    name: str
    created: datetime
    trust: Document
    policies: tuple[Document, ...]
    boundary: Document | None = None


class Iam(Protocol):
    """Looks roles up."""

    def role(self, arn: str) -> Role | None:
        """The role of this ARN, in whichever account."""


class Buckets(Protocol):
    """Looks buckets up."""

    def owner(self, bucket: str) -> str | None:
        """The account that owns a bucket; None where there is no such bucket."""


@dataclass(frozen=True)
class Access:
    """The access tests; a role younger than `iam_delay` can't be assumed yet."""

    iam: Iam
    buckets: Buckets
    file_systems: FileSystems
    iam_delay: timedelta

    def check_location(self, caller: Caller, spec: LocationSpec) -> None:
        """Refuse a location that DataSync can't reach.

        Raises:
            ApiError: InvalidRequestException in DataSync's words.
        """
        self._check(caller, spec, _REACH)

    def check_transfer(
        self, caller: Caller, source: Location, destination: Location, options: Mapping[str, object]
    ) -> None:
        """Refuse a source that can't be read, or a destination that can't be written, with these options.

        Raises:
            ApiError: InvalidRequestException in DataSync's words.
        """
        with_tags = (
            options["ObjectTags"] == "PRESERVE"
            and source.spec.metadata is Metadata.OBJECT
            and destination.spec.metadata is Metadata.OBJECT
        )
        read_tags, write_tags = (("s3:GetObjectTagging",), ("s3:PutObjectTagging",)) if with_tags else ((), ())
        self._check(caller, source.spec, _READ + read_tags)
        self._check(caller, destination.spec, _WRITE + write_tags)

    def _check(self, caller: Caller, spec: LocationSpec, actions: Iterable[str]) -> None:
        match spec.storage:
            case Bucket() as bucket:
                self._check_bucket(caller, bucket, actions)
            case Folder() as folder:
                self.file_systems.check(folder)

    def _check_bucket(self, caller: Caller, bucket: Bucket, actions: Iterable[str]) -> None:
        role = self._assumed(caller, bucket.role_arn)
        owner = self.buckets.owner(bucket.name)
        if owner is None:
            raise _failed("s3:HeadBucket", f"The bucket {bucket.name} does not exist.")
        context = {"aws:resourceaccount": owner, "s3:prefix": bucket.prefix, **_called_by(caller)}
        for action in actions:
            resource = bucket.arn if action in _CALLS else f"{bucket.arn}/{bucket.prefix}*"
            if not _may(role, action, resource, context):
                hint = f"Ensure bucket access role has {action} permission."
                raise _failed(_CALLS.get(action, action), hint)

    def _assumed(self, caller: Caller, arn: str) -> Role:
        role = self.iam.role(arn)
        if role is None or caller.now < role.created + self.iam_delay:
            raise _not_assumed(arn)
        if not trusts(role.trust, _SERVICE, _called_by(caller)):
            raise _not_assumed(arn)
        return role


def _may(role: Role, action: str, resource: str, context: Context) -> bool:
    bounded = role.boundary is None or allows([role.boundary], action, resource, context)
    return bounded and allows(role.policies, action, resource, context)


def _called_by(caller: Caller) -> dict[str, str]:
    source = f"arn:{caller.partition}:datasync:{caller.region}:{caller.account}:*"
    return {"aws:sourceaccount": caller.account, "aws:sourcearn": source}


def _not_assumed(arn: str) -> ApiError:
    name = arn.rpartition("/")[2]
    reason = f"Access denied when calling sts:AssumeRole; roleName={name}, roleArn={arn}"
    return invalid_request(f"Unable to assume role. Reason: {reason}")


def _failed(action: str, hint: str) -> ApiError:
    return invalid_request(f"DataSync location access test failed: could not perform {action} on bucket. {hint}")
