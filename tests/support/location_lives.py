"""A life of each type of location on the whole stack: its sample, where its files are, what is changed in it.

One row a type, as `location_cases` has them for the pure code.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import yaml

from datamover_dev.paths import SAMPLES
from tests.support.specs import JsonDict

FSX = "123456789012/eu-central-1/fs-0123456789abcdef"
_OTHER_GROUPS = {"securityGroupArns": ["arn:aws:ec2:eu-central-1:123456789012:security-group/sg-0123456789abcdef1"]}


@dataclass(frozen=True)
class Life:
    """A type's sample in config/samples, and what becomes of it.

    `folder` is where its files are: a folder under the emulator's data root; a bucket and a prefix for what is an
    object store. `edit` is changed in place, and leads to `edited`; `replace` takes a new location (for a type that has
    nothing of that kind: None, and the mover comes to another type). `strayed` is a folder that somebody sets in AWS.
    """

    name: str
    sample: str
    folder: str
    edit: JsonDict
    edited: str
    replace: JsonDict | None
    side: str = "source"
    strayed: str = "/elsewhere"
    secrets: tuple[str, ...] = field(default=())

    def __str__(self) -> str:
        return self.name

    @property
    def other_side(self) -> str:
        return "destination" if self.side == "source" else "source"

    def subdirectory(self, name: str) -> str:
        """A folder of this name, as it is declared: one beside that of the edit."""
        return str(self.edit["subdirectory"]).replace("books", name)

    def folder_of(self, name: str) -> str:
        """Where the files of that folder are."""
        return self.edited.replace("books", name)

    @property
    def method(self) -> str:
        """How boto3's names of its operations end: `fsx_open_zfs`."""
        return "".join(f"_{each.lower()}" if each.isupper() else each for each in self.name)

    @property
    def operation(self) -> str:
        """How DataSync's names of its operations end: `FsxOpenZfs`."""
        return self.name[:1].upper() + self.name[1:]


LIVES = (
    Life(
        "s3",
        "mover-s3-to-s3.yaml",
        folder="demo-source/library",
        edit={"subdirectory": "/books", "s3StorageClass": "STANDARD_IA"},
        edited="demo-source/books",
        replace={"s3BucketArn": "arn:aws:s3:::demo-other"},
    ),
    Life(
        "efs",
        "mover-s3-to-efs.yaml",
        side="destination",
        folder=f"{FSX}0",
        edit={"subdirectory": "/books", "inTransitEncryption": "NONE"},
        edited=f"{FSX}0/books",
        replace={"ec2Config": _OTHER_GROUPS},
    ),
    Life(
        "fsxLustre",
        "mover-s3-to-fsxlustre.yaml",
        side="destination",
        folder=f"{FSX}1/reports",
        edit={"subdirectory": "/books"},
        edited=f"{FSX}1/books",
        replace=_OTHER_GROUPS,
    ),
    Life(
        "fsxOntap",
        "mover-s3-to-fsxontap.yaml",
        side="destination",
        folder=f"{FSX}2/svm-0123456789abcdef0/vol1",
        edit={"subdirectory": "/books"},
        edited=f"{FSX}2/svm-0123456789abcdef0/books",
        replace=_OTHER_GROUPS,
    ),
    Life(
        "fsxOpenZfs",
        "mover-s3-to-fsxopenzfs.yaml",
        side="destination",
        folder=f"{FSX}3/reports",
        edit={"subdirectory": "/fsx/books", "protocol": {"nfs": {"mountOptions": {"version": "NFS3"}}}},
        edited=f"{FSX}3/books",
        replace=_OTHER_GROUPS,
        strayed="/fsx/elsewhere",
    ),
    Life(
        "fsxWindows",
        "mover-s3-to-fsxwindows.yaml",
        side="destination",
        folder=f"{FSX}4/share",
        edit={"subdirectory": "/books", "user": "Other", "domain": None},
        edited=f"{FSX}4/books",
        replace=_OTHER_GROUPS,
        secrets=("Password",),
    ),
    Life(
        "nfs",
        "mover-nfs-to-s3.yaml",
        folder="nfs/nas.example.com/export/reports",
        edit={"subdirectory": "/export/books", "mountOptions": None},
        edited="nfs/nas.example.com/export/books",
        replace=None,
    ),
    Life(
        "smb",
        "mover-smb-to-s3.yaml",
        folder="smb/files.example.com/reports",
        edit={"subdirectory": "/books", "user": "other", "mountOptions": None},
        edited="smb/files.example.com/books",
        replace=None,
        secrets=("Password",),
    ),
    Life(
        "hdfs",
        "mover-hdfs-to-s3.yaml",
        folder="hdfs/namenode.example.com:8020/reports",
        edit={"subdirectory": "/books", "simpleUser": "other", "replicationFactor": None},
        edited="hdfs/namenode.example.com:8020/books",
        replace=None,
    ),
    Life(
        "objectStorage",
        "mover-objectstorage-to-s3.yaml",
        folder="reports/2026",
        edit={"subdirectory": "/books"},
        edited="reports/books",
        replace={"bucketName": "demo-other"},
        secrets=("SecretKey",),
    ),
    Life(
        "azureBlob",
        "mover-azureblob-to-s3.yaml",
        folder="azure-blob/example.blob.core.windows.net/reports/2026",
        edit={"subdirectory": "/books", "accessTier": "COOL"},
        edited="azure-blob/example.blob.core.windows.net/reports/books",
        replace={"containerUrl": "https://example.blob.core.windows.net/other"},
        secrets=("SasConfiguration",),
    ),
)


def sample(name: str) -> list[dict[str, Any]]:
    """The objects of one of the samples."""
    return list(yaml.safe_load_all((SAMPLES / name).read_text()))
