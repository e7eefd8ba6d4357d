"""File systems, kept as folders under the data root."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from datasync_emulator.catalogue.locations import LocationSpec
from datasync_emulator.catalogue.locations.storage import Folder
from datasync_emulator.dataplane.stores.directories import make_folders, open_folder
from datasync_emulator.errors import invalid_request


@dataclass(frozen=True)
class FileSystems:
    """Knows where file systems are; with `create`, one that is named for the first time is made."""

    data_root: Path
    create: bool

    def root(self, folder: Folder) -> Path:
        """The file system's folder, whether or not it exists."""
        return self.data_root / folder.path

    def check(self, folder: Folder) -> None:
        """Refuse a file system of AWS's that DataSync could not mount; nobody tries a server outside before it is used.

        Raises:
            ApiError: InvalidRequestException where there is none.
        """
        root = self.root(folder)
        if self.create:
            root.mkdir(parents=True, exist_ok=True)
            if folder.exported:
                with suppress(OSError):  # a file or a link is in the way: the task will say so
                    _make_subdirectory(root, folder.subdirectory)
        elif not root.is_dir() and not folder.exported:
            raise invalid_request(f"File system {folder.path.name} does not exist: create the folder {folder.path}.")

    def unreachable(self, spec: LocationSpec) -> str | None:
        """Why a location's folder can't be mounted; None where it can."""
        match spec.storage:
            case Folder() as folder:
                try:
                    root = os.open(self.root(folder), os.O_RDONLY | os.O_DIRECTORY)
                    try:
                        os.close(open_folder(root, folder.subdirectory.strip("/")))
                    finally:
                        os.close(root)
                except OSError as error:
                    return f"mount failed: {error.strerror}"
        return None


def _make_subdirectory(root: Path, subdirectory: str) -> None:
    descriptor = os.open(root, os.O_RDONLY | os.O_DIRECTORY)
    try:
        make_folders(descriptor, subdirectory.strip("/"))
    finally:
        os.close(descriptor)
