"""A container of blobs, kept as a folder: it has no folders and links of its own, only names with slashes."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from datasync_emulator.dataplane.entry import Entry, Kind, parent
from datasync_emulator.dataplane.stores.attributes import BlobAttributes
from datasync_emulator.dataplane.stores.directories import make_folders
from datasync_emulator.dataplane.stores.folder import FolderStore

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from datasync_emulator.dataplane.stores.port import Problem, Reader, Writer


class ContainerStore:
    """Blobs below a folder; the folders between are made and removed with them."""

    keeps_owners = True
    keeps_owners_of_links = True

    def __init__(self, root: Path, subdirectory: str) -> None:
        """Hold on to the folder; a virtual directory need not be there yet.

        Raises:
            OSError: the container is missing, no folder, or behind a symbolic link.
        """
        top = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        try:
            make_folders(top, subdirectory.strip("/"))
        finally:
            os.close(top)
        self._files = FolderStore(root, subdirectory, BlobAttributes())

    def walk(self, problem: Problem) -> Iterator[Entry]:
        """The files alone."""
        return (entry for entry in self._files.walk(problem) if entry.kind is Kind.FILE)

    def find(self, path: str, version: str | None = None) -> Entry | None:
        """The blob of that name."""
        found = self._files.find(path, version)
        return found if found is not None and found.kind is Kind.FILE else None

    def version_of(self, entry: Entry) -> None:
        """Versions are not kept."""

    def stat(self, entry: Entry) -> Entry | None:
        """What stands at the name now."""
        return self._files.stat(entry)

    def open(self, entry: Entry) -> Reader:
        """The blob's bytes."""
        return self._files.open(entry)

    def open_to_verify(self, entry: Entry) -> Reader:
        """As `open`."""
        return self._files.open(entry)

    def create(self, target: Entry) -> Writer:
        """Begin a blob."""
        make_folders(self._files.root, parent(target.path))
        return self._files.create(target)

    def make_folder(self, target: Entry) -> None:
        """There are none."""

    def touch(self, target: Entry) -> None:
        """Replace the metadata."""
        self._files.touch(target)

    def delete(self, entry: Entry) -> bool:
        """Remove a blob, and the folders that it leaves empty."""
        deleted = self._files.delete(entry)
        above = parent(entry.path)
        while above and self._files.delete(Entry(above, Kind.FOLDER)):
            above = parent(above)
        return deleted

    def close(self) -> None:
        """Let go of the folder."""
        self._files.close()
