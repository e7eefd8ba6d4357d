"""What is asked of the Dockerfile, no matter who builds it: targets, names, the base image, arguments."""

from __future__ import annotations

import re
import shutil
import subprocess
import tomllib

from datamover_dev.errors import SetupError
from datamover_dev.paths import CHECKOUT

TARGETS = ("operator", "emulator")


def version() -> str:
    """Return the project's version, which is the images' tag."""
    found: str = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"]["version"]
    return found


def image_name(target: str) -> str:
    """Return the name of the image that is built from this target."""
    return f"docker.io/library/datamover-{target}:{version()}"


def base_image() -> str:
    """Return the full name of the base, with its digest.

    Raises:
        SetupError: the Dockerfile names none.
    """
    found = re.search(r"^ARG PYTHON_IMAGE=(\S+)$", (CHECKOUT / "Dockerfile").read_text(), re.MULTILINE)
    if found is None:
        raise SetupError("The Dockerfile names no PYTHON_IMAGE")
    return f"docker.io/library/{found[1]}"


def what_to_build(target: str, base: str) -> tuple[str, ...]:
    """Return the flags and the folder that tell any of the builders to build this target on this base."""
    given = {"PYTHON_IMAGE": base, "VERSION": version(), "REVISION": _revision()}
    arguments = (f"--build-arg={name}={value}" for name, value in given.items())
    return (*arguments, f"--target={target}", f"--tag={image_name(target)}", str(CHECKOUT))


def _revision() -> str:
    """The commit; empty where this is no clone, or git is missing."""
    git = shutil.which("git")
    if git is None:
        return ""
    asked = (git, "-C", str(CHECKOUT), "rev-parse", "HEAD")
    return subprocess.run(asked, capture_output=True, text=True, check=False).stdout.strip()
