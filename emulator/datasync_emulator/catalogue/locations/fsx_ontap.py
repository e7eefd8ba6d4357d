"""Amazon FSx for NetApp ONTAP."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar, Self

from datasync_emulator.catalogue.locations import file_system
from datasync_emulator.catalogue.locations.credentials import Credentials
from datasync_emulator.catalogue.locations.parameters import folder, mount_version
from datasync_emulator.catalogue.locations.spec import LocationSpec, Metadata
from datasync_emulator.catalogue.locations.storage import Folder
from datasync_emulator.errors import invalid_request
from datasync_emulator.messages import Caller, JsonObject

_SECRETS = ("Password",)
_NFS_VERSIONS = ("AUTOMATIC", "NFS3")


@dataclass(frozen=True, slots=True)
class FsxOntap(LocationSpec):
    """A volume or share of a storage virtual machine; `protocol` is NFS or SMB, `user` and `domain` are SMB's."""

    operation: ClassVar[str] = "FsxOntap"
    title: ClassVar[str] = "Amazon FSx for NetApp ONTAP"

    svm_arn: str
    subdirectory: str
    security_group_arns: tuple[str, ...]
    protocol: str
    mount_options: JsonObject
    credentials: Credentials
    user: str | None = None
    domain: str | None = None

    def __post_init__(self) -> None:
        """Refuse protocol versions that the file system does not speak."""
        version = self.mount_options["Version"]
        if self.protocol == "NFS" and version not in _NFS_VERSIONS:
            raise invalid_request(f"MountOptions Version {version} is not supported by FSx for ONTAP: use NFS3.")
        if version == "SMB1":
            raise invalid_request("MountOptions Version SMB1 is not supported by FSx for ONTAP.")

    @classmethod
    def create(cls, caller: Caller, params: JsonObject) -> Self:
        """Read CreateLocationFsxOntap."""
        protocol = file_system.one_protocol(params["Protocol"])
        settings: JsonObject = params["Protocol"][protocol]
        return cls(
            svm_arn=file_system.own_arn(caller, "StorageVirtualMachineArn", params["StorageVirtualMachineArn"]),
            subdirectory=folder(params.get("Subdirectory", "")),
            security_group_arns=tuple(params["SecurityGroupArns"]),
            protocol=protocol,
            mount_options=mount_version(settings.get("MountOptions")),
            user=settings.get("User"),
            domain=settings.get("Domain"),
            credentials=Credentials.of(settings, _SECRETS),
        )

    def update(self, params: JsonObject) -> Self:
        """Apply UpdateLocationFsxOntap; the protocol itself stays, an empty domain removes it."""
        spec = self
        if "Subdirectory" in params:
            spec = replace(spec, subdirectory=folder(params["Subdirectory"]))
        if "Protocol" not in params:
            return spec
        protocol = file_system.one_protocol(params["Protocol"])
        if protocol != self.protocol:
            raise invalid_request(f"Protocol can't be changed from {self.protocol} to {protocol}.")
        settings: JsonObject = params["Protocol"][protocol]
        return replace(
            spec,
            mount_options=mount_version(settings.get("MountOptions", self.mount_options)),
            user=settings.get("User", self.user),
            domain=settings.get("Domain", self.domain) or None,
            credentials=self.credentials.update(settings, _SECRETS),
        )

    def describe(self, arn: str) -> JsonObject:
        """Give what DescribeLocationFsxOntap adds."""
        settings: JsonObject = {"MountOptions": self.mount_options, "User": self.user, "Domain": self.domain}
        settings |= self.credentials.describe(arn)
        head, _, resource = self.svm_arn.rpartition(":")
        return {
            "Protocol": {self.protocol: {name: value for name, value in settings.items() if value is not None}},
            "SecurityGroupArns": list(self.security_group_arns),
            "StorageVirtualMachineArn": self.svm_arn,
            "FsxFilesystemArn": f"{head}:file-system/{resource.split('/')[1]}",
        }

    @property
    def filter_value(self) -> str:
        """FSX_ONTAP_NFS or FSX_ONTAP_SMB."""
        return f"FSX_ONTAP_{self.protocol}"

    @property
    def uri(self) -> str:
        """fsxn-nfs://region.fs-….svm-…/path/, or fsxn-smb."""
        return f"fsxn-{self.protocol.lower()}://{file_system.authority(self.svm_arn)}{self.subdirectory}"

    @property
    def storage(self) -> Folder:
        """The virtual machine's folder."""
        return file_system.folder_of(self.svm_arn, self.subdirectory)

    @property
    def metadata(self) -> Metadata:
        """As the protocol has it."""
        return Metadata.POSIX if self.protocol == "NFS" else Metadata.WINDOWS
