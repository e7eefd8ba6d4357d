"""Amazon FSx for NetApp ONTAP: API_CreateLocationFsxOntap, API_DescribeLocationFsxOntap, API_UpdateLocationFsxOntap."""

from typing import Annotated, ClassVar

from pydantic import Field

from datamover_crds.common import JsonObject, Model
from datamover_crds.locations.base import Attributes, LocationType
from datamover_crds.locations.fsx import FsxSecurityGroupArns
from datamover_crds.locations.marks import ArnOf, Updatable
from datamover_crds.locations.mounts import FsxProtocolNfs, FsxProtocolSmb, needed_password
from datamover_crds.locations.uris import Realm, address_of, folder, scheme_of
from datamover_crds.rules import Rule
from datamover_crds.words import Words


class OntapProtocol(Model):
    """The protocol through which DataSync reaches the file system."""

    rules: ClassVar = (
        Rule(
            field_path="",
            cel="has(self.nfs) != has(self.smb)",
            holds=lambda protocol: (protocol.nfs is None) != (protocol.smb is None),
            message="must set exactly one protocol: nfs or smb",
        ),
    )

    nfs: FsxProtocolNfs | None = None
    """NFS."""
    smb: FsxProtocolSmb | None = None
    """SMB."""


class FsxOntapLocation(LocationType):
    """A storage virtual machine in Amazon FSx for NetApp ONTAP (API_CreateLocationFsxOntap)."""

    operation: ClassVar = "FsxOntap"
    schemes: ClassVar = ("fsxn-nfs", "fsxn-smb")
    attributes: ClassVar = "posix"

    storage_virtual_machine_arn: Annotated[
        str, Field(min_length=5, max_length=162, pattern="^arn:"), ArnOf("storage_virtual_machine")
    ]
    """The ARN of the storage virtual machine."""
    security_group_arns: FsxSecurityGroupArns
    """The ARNs of the security groups that let DataSync reach the file system."""
    protocol: Annotated[OntapProtocol, Updatable()]
    """The protocol through which DataSync reaches the file system. The other one needs a new location."""
    subdirectory: Annotated[
        Annotated[
            str,
            Field(min_length=1, max_length=255, pattern="^[^\\x00\\r\\n]+$"),
            Words("must be a path on one line, such as /vol1/photos"),
        ]
        | None,
        Updatable(),
    ] = None
    """The junction path of a volume, or the name of a share, or a directory in it. If not set: /."""

    def needed(self) -> tuple[str, str] | None:
        """For SMB the user's password."""
        return needed_password(self.protocol.smb, "protocol.smb.") if self.protocol.smb is not None else None

    @classmethod
    def attributes_at(cls, uri: str) -> Attributes:
        """As the protocol shows them."""
        return "windows" if scheme_of(uri) == "fsxn-smb" else "posix"

    @property
    def uri(self) -> str:
        """`fsxn-nfs://region.fs-0123.svm-0123/volume/`."""
        scheme = self.schemes[0 if self.protocol.nfs is not None else 1]
        region, machine = self.storage_virtual_machine_arn.split(":")[3::2]
        return f"{scheme}://{region}.{'.'.join(machine.split('/')[1:])}{folder(self.subdirectory)}"

    def is_at(self, described: JsonObject) -> bool:
        """The description names the machine itself."""
        is_same = described.get("storageVirtualMachineArn") == self.storage_virtual_machine_arn
        uri = str(described.get("locationUri", ""))
        return is_same and scheme_of(uri) == scheme_of(self.uri) and address_of(uri)[1] == folder(self.subdirectory)

    @classmethod
    def located_at(cls, uri: str, realm: Realm) -> JsonObject:  # noqa: ARG003 - the machine is described as it is
        """The folder; the storage virtual machine is described as it is."""
        return {"subdirectory": address_of(uri)[1]}
