"""docker and podman."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from datamover_dev.images.dockerfile import base_image, image_name, what_to_build
from datamover_dev.images.running import run, succeeds
from datamover_dev.paths import cache_folder


@dataclass(frozen=True)
class Engine:
    """One of them, by its name."""

    name: str

    def can_build(self) -> bool:
        """Return whether it can: a client without its daemon can't, nor where the base image can't be had."""
        has, pulls = (self.name, "image", "inspect", base_image()), (self.name, "pull", base_image())
        return succeeds(self.name, "info") and (succeeds(*has) or succeeds(*pulls))

    def build(self, target: str) -> None:
        """Build one target."""
        run(self.name, "build", *what_to_build(target, base_image()))

    def size(self, target: str) -> int:
        """Return the size in bytes."""
        return int(run(self.name, "image", "inspect", "--format", "{{.Size}}", image_name(target)))

    def export(self, target: str) -> Path:
        """Write the image as an archive and return its path."""
        archive = cache_folder() / "images" / f"{target}.tar"
        run(self.name, "save", "--output", str(archive), image_name(target))
        return archive
