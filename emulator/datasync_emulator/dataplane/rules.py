"""A job's options and locations, brought down to what the planner asks."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from datasync_emulator.dataplane.model import FolderEndpoint, Metadata, S3Endpoint

if TYPE_CHECKING:
    from collections.abc import Mapping

    from datasync_emulator.dataplane.model import CopyJob
    from datasync_emulator.dataplane.stores.port import Store

# DataSync's names where they differ from S3's.
_S3_CLASS = {"GLACIER_INSTANT_RETRIEVAL": "GLACIER_IR", "OUTPOSTS": "STANDARD"}
_SECURITY_PARTS = {
    "OWNER_DACL": frozenset({"owner", "dacl"}),
    "OWNER_DACL_SACL": frozenset({"owner", "dacl", "sacl"}),
}


class Verify(StrEnum):
    """What is verified after the transfer, by DataSync's names."""

    NONE = "NONE"
    TRANSFERRED = "ONLY_FILES_TRANSFERRED"
    EVERYTHING = "POINT_IN_TIME_CONSISTENT"


class Special(StrEnum):
    """What becomes of symbolic links, or of devices."""

    KEPT = "kept"
    IGNORED = "ignored"
    SKIPPED = "skipped"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Rules:
    """How sources become destinations.

    `everything`: TransferMode ALL. `overwrite`: OverwriteMode ALWAYS. `remove`: PreserveDeletedFiles REMOVE. The
    attribute flags say which attributes the destination gets. `between_buckets`: object to object, where metadata
    travels as it stands; `to_folder`: the destination is a file system. `storage_class` is S3's name.

    `default_attributes`: the source has no POSIX attributes, so the destination gets DataSync's defaults;
    `default_owners`: it has no numbers for owners. `security` are the parts of a Windows security descriptor that
    travel. `folders`: the destination has folders of their own.
    """

    everything: bool = False
    overwrite: bool = True
    remove: bool = False
    mtime: bool = True
    atime: bool = True
    permissions: bool = True
    uid: bool = True
    gid: bool = True
    object_metadata: bool = True
    object_tags: bool = True
    between_buckets: bool = False
    to_folder: bool = False
    storage_class: str = "STANDARD"
    default_attributes: bool = False
    default_owners: bool = False
    owners_of_links: bool = True
    security: frozenset[str] = frozenset()
    links: Special = Special.KEPT
    devices: Special = Special.KEPT
    folders: bool = True


def rules_of(job: CopyJob, destination: Store) -> Rules:
    """The rules of a job. What the destination can't keep is left as it comes."""
    options, source, target = job.options, job.source.metadata, job.destination.metadata
    to_posix = target in {Metadata.POSIX, Metadata.OBJECT}
    # Windows files have no POSIX attributes, so a transfer from there is told to preserve none: it gets the defaults.
    from_windows = source is Metadata.WINDOWS and to_posix
    between = source is target is Metadata.OBJECT
    return Rules(
        everything=options.get("TransferMode") == "ALL",
        overwrite=options.get("OverwriteMode") != "NEVER",
        remove=options.get("PreserveDeletedFiles") == "REMOVE",
        mtime=_wanted(options, "Mtime"),
        atime=_wanted(options, "Atime"),
        permissions=from_windows or (to_posix and _wanted(options, "PosixPermissions")),
        uid=(from_windows or (to_posix and _wanted(options, "Uid"))) and destination.keeps_owners,
        gid=(from_windows or (to_posix and _wanted(options, "Gid"))) and destination.keeps_owners,
        object_metadata=between and _wanted(options, "ObjectMetadata"),
        object_tags=between and _wanted(options, "ObjectTags"),
        between_buckets=between,
        to_folder=target is not Metadata.OBJECT,
        storage_class=_storage_class(job),
        default_attributes=from_windows,
        default_owners=source is Metadata.HDFS and target is Metadata.POSIX,
        owners_of_links=destination.keeps_owners_of_links,
        security=_security(options) if source is target is Metadata.WINDOWS else frozenset(),
        links=_links(job),
        devices=_devices(job),
        folders=not _is_container(job),
    )


def verify_of(job: CopyJob) -> Verify:
    """What is to be verified; the default differs by task mode."""
    default = Verify.TRANSFERRED if job.task_mode == "ENHANCED" else Verify.EVERYTHING
    return Verify(str(job.options.get("VerifyMode", default)))


def devices_of(job: CopyJob) -> bool:
    """Whether devices are part of the job."""
    return job.options.get("PreserveDevices") == "PRESERVE"


def _wanted(options: Mapping[str, str | int], name: str) -> bool:
    return options.get(name) != "NONE"


def _security(options: Mapping[str, str | int]) -> frozenset[str]:
    return _SECURITY_PARTS.get(str(options.get("SecurityDescriptorCopyFlags", "OWNER_DACL")), frozenset())


def _links(job: CopyJob) -> Special:
    if Metadata.WINDOWS in {job.source.metadata, job.destination.metadata}:
        return Special.FAILED
    return Special.SKIPPED if _is_container(job) or job.destination.metadata is Metadata.HDFS else Special.KEPT


def _devices(job: CopyJob) -> Special:
    if job.destination.metadata is Metadata.OBJECT and not _is_container(job):
        return Special.KEPT
    if not devices_of(job):
        return Special.IGNORED
    return Special.KEPT if job.destination.metadata is Metadata.POSIX else Special.FAILED


def _is_container(job: CopyJob) -> bool:
    """Whether the destination is a container of blobs, which has no folders and links."""
    return isinstance(job.destination, FolderEndpoint) and job.destination.metadata is Metadata.OBJECT


def _storage_class(job: CopyJob) -> str:
    if not isinstance(job.destination, S3Endpoint):
        return "STANDARD"
    return _S3_CLASS.get(job.destination.storage_class, job.destination.storage_class)
