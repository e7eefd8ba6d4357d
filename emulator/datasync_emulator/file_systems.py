"""File systems, kept as folders under the data root."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from datasync_emulator.catalogue.locations.storage import Folder
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
        """Refuse a file system that DataSync could not mount.

        Raises:
            ApiError: InvalidRequestException where there is none.
        """
        root = self.root(folder)
        if self.create:
            root.mkdir(parents=True, exist_ok=True)
        elif not root.is_dir():
            raise invalid_request(f"File system {folder.path.name} does not exist: create the folder {folder.path}.")
