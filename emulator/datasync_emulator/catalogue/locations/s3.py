"""Amazon S3."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar, Self

from datasync_emulator.catalogue.locations.spec import LocationSpec, Metadata
from datasync_emulator.catalogue.locations.storage import Bucket
from datasync_emulator.catalogue.locations.subdirectory import folder
from datasync_emulator.errors import invalid_request
from datasync_emulator.messages import Caller, JsonObject


@dataclass(frozen=True, slots=True)
class S3(LocationSpec):
    """A bucket and a prefix in it."""

    operation: ClassVar[str] = "S3"
    filter_value: ClassVar[str] = "S3"
    enhanced: ClassVar[bool] = True

    bucket: Bucket

    @classmethod
    def create(cls, caller: Caller, params: JsonObject) -> Self:  # noqa: ARG003 - any account's bucket will do
        """Read CreateLocationS3."""
        storage_class = params.get("S3StorageClass", "STANDARD")
        if storage_class == "OUTPOSTS" and ":s3-outposts:" not in params["S3BucketArn"]:
            raise invalid_request("S3StorageClass OUTPOSTS needs the ARN of an S3 on Outposts access point.")
        if params.get("AgentArns"):
            raise invalid_request("AgentArns is only for S3 on Outposts, which this emulator does not have.")
        return cls(
            Bucket(
                arn=params["S3BucketArn"],
                prefix=_prefix(params.get("Subdirectory", "")),
                storage_class=storage_class,
                role_arn=params["S3Config"]["BucketAccessRoleArn"],
            )
        )

    def update(self, params: JsonObject) -> Self:
        """Apply UpdateLocationS3."""
        bucket = self.bucket
        if "Subdirectory" in params:
            bucket = replace(bucket, prefix=_prefix(params["Subdirectory"]))
        if "S3StorageClass" in params:
            bucket = replace(bucket, storage_class=params["S3StorageClass"])
        if "S3Config" in params:
            bucket = replace(bucket, role_arn=params["S3Config"]["BucketAccessRoleArn"])
        return replace(self, bucket=bucket)

    def describe(self) -> JsonObject:
        """Give what DescribeLocationS3 adds."""
        return {
            "S3StorageClass": self.bucket.storage_class,
            "S3Config": {"BucketAccessRoleArn": self.bucket.role_arn},
        }

    @property
    def uri(self) -> str:
        """s3://bucket/prefix/."""
        return f"s3://{self.bucket.name}/{self.bucket.prefix}"

    @property
    def storage(self) -> Bucket:
        """The bucket."""
        return self.bucket

    @property
    def metadata(self) -> Metadata:
        """What objects have."""
        return Metadata.OBJECT

    @property
    def archives(self) -> bool:
        """As the storage class says; objects under 40 KB become STANDARD all the same."""
        return self.bucket.storage_class in _ARCHIVES


_ARCHIVES = frozenset({"DEEP_ARCHIVE", "GLACIER"})


def _prefix(subdirectory: str) -> str:
    return folder(subdirectory).lstrip("/")
