"""Opening folders below a root, and nowhere else.

Paths are walked component by component with O_NOFOLLOW, so no symbolic link leads out of the root, wherever it stands
and whenever it appears, and `..` is refused.
"""

from __future__ import annotations

import errno
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

FOLDER_FLAGS = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_NOT_NAMES = frozenset({"", ".", ".."})


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
        for name in names:
            inner = os.open(name, FOLDER_FLAGS, dir_fd=descriptor)
            os.close(descriptor)
            descriptor = inner
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


@contextmanager
def holder(root: int, path: str) -> Iterator[tuple[int, str]]:
    """A descriptor of the folder that holds `path`, and the name that `path` has in it.

    Raises:
        OSError: as open_folder.
    """
    above, _, name = path.rpartition("/")
    if name in _NOT_NAMES:
        raise FileNotFoundError(errno.ENOENT, "Not a path below the location", path)
    descriptor = open_folder(root, above)
    try:
        yield descriptor, name
    finally:
        os.close(descriptor)
