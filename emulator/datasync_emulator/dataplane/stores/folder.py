"""A file system kept as a folder."""

from __future__ import annotations

import errno
import os
import stat
from contextlib import suppress
from io import BytesIO, FileIO
from typing import TYPE_CHECKING

from datasync_emulator.dataplane.entry import Entry, Kind
from datasync_emulator.dataplane.stores.directories import FOLDER_FLAGS, Folders, open_folder, open_to_read
from datasync_emulator.dataplane.stores.staging import (
    FileWriter,
    LinkWriter,
    StagingArea,
    apply_attributes,
    apply_link_attributes,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from datasync_emulator.dataplane.stores.port import Problem, Reader, Writer

# Non-blocking, so that a pipe put in a file's place cannot hold a run up.
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK


class FolderStore:
    """The folder `subdirectory` of a file system whose root is `root`; both must exist."""

    def __init__(self, root: Path, subdirectory: str) -> None:
        """Hold on to the folder.

        Raises:
            OSError: it is missing, no folder, or behind a symbolic link.
        """
        top = os.open(root, FOLDER_FLAGS)
        try:
            self._folders = Folders(open_folder(top, subdirectory.strip("/")))
        finally:
            os.close(top)
        self._staging = StagingArea(self._folders)

    @property
    def can_own(self) -> bool:
        """Only root can give files away."""
        return os.geteuid() == 0

    def walk(self, problem: Problem) -> Iterator[Entry]:
        """Symbolic links are listed, not followed; devices, pipes and sockets are left out."""
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
                        entry = _entry(f"{prefix}{item.name}", item.stat(follow_symlinks=False))
                        if entry is not None:
                            found.append(entry)
        finally:
            os.close(descriptor)
        return found

    def stat(self, entry: Entry) -> Entry | None:
        """A folder in a file's place, and the like, is not what was asked for: None."""
        try:
            folder, name = self._folders.holder(entry.path)
            found = _entry(entry.path, os.stat(name, dir_fd=folder, follow_symlinks=False))
        except (FileNotFoundError, NotADirectoryError):
            return None
        return found if found is not None and found.kind is entry.kind else None

    def open(self, entry: Entry) -> Reader:
        """The file's content, or the link's target."""
        folder, name = self._folders.holder(entry.path)
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
        """Begin a file or link in the staging area."""
        return LinkWriter(self._staging, target) if target.kind is Kind.LINK else FileWriter(self._staging, target)

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
        if target.kind is Kind.LINK:
            apply_link_attributes(folder, name, target)
            return
        descriptor = os.open(name, FOLDER_FLAGS if target.kind is Kind.FOLDER else _READ, dir_fd=folder)
        try:
            apply_attributes(descriptor, target)
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


def _entry(path: str, status: os.stat_result) -> Entry | None:
    """None for what is neither file, folder nor link."""
    kind = _KINDS.get(stat.S_IFMT(status.st_mode))
    if kind is None:
        return None
    return Entry(
        path=path,
        kind=kind,
        size=0 if kind is Kind.FOLDER else status.st_size,
        mtime_ns=status.st_mtime_ns,
        atime_ns=status.st_atime_ns,
        mode=stat.S_IMODE(status.st_mode),
        uid=status.st_uid,
        gid=status.st_gid,
    )


_KINDS = {stat.S_IFREG: Kind.FILE, stat.S_IFDIR: Kind.FOLDER, stat.S_IFLNK: Kind.LINK}
