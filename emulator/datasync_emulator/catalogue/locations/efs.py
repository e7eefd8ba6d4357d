"""Amazon EFS."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar, Self

from datasync_emulator.catalogue.locations.file_system import authority, folder_of, own_arn
from datasync_emulator.catalogue.locations.parameters import folder
from datasync_emulator.catalogue.locations.spec import LocationSpec, Metadata
from datasync_emulator.catalogue.locations.storage import Folder
from datasync_emulator.errors import invalid_request
from datasync_emulator.messages import Caller, JsonObject


@dataclass(frozen=True, slots=True)
class Efs(LocationSpec):
    """A directory of a file system. `subdirectory` starts and ends with "/"."""

    operation: ClassVar[str] = "Efs"
    title: ClassVar[str] = "Amazon EFS"
    keeps_devices: ClassVar[bool] = False

    file_system_arn: str
    subdirectory: str
    ec2_config: JsonObject
    access_point_arn: str | None = None
    role_arn: str | None = None
    encryption: str = "NONE"

    def __post_init__(self) -> None:
        """Refuse what needs encryption without it."""
        for name, value in (("AccessPointArn", self.access_point_arn), ("FileSystemAccessRoleArn", self.role_arn)):
            if value and self.encryption != "TLS1_2":
                raise invalid_request(f"{name} needs InTransitEncryption TLS1_2, not {self.encryption}.")

    @classmethod
    def create(cls, caller: Caller, params: JsonObject) -> Self:
        """Read CreateLocationEfs."""
        return cls(
            file_system_arn=own_arn(caller, "EfsFilesystemArn", params["EfsFilesystemArn"]),
            subdirectory=folder(params.get("Subdirectory", "")),
            ec2_config=params["Ec2Config"],
            access_point_arn=params.get("AccessPointArn"),
            role_arn=params.get("FileSystemAccessRoleArn"),
            encryption=params.get("InTransitEncryption", "NONE"),
        )

    def update(self, params: JsonObject) -> Self:
        """Apply UpdateLocationEfs; an empty access point or role removes it."""
        return replace(
            self,
            subdirectory=folder(params["Subdirectory"]) if "Subdirectory" in params else self.subdirectory,
            access_point_arn=params.get("AccessPointArn", self.access_point_arn) or None,
            role_arn=params.get("FileSystemAccessRoleArn", self.role_arn) or None,
            encryption=params.get("InTransitEncryption", self.encryption),
        )

    def describe(self, arn: str) -> JsonObject:  # noqa: ARG002 - there is no secret
        """Give what DescribeLocationEfs adds."""
        return {
            "Ec2Config": self.ec2_config,
            "AccessPointArn": self.access_point_arn,
            "FileSystemAccessRoleArn": self.role_arn,
            "InTransitEncryption": self.encryption,
        }

    @property
    def filter_value(self) -> str:
        """EFS."""
        return "EFS"

    @property
    def uri(self) -> str:
        """efs://region.fs-…/path/."""
        return f"efs://{authority(self.file_system_arn)}{self.subdirectory}"

    @property
    def storage(self) -> Folder:
        """<account>/<region>/<file system id>."""
        return folder_of(self.file_system_arn, self.subdirectory)

    @property
    def metadata(self) -> Metadata:
        """What files have."""
        return Metadata.POSIX
