"""Amazon S3, in a Region or on Outposts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar, Self

from datasync_emulator.catalogue.locations.parameters import folder
from datasync_emulator.catalogue.locations.spec import BASIC_ONLY, BOTH_MODES, LocationSpec, Metadata, Site
from datasync_emulator.catalogue.locations.storage import Bucket
from datasync_emulator.errors import invalid_request
from datasync_emulator.messages import Caller, JsonObject

_ARCHIVES = frozenset({"DEEP_ARCHIVE", "GLACIER"})


@dataclass(frozen=True, slots=True)
class S3(LocationSpec):
    """A bucket, or an access point to one, and a prefix in it; on Outposts with the agents there."""

    operation: ClassVar[str] = "S3"
    title: ClassVar[str] = "Amazon S3"

    bucket: Bucket
    agents: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse what only Outposts have where it is not, and the other way round."""
        if self.on_outposts:
            if self.bucket.storage_class != "OUTPOSTS":
                raise invalid_request(f"S3StorageClass {self.bucket.storage_class} is not available on Outposts.")
            if not self.agents:
                raise invalid_request("S3 on Outposts needs AgentArns: the agents on the Outpost.")
        elif self.bucket.storage_class == "OUTPOSTS":
            raise invalid_request("S3StorageClass OUTPOSTS needs the ARN of an S3 on Outposts access point.")
        elif self.agents:
            raise invalid_request("AgentArns is only for S3 on Outposts.")

    @classmethod
    def create(cls, caller: Caller, params: JsonObject) -> Self:  # noqa: ARG003 - any account's bucket will do
        """Read CreateLocationS3."""
        arn = params["S3BucketArn"]
        bucket = Bucket(
            arn=arn,
            prefix=_prefix(params.get("Subdirectory", "")),
            storage_class=params.get("S3StorageClass", "OUTPOSTS" if _on_outposts(arn) else "STANDARD"),
            role_arn=params["S3Config"]["BucketAccessRoleArn"],
        )
        return cls(bucket, tuple(params.get("AgentArns", ())))

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

    def describe(self, arn: str) -> JsonObject:  # noqa: ARG002 - there is no secret
        """Give what DescribeLocationS3 adds."""
        return {
            "S3StorageClass": self.bucket.storage_class,
            "S3Config": {"BucketAccessRoleArn": self.bucket.role_arn},
            "AgentArns": list(self.agents) or None,
        }

    @property
    def on_outposts(self) -> bool:
        """Whether the bucket is on an Outpost."""
        return _on_outposts(self.bucket.arn)

    @property
    def modes(self) -> frozenset[str]:
        """On Outposts only Basic."""
        return BASIC_ONLY if self.on_outposts else BOTH_MODES

    @property
    def filter_value(self) -> str:
        """S3, or OUTPOST_S3."""
        return "OUTPOST_S3" if self.on_outposts else "S3"

    @property
    def uri(self) -> str:
        """s3://bucket/prefix/; an access point's ARN stands for the bucket."""
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
    def site(self) -> Site:
        """A Region, or an Outpost."""
        return Site.OUTPOST if self.on_outposts else Site.AWS

    @property
    def agent_arns(self) -> tuple[str, ...]:
        """The agents on the Outpost."""
        return self.agents

    @property
    def archives(self) -> bool:
        """As the storage class says; objects under 40 KB become STANDARD all the same."""
        return self.bucket.storage_class in _ARCHIVES


def _on_outposts(arn: str) -> bool:
    return ":s3-outposts:" in arn


def _prefix(subdirectory: str) -> str:
    return folder(subdirectory).lstrip("/")
