"""Where data comes from and goes to: DataSync's CreateLocation requests, under its own names in camelCase."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from datamover_crds.common import Arn, Items, Model, RoleArn
from datamover_crds.rules import Rule

Subdirectory = Annotated[str, Field(max_length=4096, pattern="^[a-zA-Z0-9_+./() \\p{Zs}-]*$")]
LocationKind = Literal["s3", "efs"]
RolePath = Annotated[str, Field(max_length=512, pattern="^/([!-~]+/)?$")]


def _has_arn_or_name(role: "AccessRole") -> bool:
    return (role.arn is None) != (role.name is None)


def _has_path_with_name(role: "AccessRole") -> bool:
    return role.path is None or role.name is not None


class AccessRole(Model):
    """The IAM role DataSync uses on a bucket: an existing one by its ARN, or the name of the one the operator makes."""

    rules: ClassVar = (
        Rule(
            field_path="",
            cel="has(self.arn) != has(self.name)",
            holds=_has_arn_or_name,
            message="must set either arn, an existing role, or name, the role to create",
        ),
        Rule(
            field_path=".path",
            cel="!has(self.path) || has(self.name)",
            holds=_has_path_with_name,
            message="can be set only with name: the arn of an existing role includes its path",
            shown="self.path",
        ),
    )

    arn: RoleArn | None = None
    """The ARN of an existing role, which the operator leaves as it is."""
    name: Annotated[str, Field(min_length=1, max_length=64, pattern="^[a-zA-Z0-9_+=,.@-]+$")] | None = None
    """The name of the role that the operator makes and owns."""
    path: RolePath | None = None
    """The IAM path of the role that the operator makes. Not given: the account's."""


class S3Location(Model):
    """A bucket in Amazon S3 (API_CreateLocationS3)."""

    s3_bucket_arn: Annotated[str, Field(min_length=5, max_length=268, pattern="^arn:")]
    """The ARN of the bucket or of an access point."""
    subdirectory: Subdirectory | None = None
    """The prefix within the bucket. Not given: all of it."""
    s3_storage_class: (
        Literal[
            "STANDARD",
            "STANDARD_IA",
            "ONEZONE_IA",
            "INTELLIGENT_TIERING",
            "GLACIER",
            "DEEP_ARCHIVE",
            "OUTPOSTS",
            "GLACIER_INSTANT_RETRIEVAL",
        ]
        | None
    ) = None
    """The storage class of objects that a transfer makes here."""
    access_role: AccessRole | None = None
    """The role DataSync uses on the bucket, DataSync's s3Config. Not given: the operator makes one."""


class Ec2Config(Model):
    """The network by which DataSync reaches a file system."""

    subnet_arn: Arn
    """The ARN of a subnet in which the file system has a mount target."""
    security_group_arns: Annotated[tuple[Arn, ...], Items(at_least=1, at_most=5)]
    """The ARNs of the security groups that let DataSync reach the mount target."""


def _has_tls_where_needed(efs: "EfsLocation") -> bool:
    needed = efs.access_point_arn is not None or efs.file_system_access_role_arn is not None
    return not needed or efs.in_transit_encryption == "TLS1_2"


class EfsLocation(Model):
    """A file system in Amazon EFS (API_CreateLocationEfs)."""

    rules: ClassVar = (
        Rule(  # API_CreateLocationEfs: AccessPointArn, FileSystemAccessRoleArn
            field_path=".inTransitEncryption",
            cel=(
                "!has(self.accessPointArn) && !has(self.fileSystemAccessRoleArn)"
                " || has(self.inTransitEncryption) && self.inTransitEncryption == 'TLS1_2'"
            ),
            holds=_has_tls_where_needed,
            message="must be TLS1_2 where accessPointArn or fileSystemAccessRoleArn is set",
            shown="has(self.inTransitEncryption) ? self.inTransitEncryption : 'not set'",
        ),
    )

    efs_filesystem_arn: Arn
    """The ARN of the file system."""
    subdirectory: Subdirectory | None = None
    """The folder within the file system. Not given: its root."""
    ec2_config: Ec2Config
    """The network by which DataSync reaches the file system."""
    access_point_arn: Arn | None = None
    """The ARN of an access point to mount through; needs inTransitEncryption TLS1_2."""
    file_system_access_role_arn: RoleArn | None = None
    """The ARN of a role to mount with; needs inTransitEncryption TLS1_2."""
    in_transit_encryption: Literal["NONE", "TLS1_2"] | None = None
    """Whether the mount is encrypted. Not given: NONE."""


def _has_one_kind(location: "Location") -> bool:
    return (location.s3 is None) != (location.efs is None)


class Location(Model):
    """A source or a destination: exactly one kind of location."""

    rules: ClassVar = (
        Rule(
            field_path="",
            cel="has(self.s3) != has(self.efs)",
            holds=_has_one_kind,
            message="must set exactly one type of location: s3 or efs",
        ),
    )

    s3: S3Location | None = None
    """A bucket in Amazon S3."""
    efs: EfsLocation | None = None
    """A file system in Amazon EFS."""

    @property
    def kind(self) -> LocationKind:
        """Which kind of location this is."""
        return "s3" if self.s3 is not None else "efs"
