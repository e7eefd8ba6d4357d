"""What the access checks need to know of IAM and S3."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from datasync_emulator.access.policy import Document


@dataclass(frozen=True, slots=True)
class Role:
    """An IAM role; `boundary` is None where it has none."""

    arn: str
    name: str
    created: datetime
    trust: Document
    policies: tuple[Document, ...]
    boundary: Document | None = None

    @property
    def account(self) -> str:
        """The account that the role belongs to."""
        return self.arn.split(":")[4]


@dataclass(frozen=True, slots=True)
class BucketFacts:
    """A bucket as it is reached: `arn` is the bucket's own or an access point's, `policy` the bucket policy.

    `region` is the Region that it has to be reached from.
    """

    name: str
    arn: str
    owner: str
    region: str
    policy: Document

    def permission(self, action: str) -> str:
        """The IAM action that stands for one of S3's: Outposts have a namespace of their own."""
        return action.replace("s3:", "s3-outposts:") if ":s3-outposts:" in self.arn else action

    def objects(self, keys: str) -> str:
        """The resource name of an object, by its key, or of all objects whose keys begin so (`prefix*`)."""
        return f"{self.arn}{'/object' if self.is_access_point else ''}/{keys}"

    @property
    def is_access_point(self) -> bool:
        """Whether the bucket is reached through an access point."""
        return ":accesspoint/" in self.arn or ":s3-outposts:" in self.arn


class Iam(Protocol):
    """Looks roles up."""

    def role(self, arn: str) -> Role | None:
        """The role of this ARN, in whichever account."""


class Buckets(Protocol):
    """Looks buckets up."""

    def find(self, arn: str) -> BucketFacts | None:
        """The bucket that the ARN of a bucket or an access point leads to; None where there is none."""

    def has_objects(self, name: str, prefix: str) -> bool:
        """Whether a bucket holds a key that begins with the prefix."""
