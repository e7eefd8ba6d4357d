"""What the file systems of Amazon FSx have in common: `fsxl://region.fs-0123/folder/`."""

from typing import Annotated

from datamover_crds.common import Arn, JsonObject
from datamover_crds.locations.marks import ArnOf
from datamover_crds.locations.mounts import SecurityGroupArns
from datamover_crds.locations.uris import Realm, address_of, folder

FileSystemArn = Annotated[Arn, ArnOf("fsx_file_system")]
FsxSecurityGroupArns = Annotated[SecurityGroupArns, ArnOf("security_group")]


def fsx_uri(scheme: str, arn: str, subdirectory: str | None) -> str:
    """The LocationUri of a folder in a file system."""
    return f"{scheme}://{arn.split(':')[3]}.{arn.rpartition('/')[2]}{folder(subdirectory)}"


def fsx_at(uri: str, realm: Realm) -> JsonObject:
    """The file system and the folder that a LocationUri tells."""
    store, inner = address_of(uri)
    region, _, file_system = store.partition(".")
    arn = f"arn:{realm.partition}:fsx:{region}:{realm.account_id}:file-system/{file_system}"
    return {"fsxFilesystemArn": arn, "subdirectory": inner}
