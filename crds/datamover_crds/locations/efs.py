"""File systems in Amazon EFS: API_CreateLocationEfs, API_DescribeLocationEfs, API_UpdateLocationEfs."""

from typing import Annotated, ClassVar, Literal

from datamover_crds.common import Arn, Items, JsonObject, Model, RoleArn
from datamover_crds.locations.base import LocationType
from datamover_crds.locations.folders import Subdirectory
from datamover_crds.locations.marks import ArnOf, Updatable
from datamover_crds.locations.uris import Realm, address_of, folder
from datamover_crds.rules import Rule


class Ec2Config(Model):
    """The network through which DataSync reaches a file system."""

    subnet_arn: Annotated[Arn, ArnOf("subnet")]
    """The ARN of a subnet in which the file system has a mount target."""
    security_group_arns: Annotated[tuple[Arn, ...], Items(at_least=1, at_most=5), ArnOf("security_group")]
    """The ARNs of the security groups that let DataSync reach the mount target."""


def _has_tls_where_needed(efs: "EfsLocation") -> bool:
    needed = efs.access_point_arn is not None or efs.file_system_access_role_arn is not None
    return not needed or efs.in_transit_encryption == "TLS1_2"


class EfsLocation(LocationType):
    """A file system in Amazon EFS (API_CreateLocationEfs)."""

    operation: ClassVar = "Efs"
    schemes: ClassVar = ("efs",)
    attributes: ClassVar = "posix"
    access_point_field: ClassVar = "accessPointArn"
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

    efs_filesystem_arn: Annotated[Arn, ArnOf("file_system")]
    """The ARN of the file system."""
    subdirectory: Annotated[Subdirectory | None, Updatable()] = None
    """The folder within the file system. If not set: its root."""
    ec2_config: Ec2Config
    """The network through which DataSync reaches the file system."""
    access_point_arn: Annotated[Arn | None, Updatable(""), ArnOf("access_point")] = None
    """The ARN of an access point to mount through; needs inTransitEncryption TLS1_2."""
    file_system_access_role_arn: Annotated[RoleArn | None, Updatable(""), ArnOf("role")] = None
    """The ARN of a role to mount with; needs inTransitEncryption TLS1_2."""
    in_transit_encryption: Annotated[Literal["NONE", "TLS1_2"] | None, Updatable("NONE")] = None
    """Whether the mount is encrypted. If not set: NONE."""

    @property
    def uri(self) -> str:
        """`efs://region.fs-0123/folder/`."""
        fields = self.efs_filesystem_arn.split(":", 5)
        return f"efs://{fields[3]}.{fields[5].rsplit('/', 1)[-1]}{folder(self.subdirectory)}"

    @classmethod
    def located_at(cls, uri: str, realm: Realm) -> JsonObject:
        """The file system and the folder."""
        store, inner = address_of(uri)
        region, _, file_system = store.partition(".")
        service = f"arn:{realm.partition}:elasticfilesystem:{region}:{realm.account_id}"
        return {"efsFilesystemArn": f"{service}:file-system/{file_system}", "subdirectory": inner}
