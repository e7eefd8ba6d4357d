"""The S3 that moto keeps in this process, reached without HTTP.

This module and moto_object are the only ones of the data plane that know moto's internals. They do to a bucket what
moto's own PutObject, CopyObject and so on do, but stream: moto holds a whole object in memory for each of them, and
serves 120 a second.
"""

from __future__ import annotations

import errno
from dataclasses import replace
from datetime import UTC
from typing import TYPE_CHECKING, Final

from moto.s3.exceptions import MissingBucket
from moto.s3.models import FakeBucket, FakeKey, S3Backend, s3_backends
from moto.s3.notifications import S3NotificationEvent
from moto.s3.utils import ARCHIVE_STORAGE_CLASSES

from datasync_emulator.dataplane import posix_metadata as posix
from datasync_emulator.dataplane.entry import NOTHING, Entry, Kind
from datasync_emulator.dataplane.stores.moto_object import ObjectWriter, no_bucket, read_object
from datasync_emulator.dataplane.stores.port import ArchivedError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from datasync_emulator.dataplane.stores.port import Problem, Reader

_CHUNK: Final = 256 * 1024
_LONGEST_KEY: Final = 1024
# The system metadata that DataSync copies between buckets (user guide, as in posix_metadata).
_SYSTEM_METADATA: Final = frozenset({"content-disposition", "content-encoding", "content-language", "content-type"})
_RESTORED: Final = 'ongoing-request="false"'
_NOT_NAMES: Final = frozenset({"", ".", ".."})


class MotoStore:
    """The keys of a bucket that begin with a prefix ("" or ending in "/")."""

    keeps_owners = True
    keeps_owners_of_links = True

    def __init__(self, bucket: str, prefix: str) -> None:
        """Find the bucket, whichever account it is in.

        Raises:
            FileNotFoundError: there is none.
        """
        if bucket not in s3_backends.bucket_accounts:
            raise no_bucket(bucket)
        partition, account = s3_backends.bucket_accounts[bucket]
        self._backend: S3Backend = s3_backends[account][partition]
        self._name = bucket
        self._prefix = prefix

    @property
    def _bucket(self) -> FakeBucket:
        """The bucket as it is now, for it can be deleted while we work in it."""
        try:
            return self._backend.get_bucket(self._name)
        except MissingBucket:
            raise no_bucket(self._name) from None

    def walk(self, problem: Problem) -> Iterator[Entry]:
        """Keys that no path can stand for are problems."""
        # A copy in one step, for others write to the bucket meanwhile.
        for key in list(self._bucket.keys):
            if key.startswith(self._prefix) and key != self._prefix:
                path = key.removeprefix(self._prefix).removesuffix("/")
                if not _NOT_NAMES.isdisjoint(path.split("/")) or "\0" in path:
                    problem(Kind.FILE, key, "DataSync can't transfer objects with such a key")
                    continue
                entry = self._entry(key)
                if entry is not None:
                    yield entry

    def find(self, path: str, version: str | None = None) -> Entry | None:
        """The object of that key, or the one that stands for a folder; of a version, if it is asked for."""
        name = self._prefix + path
        if version is None:
            return self._entry(name) or self._entry(f"{name}/")
        found = self._find_version(name, version)
        return None if found is None else replace(self._described(found), version=version)

    def version_of(self, entry: Entry) -> str | None:
        """Only a versioned bucket gives its objects versions."""
        key = self._find(self._prefix + entry.name) if self._bucket.is_versioned else None
        return None if key is None else key.version_id

    def stat(self, entry: Entry) -> Entry | None:
        """The object of that very key."""
        return self._entry(self._prefix + entry.name)

    def open(self, entry: Entry) -> Reader:
        """The object's bytes as they are now, even if it is overwritten while they are read."""
        key = self._object(entry)
        if key.storage_class in ARCHIVE_STORAGE_CLASSES and _RESTORED not in key.response_dict.get("x-amz-restore", ""):
            raise ArchivedError(errno.EACCES, "The object is archived and has not been restored", key.name)
        return read_object(key)

    def open_to_verify(self, entry: Entry) -> Reader:
        """The object's bytes, archived or not."""
        return read_object(self._object(entry))

    def create(self, target: Entry) -> ObjectWriter:
        """Begin an object."""
        return self._writer(target, S3NotificationEvent.OBJECT_CREATED_PUT_EVENT)

    def make_folder(self, target: Entry) -> None:
        """An empty object whose key ends in a slash."""
        self.create(target).commit()

    def touch(self, target: Entry) -> None:
        """Copy the object to itself with other metadata, as S3 asks for."""
        content = read_object(self._object(target))
        writer = self._writer(target, S3NotificationEvent.OBJECT_CREATED_COPY_EVENT)
        try:
            while chunk := content.read(_CHUNK):
                writer.write(chunk)
            writer.commit()
        finally:
            writer.discard()
            content.close()

    def delete(self, entry: Entry) -> bool:
        """A versioned bucket gets a delete marker."""
        deleted, _ = self._backend.delete_object(self._bucket.name, self._prefix + entry.name)
        return deleted

    def close(self) -> None:
        """Nothing is held."""

    def _find(self, name: str) -> FakeKey | None:
        found = self._bucket.keys.get(name)
        return found if isinstance(found, FakeKey) else None  # else a delete marker

    def _find_version(self, name: str, version: str) -> FakeKey | None:
        versions = self._bucket.keys.getlist(name, [])
        return next((key for key in versions if isinstance(key, FakeKey) and key.version_id == version), None)

    def _object(self, entry: Entry) -> FakeKey:
        name = self._prefix + entry.name
        key = self._find(name) if entry.version is None else self._find_version(name, entry.version)
        if key is None:
            raise FileNotFoundError(errno.ENOENT, "The specified key does not exist", name)
        return key

    def _entry(self, name: str) -> Entry | None:
        key = self._find(name)
        return None if key is None else self._described(key)

    def _described(self, key: FakeKey) -> Entry:
        name = key.name
        headers: Mapping[str, str] = key.metadata
        metadata = {k: v for k, v in headers.items() if k in _SYSTEM_METADATA or k.startswith(posix.USER_PREFIX)}
        mtime = posix.time_ns(metadata, posix.MTIME)
        return Entry(
            path=name.removeprefix(self._prefix).removesuffix("/"),
            kind=_kind(name, metadata),
            size=0 if name.endswith("/") else key.size,
            mtime_ns=_last_modified_ns(key) if mtime is None else mtime,
            atime_ns=posix.time_ns(metadata, posix.ATIME),
            mode=posix.permissions(metadata),
            uid=posix.owner(metadata, posix.OWNER),
            gid=posix.owner(metadata, posix.GROUP),
            metadata=metadata,
            tags=self._backend.tagger.get_tag_dict_for_resource(key.arn) or NOTHING,
            storage_class=key.storage_class or "STANDARD",
            device=posix.device(metadata),
        )

    def _writer(self, target: Entry, event: S3NotificationEvent) -> ObjectWriter:
        name = self._prefix + target.name
        try:
            length = len(name.encode())
        except UnicodeEncodeError:
            raise OSError(errno.EILSEQ, "An object's key must be UTF-8", name) from None
        if length > _LONGEST_KEY:
            raise OSError(errno.ENAMETOOLONG, "Your key is too long", name)
        return ObjectWriter(self._backend, self._bucket, name, target, event)


def _kind(name: str, metadata: Mapping[str, str]) -> Kind:
    if name.endswith("/"):
        return Kind.FOLDER
    return posix.kind(metadata)


def _last_modified_ns(key: FakeKey) -> int:
    """To the second, as S3 tells it."""
    return int(key.last_modified.replace(tzinfo=UTC).timestamp()) * 1_000_000_000
