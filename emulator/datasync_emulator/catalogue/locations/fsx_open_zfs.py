"""Amazon FSx for OpenZFS."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar, Self

from datasync_emulator.catalogue.locations import file_system
from datasync_emulator.catalogue.locations.parameters import folder, mount_version
from datasync_emulator.catalogue.locations.spec import LocationSpec, Metadata
from datasync_emulator.catalogue.locations.storage import Folder
from datasync_emulator.errors import invalid_request
from datasync_emulator.messages import Caller, JsonObject


@dataclass(frozen=True, slots=True)
class FsxOpenZfs(LocationSpec):
    """A directory of a file system, over NFS; its volumes are under /fsx."""

    operation: ClassVar[str] = "FsxOpenZfs"
    title: ClassVar[str] = "Amazon FSx for OpenZFS"

    file_system_arn: str
    subdirectory: str
    security_group_arns: tuple[str, ...]
    mount_options: JsonObject

    @classmethod
    def create(cls, caller: Caller, params: JsonObject) -> Self:
        """Read CreateLocationFsxOpenZfs."""
        return cls(
            file_system_arn=file_system.own_arn(caller, "FsxFilesystemArn", params["FsxFilesystemArn"]),
            subdirectory=_volume(params.get("Subdirectory", "/fsx")),
            security_group_arns=tuple(params["SecurityGroupArns"]),
            mount_options=_mount_options(params["Protocol"]),
        )

    def update(self, params: JsonObject) -> Self:
        """Apply UpdateLocationFsxOpenZfs."""
        return replace(
            self,
            subdirectory=_volume(params["Subdirectory"]) if "Subdirectory" in params else self.subdirectory,
            mount_options=_mount_options(params["Protocol"]) if "Protocol" in params else self.mount_options,
        )

    def describe(self, arn: str) -> JsonObject:  # noqa: ARG002 - there is no secret
        """Give what DescribeLocationFsxOpenZfs adds."""
        return {
            "SecurityGroupArns": list(self.security_group_arns),
            "Protocol": {"NFS": {"MountOptions": self.mount_options}},
        }

    @property
    def filter_value(self) -> str:
        """FSX_OPENZFS_NFS."""
        return "FSX_OPENZFS_NFS"

    @property
    def uri(self) -> str:
        """fsxz://region.fs-…/fsx/path/."""
        return f"fsxz://{file_system.authority(self.file_system_arn)}{self.subdirectory}"

    @property
    def storage(self) -> Folder:
        """The folder of the file system's volumes, that is of /fsx."""
        return file_system.folder_of(self.file_system_arn, self.subdirectory.removeprefix("/fsx"))

    @property
    def metadata(self) -> Metadata:
        """What files have."""
        return Metadata.POSIX


def _volume(subdirectory: str) -> str:
    path = folder(subdirectory)
    if not path.startswith("/fsx/"):
        raise invalid_request(f"Subdirectory '{subdirectory}' must begin with /fsx.")
    return path


def _mount_options(protocol: JsonObject) -> JsonObject:
    if file_system.one_protocol(protocol) != "NFS":
        raise invalid_request("Protocol SMB is not supported by FSx for OpenZFS: use NFS.")
    return mount_version(protocol["NFS"].get("MountOptions"))
