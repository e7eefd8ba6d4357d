"""Amazon FSx for Lustre."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar, Self

from datasync_emulator.catalogue.locations import file_system
from datasync_emulator.catalogue.locations.parameters import folder
from datasync_emulator.catalogue.locations.spec import LocationSpec, Metadata
from datasync_emulator.catalogue.locations.storage import Folder
from datasync_emulator.messages import Caller, JsonObject


@dataclass(frozen=True, slots=True)
class FsxLustre(LocationSpec):
    """A directory of a file system."""

    operation: ClassVar[str] = "FsxLustre"
    title: ClassVar[str] = "Amazon FSx for Lustre"

    file_system_arn: str
    subdirectory: str
    security_group_arns: tuple[str, ...]

    @classmethod
    def create(cls, caller: Caller, params: JsonObject) -> Self:
        """Read CreateLocationFsxLustre."""
        return cls(
            file_system_arn=file_system.own_arn(caller, "FsxFilesystemArn", params["FsxFilesystemArn"]),
            subdirectory=folder(params.get("Subdirectory", "")),
            security_group_arns=tuple(params["SecurityGroupArns"]),
        )

    def update(self, params: JsonObject) -> Self:
        """Apply UpdateLocationFsxLustre."""
        if "Subdirectory" not in params:
            return self
        return replace(self, subdirectory=folder(params["Subdirectory"]))

    def describe(self, arn: str) -> JsonObject:  # noqa: ARG002 - there is no secret
        """Give what DescribeLocationFsxLustre adds."""
        return {"SecurityGroupArns": list(self.security_group_arns)}

    @property
    def filter_value(self) -> str:
        """FSX_LUSTRE."""
        return "FSX_LUSTRE"

    @property
    def uri(self) -> str:
        """fsxl://region.fs-…/path/."""
        return f"fsxl://{file_system.authority(self.file_system_arn)}{self.subdirectory}"

    @property
    def storage(self) -> Folder:
        """The file system's folder."""
        return file_system.folder_of(self.file_system_arn, self.subdirectory)

    @property
    def metadata(self) -> Metadata:
        """What files have."""
        return Metadata.POSIX
