"""A job's options, brought down to what the planner asks."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from datasync_emulator.dataplane.model import FolderEndpoint, S3Endpoint

if TYPE_CHECKING:
    from collections.abc import Mapping

    from datasync_emulator.dataplane.model import CopyJob

# DataSync's names where they differ from S3's.
_S3_CLASS = {"GLACIER_INSTANT_RETRIEVAL": "GLACIER_IR"}


class Verify(StrEnum):
    """What is verified after the transfer, by DataSync's names."""

    NONE = "NONE"
    TRANSFERRED = "ONLY_FILES_TRANSFERRED"
    EVERYTHING = "POINT_IN_TIME_CONSISTENT"


@dataclass(frozen=True, slots=True)
class Rules:
    """How sources become destinations.

    `everything`: TransferMode ALL. `overwrite`: OverwriteMode ALWAYS. `remove`: PreserveDeletedFiles REMOVE. The
    attribute flags say which attributes the destination gets. `between_buckets`: object to object, where metadata
    travels as it stands; `to_folder`: the destination is a file system. `storage_class` is S3's name.
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


def rules_of(job: CopyJob, *, can_own: bool) -> Rules:
    """The rules of a job. `can_own`: the destination can give files away; else ownership is left as it comes."""
    options = job.options
    to_bucket = isinstance(job.destination, S3Endpoint)
    between_buckets = to_bucket and isinstance(job.source, S3Endpoint)
    return Rules(
        everything=options.get("TransferMode") == "ALL",
        overwrite=options.get("OverwriteMode") != "NEVER",
        remove=options.get("PreserveDeletedFiles") == "REMOVE",
        mtime=_wanted(options, "Mtime"),
        atime=_wanted(options, "Atime"),
        permissions=_wanted(options, "PosixPermissions"),
        uid=_wanted(options, "Uid") and can_own,
        gid=_wanted(options, "Gid") and can_own,
        object_metadata=between_buckets and _wanted(options, "ObjectMetadata"),
        object_tags=between_buckets and _wanted(options, "ObjectTags"),
        between_buckets=between_buckets,
        to_folder=isinstance(job.destination, FolderEndpoint),
        storage_class=_storage_class(job),
    )


def verify_of(job: CopyJob) -> Verify:
    """What is to be verified; the default differs by task mode."""
    default = Verify.TRANSFERRED if job.task_mode == "ENHANCED" else Verify.EVERYTHING
    return Verify(str(job.options.get("VerifyMode", default)))


def _wanted(options: Mapping[str, str | int], name: str) -> bool:
    return options.get(name) != "NONE"


def _storage_class(job: CopyJob) -> str:
    if not isinstance(job.destination, S3Endpoint):
        return "STANDARD"
    return _S3_CLASS.get(job.destination.storage_class, job.destination.storage_class)
