"""Checks, as DataSync's access tests do, that it reaches the storage that a request names.

The messages are DataSync's own; they come from CreateLocation, UpdateLocation, CreateTask, UpdateTask and
StartTaskExecution.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from datasync_emulator.access.permissions import may
from datasync_emulator.access.policy import trusts
from datasync_emulator.access.ports import BucketFacts, Buckets, Iam, Role
from datasync_emulator.catalogue.locations import LocationSpec
from datasync_emulator.catalogue.locations.spec import Metadata
from datasync_emulator.catalogue.locations.storage import Bucket, Folder
from datasync_emulator.catalogue.records import Location
from datasync_emulator.errors import ApiError, invalid_request, validation_error
from datasync_emulator.file_systems import FileSystems
from datasync_emulator.messages import Caller, JsonObject

_READ: Final = ("s3:ListBucket", "s3:GetObject")
_WRITE: Final = ("s3:ListBucket", "s3:GetObject", "s3:PutObject", "s3:DeleteObject")
# The API call in whose name a permission is refused, where it differs.
_CALLS: Final = {"s3:ListBucket": "s3:ListObjectsV2"}
_SERVICE: Final = "datasync.amazonaws.com"
_NO_BUCKET: Final = "The bucket does not exist."


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
        self._check(caller, spec, ("s3:ListBucket",))
        match spec.storage:
            case Bucket() as bucket:
                facts = self._bucket(bucket.arn)
                if facts.region != caller.region:
                    hint = f"The bucket is in this region: {facts.region}. Please use this region to retry the request."
                    raise _location_refused("s3:HeadBucket", hint)
                if self.buckets.has_objects(facts.name, bucket.prefix):
                    self._check(caller, spec, ("s3:GetObject",))

    def check_transfer(
        self, caller: Caller, source: Location, destination: Location, options: Mapping[str, object]
    ) -> None:
        """Refuse a source that can't be read, or a destination that can't be written, with these options.

        Raises:
            ApiError: InvalidRequestException in DataSync's words.
        """
        between_objects = {source.spec.metadata, destination.spec.metadata} == {Metadata.OBJECT}
        with_tags = options["ObjectTags"] == "PRESERVE" and between_objects
        read_tags, write_tags = (("s3:GetObjectTagging",), ("s3:PutObjectTagging",)) if with_tags else ((), ())
        self._check(caller, source.spec, _READ + read_tags)
        self._check(caller, destination.spec, _WRITE + write_tags)

    def check_report(self, caller: Caller, config: JsonObject | None) -> None:
        """Refuse a TaskReportConfig to whose bucket DataSync can't write.

        Raises:
            ApiError: InvalidRequestException in DataSync's words.
        """
        if config:
            target = _given(config, "taskReportConfig", "Destination")
            folder = target.get("Subdirectory", "").strip("/")
            self._check_object(caller, target, f"{folder}/*" if folder else "*", ("s3:PutObject",))

    def check_manifest(self, caller: Caller, config: JsonObject | None) -> None:
        """Refuse a ManifestConfig whose manifest DataSync may not read; whether it exists shows when it is read.

        Raises:
            ApiError: InvalidRequestException in DataSync's words.
        """
        if config:
            source = _given(config, "manifestConfig", "Source")
            version = ("s3:GetObjectVersion",) if "ManifestObjectVersionId" in source else ()
            self._check_object(caller, source, source["ManifestObjectPath"], ("s3:GetObject", *version))

    def check_versions(self, caller: Caller, source: Location) -> None:
        """Refuse a source whose objects' versions can't be read.

        Raises:
            ApiError: InvalidRequestException in DataSync's words.
        """
        self._check(caller, source.spec, ("s3:GetObjectVersion",))

    def _check(self, caller: Caller, spec: LocationSpec, actions: Iterable[str]) -> None:
        match spec.storage:
            case Bucket(role_arn=role_arn, prefix=prefix) as bucket:
                role, facts = self._assumed(caller, role_arn), self._bucket(bucket.arn)
                for action in actions:
                    if not may(role, facts, action, f"{prefix}*", _called_by(caller)):
                        hint = f"Ensure bucket access role has {facts.permission(action)} permission."
                        raise _location_refused(facts.permission(_CALLS.get(action, action)), hint)
            case Folder() as folder:
                self.file_systems.check(folder)

    def _check_object(self, caller: Caller, config: JsonObject, keys: str, actions: Iterable[str]) -> None:
        role = self._assumed(caller, config["BucketAccessRoleArn"])
        facts = self.buckets.find(config["S3BucketArn"])
        for action in actions:
            if facts is None or not may(role, facts, action, keys, _called_by(caller)):
                name = config["S3BucketArn"].rpartition(":::")[2]
                raise invalid_request(
                    f"DataSync bucket access test failed: could not perform {action} in bucket {name}. "
                    + (f"Access denied. Ensure bucket access role has {action} permission." if facts else _NO_BUCKET)
                )

    def _bucket(self, arn: str) -> BucketFacts:
        facts = self.buckets.find(arn)
        if facts is None:
            name = arn.rpartition(":::")[2]
            raise _location_refused("s3:HeadBucket", f"The bucket {name} does not exist.")
        return facts

    def _assumed(self, caller: Caller, arn: str) -> Role:
        role = self.iam.role(arn)
        if role is None or caller.now < role.created + self.iam_delay:
            raise _not_assumed(arn)
        if not trusts(role.trust, _SERVICE, _called_by(caller)):
            raise _not_assumed(arn)
        return role


def _given(config: JsonObject, name: str, member: str) -> JsonObject:
    """The bucket in a configuration; the model does not ask for it, but DataSync does."""
    found: JsonObject | None = (config.get(member) or {}).get("S3")
    if found is None:
        path = f"{name}.{member.lower()}"
        raise validation_error(
            f"1 validation error detected: Value null at '{path}' failed to satisfy constraint: Member must not be null"
        )
    return found


def _called_by(caller: Caller) -> dict[str, str]:
    source = f"arn:{caller.partition}:datasync:{caller.region}:{caller.account}:*"
    return {"aws:sourceaccount": caller.account, "aws:sourcearn": source}


def _not_assumed(arn: str) -> ApiError:
    name = arn.rpartition("/")[2]
    reason = f"Access denied when calling sts:AssumeRole; roleName={name}, roleArn={arn}"
    return invalid_request(f"Unable to assume role. Reason: {reason}")


def _location_refused(action: str, hint: str) -> ApiError:
    return invalid_request(f"DataSync location access test failed: could not perform {action} on bucket. {hint}")
