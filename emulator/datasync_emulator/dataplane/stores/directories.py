"""Opening folders below a root, and nowhere else.

Paths are walked component by component with O_NOFOLLOW, so no symbolic link leads out of the root, wherever it stands
and whenever it appears, and `..` is refused.
"""

from __future__ import annotations

import errno
import os
import threading
from contextlib import suppress

FOLDER_FLAGS = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_NOT_NAMES = frozenset({"", ".", ".."})


def open_to_read(name: str, flags: int, folder: int) -> int:
    """A descriptor of what is called `name` in the folder; reading it leaves the access time alone where we may.

    Linux grants that to the owner and to root.
    """
    try:
        return os.open(name, flags | os.O_NOATIME, dir_fd=folder)
    except PermissionError:
        return os.open(name, flags, dir_fd=folder)


def open_folder(root: int, path: str) -> int:
    """A descriptor of the folder at `path` below the descriptor `root`; "" is the root itself. The caller closes it.

    Raises:
        OSError: it is missing, no folder, or behind a symbolic link.
    """
    names = path.split("/") if path else []
    if not _NOT_NAMES.isdisjoint(names):
        raise FileNotFoundError(errno.ENOENT, "Not a path below the location", path)
    descriptor = os.dup(root)
    try:
        for name in names or ["."]:
            inner = open_to_read(name, FOLDER_FLAGS, descriptor)
            os.close(descriptor)
            descriptor = inner
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def make_folders(root: int, path: str) -> None:
    """Make the folder at `path` below the descriptor `root`, and those above it, where they do not exist.

    Raises:
        OSError: something else is in the way, or a symbolic link.
    """
    made = ""
    for name in path.split("/") if path else []:
        above = open_folder(root, made)
        try:
            with suppress(FileExistsError):
                os.mkdir(name, dir_fd=above)
        finally:
            os.close(above)
        made = f"{made}/{name}".lstrip("/")
    os.close(open_folder(root, made))


class Folders:
    """Descriptors of the folders that hold paths, for use by several threads.

    Each thread's last one is kept open, because neighbours are mostly dealt with one after another.
    """

    def __init__(self, root: int) -> None:
        """Take over the root's descriptor."""
        self.root = root
        self._last: dict[int, tuple[str, int]] = {}

    def holder(self, path: str) -> tuple[int, str]:
        """The folder that holds `path`, open until this thread's next call, and the name that `path` has in it.

        Raises:
            OSError: as open_folder.
        """
        above, _, name = path.rpartition("/")
        if name in _NOT_NAMES:
            raise FileNotFoundError(errno.ENOENT, "Not a path below the location", path)
        if not above:
            return self.root, name
        thread = threading.get_ident()
        last = self._last.get(thread)
        if last is not None and last[0] == above:
            return last[1], name
        descriptor = open_folder(self.root, above)
        self._last[thread] = above, descriptor
        if last is not None:
            os.close(last[1])
        return descriptor, name

    def close(self) -> None:
        """Close all of them, and the root. No other thread may be at work any more."""
        for _, descriptor in self._last.values():
            os.close(descriptor)
        self._last.clear()
        os.close(self.root)
