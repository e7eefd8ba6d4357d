"""From an endpoint to the store that serves it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from datasync_emulator.dataplane.model import Metadata, RemoteEndpoint, S3Endpoint
from datasync_emulator.dataplane.stores.attributes import HdfsAttributes, PosixAttributes, WindowsAttributes
from datasync_emulator.dataplane.stores.container import ContainerStore
from datasync_emulator.dataplane.stores.folder import FolderStore
from datasync_emulator.dataplane.stores.moto import MotoStore
from datasync_emulator.dataplane.stores.remote import RemoteStore

if TYPE_CHECKING:
    from datasync_emulator.dataplane.model import Endpoint
    from datasync_emulator.dataplane.stores.port import Store

_ATTRIBUTES = {
    Metadata.POSIX: PosixAttributes,
    Metadata.HDFS: HdfsAttributes,
    Metadata.WINDOWS: WindowsAttributes,
}


def open_store(endpoint: Endpoint, *, devices: bool) -> Store:
    """Open an endpoint; with `devices`, a file system's are part of it.

    Raises:
        OSError: it can't be reached.
    """
    if isinstance(endpoint, S3Endpoint):
        return MotoStore(endpoint.bucket, endpoint.prefix)
    if isinstance(endpoint, RemoteEndpoint):
        return RemoteStore(endpoint)
    if endpoint.metadata is Metadata.OBJECT:
        return ContainerStore(endpoint.root, endpoint.subdirectory)
    return FolderStore(endpoint.root, endpoint.subdirectory, _ATTRIBUTES[endpoint.metadata](), devices=devices)
