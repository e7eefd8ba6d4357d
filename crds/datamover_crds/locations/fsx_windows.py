"""Amazon FSx for Windows File Server: API_CreateLocationFsxWindows, API_Describe… and API_UpdateLocationFsxWindows."""

from typing import Annotated, ClassVar

from datamover_crds.common import JsonObject
from datamover_crds.locations.base import LocationType
from datamover_crds.locations.fsx import FileSystemArn, FsxSecurityGroupArns, fsx_at, fsx_uri
from datamover_crds.locations.marks import Secret, Updatable
from datamover_crds.locations.mounts import (
    PLAIN_USER,
    SmbDomain,
    SmbUser,
    WindowsPath,
    needed_password,
    one_secret_source,
)
from datamover_crds.locations.secret_keys import CmkSecretConfig, CustomSecretConfig, SecretKeyRef
from datamover_crds.locations.uris import Realm


class FsxWindowsLocation(LocationType):
    """A file system in Amazon FSx for Windows File Server (API_CreateLocationFsxWindows)."""

    operation: ClassVar = "FsxWindows"
    schemes: ClassVar = ("fsxw",)
    attributes: ClassVar = "windows"
    rules: ClassVar = (PLAIN_USER, one_secret_source("password"))

    fsx_filesystem_arn: FileSystemArn
    """The ARN of the file system."""
    security_group_arns: FsxSecurityGroupArns
    """The ARNs of the security groups that let DataSync reach the file system."""
    subdirectory: Annotated[WindowsPath | None, Updatable()] = None
    """The share, or a directory in it, with forward slashes. If not set: the root of the file system."""
    user: Annotated[SmbUser, Updatable()]
    """The user with access to the files, without the domain."""
    domain: Annotated[SmbDomain | None, Updatable("")] = None
    """The Windows domain that the file system belongs to."""
    password: Annotated[SecretKeyRef | None, Updatable(), Secret()] = None
    """The password of the user: a key of a Secret in the mover's namespace."""
    cmk_secret_config: Annotated[CmkSecretConfig | None, Updatable()] = None
    """The key with which DataSync encrypts the password. If not set: a key that AWS manages."""
    custom_secret_config: Annotated[CustomSecretConfig | None, Updatable()] = None
    """A secret in AWS Secrets Manager that holds the password, instead of password."""

    def needed(self) -> tuple[str, str] | None:
        """The user's password."""
        return needed_password(self)

    @property
    def uri(self) -> str:
        """`fsxw://region.fs-0123/share/`."""
        return fsx_uri("fsxw", self.fsx_filesystem_arn, self.subdirectory)

    @classmethod
    def located_at(cls, uri: str, realm: Realm) -> JsonObject:
        """The file system and the share."""
        return fsx_at(uri, realm)
