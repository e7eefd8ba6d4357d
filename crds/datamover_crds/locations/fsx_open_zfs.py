"""Amazon FSx for OpenZFS: API_CreateLocationFsxOpenZfs, API_Describe… and API_UpdateLocationFsxOpenZfs."""

from typing import Annotated, ClassVar

from datamover_crds.common import JsonObject, Model
from datamover_crds.locations.base import LocationType
from datamover_crds.locations.fsx import FileSystemArn, FsxSecurityGroupArns, fsx_at, fsx_uri
from datamover_crds.locations.marks import Updatable
from datamover_crds.locations.mounts import FsxProtocolNfs, WindowsPath
from datamover_crds.locations.uris import Realm
from datamover_crds.rules import Rule

_ROOT = "/fsx"


class OpenZfsProtocol(Model):
    """The protocol through which DataSync reaches the file system: NFS is the only one."""

    nfs: FsxProtocolNfs
    """NFS."""


class FsxOpenZfsLocation(LocationType):
    """A file system in Amazon FSx for OpenZFS (API_CreateLocationFsxOpenZfs)."""

    operation: ClassVar = "FsxOpenZfs"
    schemes: ClassVar = ("fsxz",)
    attributes: ClassVar = "posix"
    rules: ClassVar = (
        Rule(
            field_path=".subdirectory",
            cel="!has(self.subdirectory) || self.subdirectory.startsWith('/fsx')",
            holds=lambda zfs: zfs.subdirectory is None or zfs.subdirectory.startswith(_ROOT),
            message="must start with /fsx, the root of the file system",
            shown="self.subdirectory",
        ),
    )

    fsx_filesystem_arn: FileSystemArn
    """The ARN of the file system."""
    security_group_arns: FsxSecurityGroupArns
    """The ARNs of the security groups that let DataSync reach the file system."""
    protocol: Annotated[OpenZfsProtocol, Updatable()]
    """The protocol through which DataSync reaches the file system."""
    subdirectory: Annotated[WindowsPath | None, Updatable()] = None
    """The directory in the file system; it starts with /fsx. If not set: /fsx, its root."""

    @property
    def uri(self) -> str:
        """`fsxz://region.fs-0123/fsx/directory/`."""
        return fsx_uri("fsxz", self.fsx_filesystem_arn, self.subdirectory or _ROOT)

    @classmethod
    def located_at(cls, uri: str, realm: Realm) -> JsonObject:
        """The file system and the directory."""
        return fsx_at(uri, realm)
