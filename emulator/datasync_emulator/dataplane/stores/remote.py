"""A bucket of an S3-compatible server, over HTTP."""

from __future__ import annotations

import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

from datasync_emulator.dataplane import posix_metadata as posix
from datasync_emulator.dataplane.entry import NOTHING, Entry, Kind
from datasync_emulator.dataplane.stores.remote_client import (
    HEADS_AT_ONCE,
    SYSTEM_METADATA,
    Body,
    as_os_errors,
    headers,
    make_client,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from datasync_emulator.dataplane.model import RemoteEndpoint
    from datasync_emulator.dataplane.stores.port import Problem, Reader

_IN_MEMORY: Final = 1 << 20
_NOT_NAMES: Final = frozenset({"", ".", ".."})


class RemoteStore:
    """The keys of a bucket that begin with a prefix ("" or ending in "/")."""

    keeps_owners = True
    keeps_owners_of_links = True

    def __init__(self, endpoint: RemoteEndpoint) -> None:
        """Look the bucket up.

        Raises:
            OSError: the server or the bucket can't be reached.
        """
        self._bucket, self._prefix = endpoint.bucket, endpoint.prefix
        self._folder = tempfile.TemporaryDirectory(prefix="datasync-emulator-")
        self._client = make_client(endpoint, Path(self._folder.name))
        self._heads = ThreadPoolExecutor(HEADS_AT_ONCE, thread_name_prefix="head")
        self._has_tags = True
        try:
            self._call("head_bucket")
        except OSError:
            self.close()
            raise

    def walk(self, problem: Problem) -> Iterator[Entry]:
        """Keys that no path can stand for are problems."""
        for keys in self._pages():
            wanted = []
            for key in keys:
                path = key.removeprefix(self._prefix).removesuffix("/")
                if not _NOT_NAMES.isdisjoint(path.split("/")) or "\0" in path:
                    problem(Kind.FILE, key, "DataSync can't transfer objects with such a key")
                else:
                    wanted.append(key)
            yield from filter(None, self._heads.map(self._entry, wanted))

    def find(self, path: str, version: str | None = None) -> Entry | None:  # noqa: ARG002 - only S3 has versions
        """The object of that key, or the one that stands for a folder."""
        return self._entry(self._prefix + path) or self._entry(f"{self._prefix}{path}/")

    def version_of(self, entry: Entry) -> None:
        """Versions are the server's own."""

    def stat(self, entry: Entry) -> Entry | None:
        """The object of that very key."""
        return self._entry(self._prefix + entry.name)

    def open(self, entry: Entry) -> Reader:
        """The object's bytes, as they come."""
        body: Reader = Body(self._call("get_object", Key=self._prefix + entry.name)["Body"], entry.name)
        return body

    def open_to_verify(self, entry: Entry) -> Reader:
        """As `open`."""
        return self.open(entry)

    def create(self, target: Entry) -> RemoteWriter:
        """Begin an object."""
        return RemoteWriter(self, target)

    def make_folder(self, target: Entry) -> None:
        """An empty object whose key ends in a slash."""
        self.create(target).commit()

    def touch(self, target: Entry) -> None:
        """Copy the object to itself with other metadata, as S3 asks for."""
        key = self._prefix + target.name
        source = {"Bucket": self._bucket, "Key": key}
        self._call("copy_object", Key=key, CopySource=source, MetadataDirective="REPLACE", **headers(target))
        if target.tags:
            tags = [{"Key": name, "Value": value} for name, value in target.tags.items()]
            self._call("put_object_tagging", Key=key, Tagging={"TagSet": tags})

    def delete(self, entry: Entry) -> bool:
        """Delete the object."""
        self._call("delete_object", Key=self._prefix + entry.name)
        return True

    def close(self) -> None:
        """Let go of the connections."""
        self._heads.shutdown(cancel_futures=True)
        self._client.close()
        self._folder.cleanup()

    def put(self, target: Entry, body: Any) -> None:  # noqa: ANN401 - a file
        """Store an object with its metadata and tags."""
        more = {"Tagging": urlencode(dict(target.tags))} if target.tags else {}
        self._call("put_object", Key=self._prefix + target.name, Body=body, **headers(target), **more)

    def _pages(self) -> Iterator[list[str]]:
        more: dict[str, str] = {}
        while True:
            page = self._call("list_objects_v2", Prefix=self._prefix, **more)
            yield [item["Key"] for item in page.get("Contents", []) if item["Key"] != self._prefix]
            if not page.get("IsTruncated"):
                return
            more = {"ContinuationToken": page["NextContinuationToken"]}

    def _entry(self, key: str) -> Entry | None:
        try:
            head = self._call("head_object", Key=key)
        except FileNotFoundError:
            return None
        metadata = {posix.USER_PREFIX + name.lower(): value for name, value in head["Metadata"].items()}
        metadata |= {name: head[member] for name, member in SYSTEM_METADATA.items() if member in head}
        mtime = posix.time_ns(metadata, posix.MTIME)
        return Entry(
            path=key.removeprefix(self._prefix).removesuffix("/"),
            kind=Kind.FOLDER if key.endswith("/") else posix.kind(metadata),
            size=0 if key.endswith("/") else head["ContentLength"],
            mtime_ns=int(head["LastModified"].timestamp()) * 1_000_000_000 if mtime is None else mtime,
            atime_ns=posix.time_ns(metadata, posix.ATIME),
            mode=posix.permissions(metadata),
            uid=posix.owner(metadata, posix.OWNER),
            gid=posix.owner(metadata, posix.GROUP),
            metadata=metadata,
            tags=self._tags(key),
            device=posix.device(metadata),
        )

    def _tags(self, key: str) -> Mapping[str, str]:
        """A server without tags is asked once; DataSync then goes on without."""
        if not self._has_tags:
            return NOTHING
        try:
            found = self._call("get_object_tagging", Key=key)["TagSet"]
        except (OSError, KeyError):
            self._has_tags = False
            return NOTHING
        return {tag["Key"]: tag["Value"] for tag in found} or NOTHING

    def _call(self, operation: str, **parameters: object) -> dict[str, Any]:
        with as_os_errors(str(parameters.get("Key", self._bucket))):
            answer: dict[str, Any] = getattr(self._client, operation)(Bucket=self._bucket, **parameters)
            return answer


class RemoteWriter:
    """An object in the making; it is sent whole, so its bytes wait in a file when there are many."""

    def __init__(self, store: RemoteStore, target: Entry) -> None:
        """Begin an empty object."""
        self._store, self._target = store, target
        self._file = tempfile.SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115 - `discard` closes it

    def write(self, data: bytes, /) -> None:
        """Append."""
        self._file.write(data)

    def commit(self) -> None:
        """Send it."""
        self._file.seek(0)
        self._store.put(self._target, self._file)

    def discard(self) -> None:
        """Free the bytes."""
        self._file.close()
