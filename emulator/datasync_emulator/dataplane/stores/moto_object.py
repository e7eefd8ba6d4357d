"""Reading and writing one object of the S3 that moto keeps in this process, in chunks."""

from __future__ import annotations

import errno
import hashlib
import os
from io import BytesIO
from typing import TYPE_CHECKING, Any

from moto.moto_api._internal import mock_random
from moto.s3.models import FakeBucket, FakeKey, S3Backend
from moto.s3.notifications import S3NotificationEvent, send_event

if TYPE_CHECKING:
    from datasync_emulator.dataplane.entry import Entry
    from datasync_emulator.dataplane.stores.port import Reader


class ObjectWriter:
    """An object in the making."""

    def __init__(
        self, backend: S3Backend, bucket: FakeBucket, name: str, target: Entry, event: S3NotificationEvent
    ) -> None:
        """Begin an empty object that the bucket does not know yet."""
        self._backend, self._bucket, self._target, self._event = backend, bucket, target, event
        self._committed = False
        self._size = 0
        self._md5 = hashlib.md5(usedforsecurity=False)
        self._key = FakeKey(
            name=name,
            bucket_name=bucket.name,
            value=b"",
            account_id=backend.account_id,
            region_name=backend.region_name,
            storage=target.storage_class,
            is_versioned=bucket.is_versioned,
            version_id=str(mock_random.uuid4()) if bucket.is_versioned else "null",
            **_encryption(bucket),
        )

    def write(self, data: bytes, /) -> None:
        """Append; moto's buffer goes to disk by itself when it has grown."""
        self._key._value_buffer.write(data)  # noqa: SLF001 - moto would want the whole value at once
        self._md5.update(data)
        self._size += len(data)

    def commit(self) -> None:
        """Show it to the bucket, complete with metadata and tags."""
        if self._backend.buckets.get(self._bucket.name) is not self._bucket:
            raise no_bucket(self._bucket.name)
        key = self._key
        key.contentsize = self._size
        key._etag = self._md5.hexdigest()  # noqa: SLF001 - moto would read the content once more
        key.set_metadata(dict(self._target.metadata))
        self._backend.tagger.delete_all_tags_for_resource(key.arn)
        if self._target.tags:
            tags = [{"Key": name, "Value": value} for name, value in self._target.tags.items()]
            self._backend.tagger.tag_resource(key.arn, tags)
        older = self._bucket.keys.getlist(key.name, []) if self._bucket.is_versioned else []
        self._bucket.keys.setlist(key.name, [*older, key])
        self._committed = True
        send_event(self._backend.account_id, self._event, self._bucket, key)

    def discard(self) -> None:
        """Free the buffer, unless it is the bucket's now."""
        if not self._committed:
            self._key.dispose()


class _Snapshot:
    """A spooled object's bytes through a descriptor of our own: they stay when moto disposes of the object."""

    def __init__(self, descriptor: int) -> None:
        """Take over the descriptor."""
        self._descriptor = descriptor
        self._offset = 0

    def read(self, size: int, /) -> bytes:
        """By position, for moto and other readers share the file's own."""
        data = os.pread(self._descriptor, size, self._offset)
        self._offset += len(data)
        return data

    def close(self) -> None:
        """Close the descriptor."""
        os.close(self._descriptor)


def read_object(key: FakeKey) -> Reader:
    """Open the bytes as they are now, even if the object is overwritten while they are read.

    Raises:
        FileNotFoundError: the object has been deleted meanwhile.
    """
    buffer: Any = key._value_buffer._file  # noqa: SLF001 - moto would give the whole value at once
    try:
        if isinstance(buffer, BytesIO):
            return BytesIO(buffer.getvalue())
        buffer.flush()
        return _Snapshot(os.dup(buffer.fileno()))
    except ValueError:
        raise FileNotFoundError(errno.ENOENT, "The object was deleted meanwhile", key.name) from None


def no_bucket(name: str) -> FileNotFoundError:
    """The error of a bucket that does not exist."""
    return FileNotFoundError(errno.ENOENT, "The specified bucket does not exist", name)


def _encryption(bucket: FakeBucket) -> dict[str, Any]:
    """The bucket's default encryption, as moto's put_object applies it."""
    if not bucket.encryption:
        return {}
    rule = bucket.encryption["Rule"]
    default = rule["ApplyServerSideEncryptionByDefault"]
    return {
        "encryption": default["SSEAlgorithm"],
        "kms_key_id": default.get("KMSMasterKeyID"),
        "bucket_key_enabled": rule.get("BucketKeyEnabled", False),
    }
