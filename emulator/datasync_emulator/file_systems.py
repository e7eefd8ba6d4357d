"""EFS file systems, kept as folders: <data root>/<account>/<region>/<file system id>/."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from datasync_emulator.catalogue.records import EfsPlace
from datasync_emulator.errors import invalid_request
from datasync_emulator.messages import Caller


@dataclass(frozen=True)
class FileSystems:
    """Knows where file systems lie; `create` makes one that is named for the first time."""

    data_root: Path
    create: bool

    def folder(self, place: EfsPlace) -> Path:
        """A file system's folder, whether or not it exists."""
        _, _, _, region, account, _ = place.file_system_arn.split(":", 5)
        return self.data_root / account / region / place.file_system_id

    def check(self, caller: Caller, place: EfsPlace) -> None:
        """Refuse a file system that DataSync could not mount.

        Raises:
            ApiError: InvalidRequestException for another Region's, or where there is none.
        """
        region = place.file_system_arn.split(":")[3]
        if region != caller.region:
            message = f"EfsFilesystemArn names Region {region}; the file system must be in {caller.region}."
            raise invalid_request(message)
        folder = self.folder(place)
        if self.create:
            folder.mkdir(parents=True, exist_ok=True)
        elif not folder.is_dir():
            raise invalid_request(f"File system {place.file_system_id} does not exist in account {caller.account}.")
