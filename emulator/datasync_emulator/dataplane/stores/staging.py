"""Where new files and links grow before they are renamed into place.

A folder of the run's own in `.aws-datasync`, as DataSync has it; always left out of transfers, gone after the run.
"""

from __future__ import annotations

import errno
import itertools
import os
import stat
import threading
import uuid
from contextlib import suppress
from typing import TYPE_CHECKING

from datasync_emulator.dataplane.entry import Kind
from datasync_emulator.dataplane.stores.directories import FOLDER_FLAGS

if TYPE_CHECKING:
    from datasync_emulator.dataplane.entry import Entry
    from datasync_emulator.dataplane.stores.attributes import Attributes
    from datasync_emulator.dataplane.stores.directories import Folders

_NAME = ".aws-datasync"
_NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_LONGEST_LINK = 4095
_PLAIN_MODE = 0o644


class StagingArea:
    """The run's own folder below a location's root; made when first needed."""

    def __init__(self, folders: Folders, attributes: Attributes) -> None:
        """`folders` are the location's; they stay the caller's."""
        self._folders = folders
        self.attributes = attributes
        self._own_name = uuid.uuid4().hex
        self._lock = threading.Lock()
        self._own: tuple[int, int] | None = None
        self._numbers = itertools.count()

    def descriptor(self) -> int:
        """The folder's descriptor."""
        with self._lock:
            if self._own is None:
                root = self._folders.root
                with suppress(FileExistsError):
                    os.mkdir(_NAME, 0o700, dir_fd=root)
                outer = os.open(_NAME, FOLDER_FLAGS, dir_fd=root)
                os.mkdir(self._own_name, 0o700, dir_fd=outer)
                self._own = outer, os.open(self._own_name, FOLDER_FLAGS, dir_fd=outer)
            return self._own[1]

    def new_name(self) -> str:
        """A name that nothing in the folder has."""
        return str(next(self._numbers))

    def put(self, name: str, path: str) -> None:
        """Rename what was made under `name` to its place below the location, in one step."""
        folder, final = self._folders.holder(path)
        os.replace(name, final, src_dir_fd=self.descriptor(), dst_dir_fd=folder)

    def close(self) -> None:
        """Remove the folder with all that was not put in place."""
        with self._lock:
            both, self._own = self._own, None
        if both is None:
            return
        outer, own = both
        with os.scandir(own) as leftovers:
            for leftover in leftovers:
                os.unlink(leftover.name, dir_fd=own)
        os.close(own)
        os.rmdir(self._own_name, dir_fd=outer)
        os.close(outer)
        with suppress(OSError):  # another run is at work in it
            os.rmdir(_NAME, dir_fd=self._folders.root)


class FileWriter:
    """A file in the making."""

    def __init__(self, staging: StagingArea, target: Entry) -> None:
        """Begin an empty file."""
        self._staging = staging
        self._target = target
        self._name = staging.new_name()
        self._in_place = False
        self._descriptor = os.open(self._name, _NEW_FILE, 0o600, dir_fd=staging.descriptor())

    def write(self, data: bytes, /) -> None:
        """Append."""
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(self._descriptor, rest) :]

    def commit(self) -> None:
        """Set the attributes, then rename."""
        if self._target.mode is None:
            os.fchmod(self._descriptor, _PLAIN_MODE)
        self._staging.attributes.write(self._descriptor, self._target)
        self._close()
        self._staging.put(self._name, self._target.path)
        self._in_place = True

    def discard(self) -> None:
        """Remove it, unless it is in place."""
        self._close()
        if not self._in_place:
            with suppress(FileNotFoundError):
                os.unlink(self._name, dir_fd=self._staging.descriptor())

    def _close(self) -> None:
        if self._descriptor >= 0:
            descriptor, self._descriptor = self._descriptor, -1
            os.close(descriptor)


class LinkWriter:
    """A symbolic link in the making. Its content is its target, which is never followed."""

    def __init__(self, staging: StagingArea, target: Entry) -> None:
        """Begin a link without a target."""
        self._staging = staging
        self._target = target
        self._text = b""

    def write(self, data: bytes, /) -> None:
        """Append to the target."""
        if len(self._text) + len(data) > _LONGEST_LINK:
            raise OSError(errno.ENAMETOOLONG, os.strerror(errno.ENAMETOOLONG), self._target.path)
        self._text += data

    def commit(self) -> None:
        """Make the link, then rename it."""
        if not self._text or b"\0" in self._text:
            raise OSError(errno.EINVAL, "Not a symbolic link's target", self._target.path)
        name, folder = self._staging.new_name(), self._staging.descriptor()
        os.symlink(self._text, name.encode(), dir_fd=folder)
        self._staging.attributes.write_name(folder, name, self._target)
        self._staging.put(name, self._target.path)

    def discard(self) -> None:
        """Nothing to forget: a link left over goes with the staging area."""


class DeviceWriter:
    """A device in the making. It has no content."""

    def __init__(self, staging: StagingArea, target: Entry) -> None:
        """Begin it; the node is made at the end."""
        self._staging = staging
        self._target = target

    def write(self, data: bytes, /) -> None:
        """Take nothing."""

    def commit(self) -> None:
        """Make the node, which needs the right to, then rename it."""
        name, folder = self._staging.new_name(), self._staging.descriptor()
        mode = _PLAIN_MODE if self._target.mode is None else self._target.mode
        file_type = stat.S_IFBLK if self._target.kind is Kind.BLOCK_DEVICE else stat.S_IFCHR
        os.mknod(name, mode | file_type, self._target.device, dir_fd=folder)
        os.chmod(name, mode, dir_fd=folder)  # the process' umask has taken its part
        self._staging.attributes.write_name(folder, name, self._target)
        self._staging.put(name, self._target.path)

    def discard(self) -> None:
        """Nothing to forget: a node left over goes with the staging area."""
