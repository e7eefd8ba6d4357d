"""Build the project's images with docker, podman or buildah, whichever is there, and export them for a node."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from datamover_dev.controlplane.build import locked
from datamover_dev.errors import SetupError
from datamover_dev.images.buildah import Buildah
from datamover_dev.images.dockerfile import TARGETS, image_name
from datamover_dev.images.engine import Engine
from datamover_dev.paths import cache_folder

_BUILDERS = ("docker", "podman", "buildah")

Say = Callable[[str], None]


def lacking() -> str:
    """Return in one sentence what is missing to build images with; empty where nothing is."""
    if any(map(shutil.which, _BUILDERS)):
        return ""
    return "Images are built with docker, podman or buildah; on Debian: apt-get install buildah debootstrap"


def build_images(say: Say) -> list[Path]:
    """Build all images, one caller after the other; return them as archives.

    Raises:
        SetupError: there is nothing to build with, or a build failed.
    """
    with locked(cache_folder() / "images"):
        builder = choose()
        for target in TARGETS:
            say(f"Building {image_name(target)} with {builder.name}")
            builder.build(target)
            say(f"  {builder.size(target) / 1e6:.0f} MB")
        return [builder.export(target) for target in TARGETS]


def choose() -> Engine | Buildah:
    """Return the first that can build here.

    Raises:
        SetupError: none can.
    """
    for name in ("docker", "podman"):
        engine = Engine(name)
        if shutil.which(name) and engine.can_build():
            return engine
    if shutil.which("buildah"):
        return Buildah()
    raise SetupError(lacking() or "No registry can be reached; on Debian: apt-get install buildah debootstrap")
