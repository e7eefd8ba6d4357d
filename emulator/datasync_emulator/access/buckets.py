"""Checks, as DataSync's location access test does, that a role reaches a bucket.

The messages are DataSync's own; they come from CreateLocation, UpdateLocation, CreateTask and StartTaskExecution.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from datasync_emulator.access.policy import Context, Document, allows, trusts
from datasync_emulator.catalogue.records import EfsPlace, Location, Place, S3Place
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

    def check_place(self, caller: Caller, place: Place) -> None:
        """Refuse a place that DataSync can't reach.

        Raises:
            ApiError: InvalidRequestException in DataSync's words.
        """
        self._check(caller, place, _REACH)

    def check_transfer(
        self, caller: Caller, source: Location, destination: Location, options: Mapping[str, object]
    ) -> None:
        """Refuse a source that can't be read, or a destination that can't be written, with these options.

        Raises:
            ApiError: InvalidRequestException in DataSync's words.
        """
        with_tags = (
            options["ObjectTags"] == "PRESERVE"
            and isinstance(source.place, S3Place)
            and isinstance(destination.place, S3Place)
        )
        read_tags, write_tags = (("s3:GetObjectTagging",), ("s3:PutObjectTagging",)) if with_tags else ((), ())
        self._check(caller, source.place, _READ + read_tags)
        self._check(caller, destination.place, _WRITE + write_tags)

    def _check(self, caller: Caller, place: Place, actions: Iterable[str]) -> None:
        match place:
            case S3Place():
                self._check_bucket(caller, place, actions)
            case EfsPlace():
                self.file_systems.check(caller, place)

    def _check_bucket(self, caller: Caller, place: S3Place, actions: Iterable[str]) -> None:
        role = self._assumed(caller, place.role_arn)
        owner = self.buckets.owner(place.bucket)
        if owner is None:
            raise _failed("s3:HeadBucket", f"The bucket {place.bucket} does not exist.")
        context = {"aws:resourceaccount": owner, "s3:prefix": place.prefix, **_called_by(caller)}
        for action in actions:
            resource = place.bucket_arn if action in _CALLS else f"{place.bucket_arn}/{place.prefix}*"
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
