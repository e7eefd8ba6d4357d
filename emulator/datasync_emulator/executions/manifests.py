"""Reads the manifest of an execution."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from datasync_emulator.access.ports import Buckets
from datasync_emulator.catalogue.locations.storage import Bucket
from datasync_emulator.catalogue.records import Location
from datasync_emulator.dataplane import CopyFailed, S3Endpoint
from datasync_emulator.dataplane.manifest import ManifestError, parse
from datasync_emulator.dataplane.whole_objects import read_object
from datasync_emulator.errors import ApiError
from datasync_emulator.executions.record import Execution
from datasync_emulator.messages import Caller


class VersionAccess(Protocol):
    """Checks that DataSync may read versions of objects."""

    def check_versions(self, caller: Caller, source: Location) -> None:
        """Raise ApiError where it may not."""


@dataclass(frozen=True)
class Manifests:
    """Finds, reads and checks manifests."""

    buckets: Buckets
    access: VersionAccess

    def __call__(self, execution: Execution) -> Mapping[str, str | None] | None:
        """Give the paths to transfer, each with the version or None; None where there is no manifest.

        Raises:
            CopyFailed: the manifest can't be read, is not as DataSync wants it, or asks for versions in vain.
        """
        if execution.manifest is None:
            return None
        source = execution.manifest["Source"]["S3"]
        key, place = source["ManifestObjectPath"], f"{source['S3BucketArn']}/{source['ManifestObjectPath']}"
        try:
            bucket = self.buckets.find(source["S3BucketArn"])
            if bucket is None:
                raise _failed(place, "The specified bucket does not exist")
            content = read_object(S3Endpoint(bucket.name), key, source.get("ManifestObjectVersionId"))
            wanted = parse(content, versions=isinstance(execution.source.spec.storage, Bucket))
            if any(wanted.values()):
                self.access.check_versions(execution.caller, execution.source)
        except OSError as error:
            raise _failed(place, error.strerror or str(error)) from None
        except ManifestError as error:
            raise _failed(place, str(error)) from None
        except ApiError as error:
            raise CopyFailed("S3GetObjectVersionFailed", error.message) from None
        return wanted


def _failed(place: str, reason: str) -> CopyFailed:
    return CopyFailed("InvalidManifest", f"Task failed to read the manifest {place}: {reason}")
