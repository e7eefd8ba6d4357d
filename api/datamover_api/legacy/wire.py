"""What clients send, in the older service's own names. Every member may be absent: the routes check what is needed."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_pascal


def _needs(*members: str) -> ConfigDict:
    """What the routes ask for, for readers of the description."""
    return ConfigDict(json_schema_extra={"required": [*members]})


class _Wire(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True, alias_generator=to_pascal, use_attribute_docstrings=True)


class S3(_Wire):
    """A bucket."""

    model_config = _needs("S3BucketArn")

    s3_bucket_arn: str | None = None
    """The ARN of the bucket."""
    s3_storage_class: str | None = None
    """The storage class of objects that a transfer creates here."""
    subdirectory: str | None = None
    """The prefix within the bucket."""


class Efs(_Wire):
    """A file system."""

    model_config = _needs("EfsFilesystemArn", "SecurityGroupArns", "SubnetArn")

    efs_filesystem_arn: str | None = None
    """The ARN of the file system."""
    security_group_arns: list[str] | None = None
    """The ARNs of the security groups that let DataSync reach a mount target."""
    subnet_arn: str | None = None
    """The ARN of a subnet with a mount target."""
    subdirectory: str | None = None
    """The folder within the file system."""


class Location(_Wire):
    """A source or a destination: its type, and the section of that name."""

    model_config = ConfigDict(alias_generator={"type": "Type", "s3": "S3", "efs": "EFS"}.__getitem__) | _needs("Type")

    type: str | None = None
    """S3 or EFS."""
    s3: S3 | None = None
    """The section of type S3."""
    efs: Efs | None = None
    """The section of type EFS."""


class Tag(_Wire):
    """A tag."""

    model_config = _needs("Key")

    key: str | None = None
    """Its key."""
    value: str | None = None
    """Its value."""


class CreateMover(_Wire):
    """A new mover."""

    model_config = _needs("Name", "Source", "Destination")

    name: str | None = None
    """1 to 40 letters, digits and dashes."""
    source: Location | None = None
    """Where data is read from."""
    destination: Location | None = None
    """Where data is written to."""
    tags: list[Tag] | None = None
    """Tags on everything that is created in AWS for it."""


class SetState(_Wire):
    """What the mover's task is to do."""

    model_config = _needs("State")

    state: str | None = None
    """start or stop."""
