"""Reads and writes single objects of a bucket: manifests and reports."""

from __future__ import annotations

import errno
from io import BytesIO
from typing import TYPE_CHECKING, Final

from datasync_emulator.dataplane.entry import Entry, Kind
from datasync_emulator.dataplane.stores.moto import MotoStore

if TYPE_CHECKING:
    from datasync_emulator.dataplane.model import S3Endpoint

_CHUNK: Final = 1024 * 1024


def read_object(endpoint: S3Endpoint, key: str, version: str | None = None) -> bytes:
    """The content of an object, or of a version of it.

    Raises:
        OSError: there is none, or it cannot be read.
    """
    store = MotoStore(endpoint.bucket, endpoint.prefix)
    entry = store.find(key, version)
    if entry is None or entry.name != key:
        raise FileNotFoundError(errno.ENOENT, "The specified key does not exist", key)
    reader, content = store.open(entry), BytesIO()
    try:
        while chunk := reader.read(_CHUNK):
            content.write(chunk)
    finally:
        reader.close()
    return content.getvalue()


def write_object(endpoint: S3Endpoint, key: str, content: bytes, content_type: str) -> None:
    """Put an object.

    Raises:
        OSError: it cannot be written.
    """
    store = MotoStore(endpoint.bucket, endpoint.prefix)
    writer = store.create(Entry(key, Kind.FILE, metadata={"content-type": content_type}))
    try:
        writer.write(content)
        writer.commit()
    finally:
        writer.discard()
