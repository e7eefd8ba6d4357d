"""Amazon FSx for Lustre: API_CreateLocationFsxLustre, API_DescribeLocationFsxLustre, API_UpdateLocationFsxLustre."""

from typing import Annotated, ClassVar

from datamover_crds.common import JsonObject
from datamover_crds.locations.base import LocationType
from datamover_crds.locations.fsx import FileSystemArn, FsxSecurityGroupArns, fsx_at, fsx_uri
from datamover_crds.locations.marks import Updatable
from datamover_crds.locations.mounts import WindowsPath
from datamover_crds.locations.uris import Realm


class FsxLustreLocation(LocationType):
    """A file system in Amazon FSx for Lustre (API_CreateLocationFsxLustre)."""

    operation: ClassVar = "FsxLustre"
    schemes: ClassVar = ("fsxl",)
    attributes: ClassVar = "posix"

    fsx_filesystem_arn: FileSystemArn
    """The ARN of the file system."""
    security_group_arns: FsxSecurityGroupArns
    """The ARNs of the security groups that let DataSync reach the file system."""
    subdirectory: Annotated[WindowsPath | None, Updatable()] = None
    """The directory in the file system. If not set: its root."""

    @property
    def uri(self) -> str:
        """`fsxl://region.fs-0123/directory/`."""
        return fsx_uri("fsxl", self.fsx_filesystem_arn, self.subdirectory)

    @classmethod
    def located_at(cls, uri: str, realm: Realm) -> JsonObject:
        """The file system and the directory."""
        return fsx_at(uri, realm)
