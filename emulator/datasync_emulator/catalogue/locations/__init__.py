"""The location types. Each has a module of its own; this registry is all that the rest of the emulator knows of them.

A new type is a subclass of LocationSpec in a new module, and one entry here.
"""

from __future__ import annotations

from datasync_emulator.catalogue.locations.azure_blob import AzureBlob
from datasync_emulator.catalogue.locations.efs import Efs
from datasync_emulator.catalogue.locations.fsx_lustre import FsxLustre
from datasync_emulator.catalogue.locations.fsx_ontap import FsxOntap
from datasync_emulator.catalogue.locations.fsx_open_zfs import FsxOpenZfs
from datasync_emulator.catalogue.locations.fsx_windows import FsxWindows
from datasync_emulator.catalogue.locations.hdfs import Hdfs
from datasync_emulator.catalogue.locations.nfs import Nfs
from datasync_emulator.catalogue.locations.object_storage import ObjectStorage
from datasync_emulator.catalogue.locations.s3 import S3
from datasync_emulator.catalogue.locations.smb import Smb
from datasync_emulator.catalogue.locations.spec import LocationSpec

__all__ = ["LOCATION_TYPES", "LocationSpec"]

LOCATION_TYPES: tuple[type[LocationSpec], ...] = (
    AzureBlob,
    Efs,
    FsxLustre,
    FsxOntap,
    FsxOpenZfs,
    FsxWindows,
    Hdfs,
    Nfs,
    ObjectStorage,
    S3,
    Smb,
)
