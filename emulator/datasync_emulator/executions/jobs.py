"""What an execution has the data plane do."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from datasync_emulator.access.ports import Buckets
from datasync_emulator.catalogue import rules
from datasync_emulator.catalogue.locations.storage import Bucket, Folder, RemoteBucket
from datasync_emulator.catalogue.records import Location
from datasync_emulator.dataplane import (
    CopyFailed,
    CopyJob,
    Endpoint,
    FolderEndpoint,
    Observer,
    RemoteEndpoint,
    S3Endpoint,
)
from datasync_emulator.executions.record import Execution
from datasync_emulator.file_systems import FileSystems

ManifestReader = Callable[[Execution], Mapping[str, str | None] | None]
"""Gives what an execution's manifest lists; raises CopyFailed."""


@dataclass(frozen=True)
class Jobs:
    """Makes a CopyJob of an execution. `servers` are the URLs of object storage servers by the names that users use."""

    file_systems: FileSystems
    buckets: Buckets
    servers: Mapping[str, str]
    read_manifest: ManifestReader

    def __call__(self, execution: Execution, observe: Observer | None) -> CopyJob:
        """Resolve both locations, and read the manifest; `observe` hears what becomes of every file.

        Raises:
            CopyFailed: a file system is gone, or the manifest can't be used.
        """
        options: Mapping[str, str | int] = execution.options
        return CopyJob(
            source=self._endpoint(execution.source),
            destination=self._endpoint(execution.destination),
            options=options,
            includes=rules.value(execution.includes),
            excludes=rules.value(execution.excludes),
            task_mode=execution.task.mode,
            bytes_per_second=lambda: int(execution.options["BytesPerSecond"]),
            manifest=self.read_manifest(execution),
            observe=observe,
        )

    def _endpoint(self, location: Location) -> Endpoint:
        match location.spec.storage:
            case Bucket(arn=arn, prefix=prefix, storage_class=storage_class):
                found = self.buckets.find(arn)
                if found is None:
                    reason = "x40016: The specified bucket does not exist"
                    raise CopyFailed("FsS3HeadBucketFailed", f"Task failed to access location {location.id}: {reason}")
                return S3Endpoint(found.name, prefix, storage_class, location.id)
            case Folder(subdirectory=subdirectory) as folder:
                root = self.file_systems.root(folder)
                if not root.is_dir():
                    reason = "x40016: mount.nfs: No such file or directory"
                    raise CopyFailed("MountFailed", f"Task failed to access location {location.id}: {reason}")
                return FolderEndpoint(root, subdirectory, location.id, location.spec.metadata)
            case RemoteBucket() as remote:
                return RemoteEndpoint(
                    url=self.servers.get(remote.host, f"{remote.protocol.lower()}://{remote.host}:{remote.port}"),
                    bucket=remote.bucket,
                    prefix=remote.prefix,
                    access_key=remote.access_key,
                    secret_key=remote.secret_key,
                    certificates=remote.certificates,
                    location=location.id,
                )
