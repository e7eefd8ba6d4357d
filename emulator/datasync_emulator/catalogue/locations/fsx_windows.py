"""Amazon FSx for Windows File Server."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar, Self

from datasync_emulator.catalogue.locations import file_system
from datasync_emulator.catalogue.locations.credentials import Credentials
from datasync_emulator.catalogue.locations.parameters import folder
from datasync_emulator.catalogue.locations.spec import LocationSpec, Metadata
from datasync_emulator.catalogue.locations.storage import Folder
from datasync_emulator.messages import Caller, JsonObject

_SECRETS = ("Password",)


@dataclass(frozen=True, slots=True)
class FsxWindows(LocationSpec):
    """A share of a file system, as a user of a domain sees it."""

    operation: ClassVar[str] = "FsxWindows"
    title: ClassVar[str] = "Amazon FSx for Windows File Server"

    file_system_arn: str
    subdirectory: str
    security_group_arns: tuple[str, ...]
    user: str
    domain: str | None
    credentials: Credentials

    @classmethod
    def create(cls, caller: Caller, params: JsonObject) -> Self:
        """Read CreateLocationFsxWindows."""
        return cls(
            file_system_arn=file_system.own_arn(caller, "FsxFilesystemArn", params["FsxFilesystemArn"]),
            subdirectory=folder(params.get("Subdirectory", "")),
            security_group_arns=tuple(params["SecurityGroupArns"]),
            user=params["User"],
            domain=params.get("Domain"),
            credentials=Credentials.of(params, _SECRETS),
        )

    def update(self, params: JsonObject) -> Self:
        """Apply UpdateLocationFsxWindows; an empty domain removes it."""
        return replace(
            self,
            subdirectory=folder(params["Subdirectory"]) if "Subdirectory" in params else self.subdirectory,
            user=params.get("User", self.user),
            domain=params.get("Domain", self.domain) or None,
            credentials=self.credentials.update(params, _SECRETS),
        )

    def describe(self, arn: str) -> JsonObject:
        """Give what DescribeLocationFsxWindows adds."""
        return {
            "SecurityGroupArns": list(self.security_group_arns),
            "User": self.user,
            "Domain": self.domain,
            **self.credentials.describe(arn),
        }

    @property
    def filter_value(self) -> str:
        """FSX_WINDOWS."""
        return "FSX_WINDOWS"

    @property
    def uri(self) -> str:
        """fsxw://region.fs-…/share/."""
        return f"fsxw://{file_system.authority(self.file_system_arn)}{self.subdirectory}"

    @property
    def storage(self) -> Folder:
        """The file system's folder."""
        return file_system.folder_of(self.file_system_arn, self.subdirectory)

    @property
    def metadata(self) -> Metadata:
        """What Windows keeps."""
        return Metadata.WINDOWS
