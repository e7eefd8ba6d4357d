"""A file system kept as a folder."""

from __future__ import annotations

import errno
import os
import stat
from contextlib import suppress
from io import BytesIO, FileIO
from typing import TYPE_CHECKING

from datasync_emulator.dataplane.entry import DEVICES, Entry, Kind
from datasync_emulator.dataplane.stores.attributes import PosixAttributes, are_kept
from datasync_emulator.dataplane.stores.directories import FOLDER_FLAGS, Folders, open_folder, open_to_read
from datasync_emulator.dataplane.stores.staging import DeviceWriter, FileWriter, LinkWriter, StagingArea

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from datasync_emulator.dataplane.stores.attributes import Attributes
    from datasync_emulator.dataplane.stores.port import Problem, Reader, Writer

# Non-blocking, so that a pipe put in a file's place cannot hold a run up.
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK


class FolderStore:
    """The folder `subdirectory` of a file system whose root is `root`; both must exist."""

    def __init__(
        self, root: Path, subdirectory: str, attributes: Attributes | None = None, *, devices: bool = False
    ) -> None:
        """Hold on to the folder; with `devices`, these are part of it.

        Raises:
            OSError: it is missing, no folder, or behind a symbolic link.
        """
        top = os.open(root, FOLDER_FLAGS)
        try:
            self._folders = Folders(open_folder(top, subdirectory.strip("/")))
        finally:
            os.close(top)
        self._attributes = attributes or PosixAttributes()
        self._kinds = _KINDS | _DEVICES if devices else _KINDS
        self._staging = StagingArea(self._folders, self._attributes)
        self.keeps_owners_of_links = self._attributes.real_owners
        self.keeps_owners = self._attributes.real_owners or are_kept(self._folders.root)

    @property
    def root(self) -> int:
        """The folder's descriptor, for as long as the store is open."""
        return self._folders.root

    def walk(self, problem: Problem) -> Iterator[Entry]:
        """Symbolic links are listed, not followed; pipes and sockets are left out, devices unless they are wanted."""
        pending = [""]
        while pending:
            folder = pending.pop()
            try:
                found = self._list(folder)
            except OSError as error:
                if not folder:
                    raise
                problem(Kind.FOLDER, folder, str(error))
                continue
            pending.extend(entry.path for entry in found if entry.kind is Kind.FOLDER)
            yield from found

    def _list(self, folder: str) -> list[Entry]:
        prefix = f"{folder}/" if folder else ""
        found: list[Entry] = []
        descriptor = open_folder(self._folders.root, folder)
        try:
            with os.scandir(descriptor) as items:
                for item in items:
                    with suppress(FileNotFoundError):  # it went away meanwhile
                        status = item.stat(follow_symlinks=False)
                        entry = self._entry(f"{prefix}{item.name}", status, descriptor, item.name)
                        if entry is not None:
                            found.append(entry)
        finally:
            os.close(descriptor)
        return found

    def find(self, path: str, version: str | None = None) -> Entry | None:  # noqa: ARG002 - files have none
        """What stands at the path."""
        try:
            folder, name = self._folders.holder(path)
            status = os.stat(name, dir_fd=folder, follow_symlinks=False)
            return self._entry(path, status, folder, name)
        except (FileNotFoundError, NotADirectoryError):
            return None

    def version_of(self, entry: Entry) -> None:
        """Files have no versions."""

    def stat(self, entry: Entry) -> Entry | None:
        """A folder in a file's place, and the like, is not what was asked for: None."""
        found = self.find(entry.path)
        return found if found is not None and found.kind is entry.kind else None

    def open(self, entry: Entry) -> Reader:
        """The file's content, or the link's target; a device has none."""
        folder, name = self._folders.holder(entry.path)
        if entry.kind in DEVICES:
            return BytesIO()
        if entry.kind is Kind.LINK:
            return BytesIO(os.fsencode(os.readlink(name, dir_fd=folder)))
        descriptor = open_to_read(name, _READ, folder)
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            raise OSError(errno.EINVAL, "Not a regular file any more", entry.path)
        return FileIO(descriptor)

    def open_to_verify(self, entry: Entry) -> Reader:
        """As `open`."""
        return self.open(entry)

    def create(self, target: Entry) -> Writer:
        """Begin a file, link or device in the staging area."""
        if target.kind is Kind.LINK:
            return LinkWriter(self._staging, target)
        return DeviceWriter(self._staging, target) if target.kind in DEVICES else FileWriter(self._staging, target)

    def make_folder(self, target: Entry) -> None:
        """Closed to others until it gets its attributes."""
        folder, name = self._folders.holder(target.path)
        try:
            os.mkdir(name, 0o700, dir_fd=folder)
        except FileExistsError:
            if not stat.S_ISDIR(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode):
                raise

    def touch(self, target: Entry) -> None:
        """Set owner, permissions and times."""
        folder, name = self._folders.holder(target.path)
        if target.kind is Kind.LINK or target.kind in DEVICES:
            self._attributes.write_name(folder, name, target)
            return
        descriptor = os.open(name, FOLDER_FLAGS if target.kind is Kind.FOLDER else _READ, dir_fd=folder)
        try:
            self._attributes.write(descriptor, target)
        finally:
            os.close(descriptor)

    def delete(self, entry: Entry) -> bool:
        """A folder that still holds something stays."""
        folder, name = self._folders.holder(entry.path)
        if entry.kind is not Kind.FOLDER:
            os.unlink(name, dir_fd=folder)
            return True
        try:
            os.rmdir(name, dir_fd=folder)
        except OSError as error:
            if error.errno not in {errno.ENOTEMPTY, errno.EEXIST}:
                raise
            return False
        return True

    def close(self) -> None:
        """Clear the staging area."""
        self._staging.close()
        self._folders.close()

    def _entry(self, path: str, status: os.stat_result, folder: int, name: str) -> Entry | None:
        """None for what is not part of the location."""
        kind = self._kinds.get(stat.S_IFMT(status.st_mode))
        if kind is None:
            return None
        entry = Entry(
            path=path,
            kind=kind,
            size=status.st_size if kind is Kind.FILE or kind is Kind.LINK else 0,
            mtime_ns=status.st_mtime_ns,
            atime_ns=status.st_atime_ns,
            mode=stat.S_IMODE(status.st_mode),
            uid=status.st_uid,
            gid=status.st_gid,
            device=status.st_rdev,
        )
        return self._attributes.read(entry, folder, name) if self._attributes.beyond_stat else entry


_KINDS = {stat.S_IFREG: Kind.FILE, stat.S_IFDIR: Kind.FOLDER, stat.S_IFLNK: Kind.LINK}
_DEVICES = {stat.S_IFCHR: Kind.CHARACTER_DEVICE, stat.S_IFBLK: Kind.BLOCK_DEVICE}
