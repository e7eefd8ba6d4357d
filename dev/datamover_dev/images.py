"""Build the project's images with docker, podman or buildah, whichever is there, and export them for a node."""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from datamover_dev.errors import SetupError
from datamover_dev.paths import CHECKOUT, cache_folder

TARGETS = ("operator", "emulator")
CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
STAND_IN = "datamover.io.base=stand-in"
"""The label of a stand-in for the base image, and so of every image on it."""

STAND_IN_PACKAGES = "python3,python3-venv,python3-pip,ca-certificates"

Say = Callable[[str], None]


def version() -> str:
    """Return the project's version, which is the images' tag."""
    found: str = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"]["version"]
    return found


def image_name(target: str) -> str:
    """Return the name of the image that is built from this target of the Dockerfile."""
    return f"docker.io/library/datamover-{target}:{version()}"


def build_images(say: Say) -> list[Path]:
    """Build all images; return them as archives.

    Raises:
        SetupError: there is nothing to build with, or a build failed.
    """
    builder = _builder()
    for target in TARGETS:
        say(f"Building {image_name(target)} with {builder.name}")
        builder.build(target, say)
        say(f"  {builder.size(target) / 1e6:.0f} MB")
    return [builder.export(target) for target in TARGETS]


@dataclass(frozen=True)
class Engine:
    """docker or podman."""

    name: str

    def build(self, target: str, say: Say) -> None:
        """Build one target."""
        del say
        _run(
            self.name, "build", *_build_arguments(), f"--target={target}", f"--tag={image_name(target)}", str(CHECKOUT)
        )

    def size(self, target: str) -> int:
        """Return the size in bytes."""
        return int(_run(self.name, "image", "inspect", "--format", "{{.Size}}", image_name(target)))

    def export(self, target: str) -> Path:
        """Write the image as an archive and return its path."""
        archive = cache_folder() / "images" / f"{target}.tar"
        archive.parent.mkdir(parents=True, exist_ok=True)
        _run(self.name, "save", "--output", str(archive), image_name(target))
        return archive


class Buildah:
    """buildah, which needs no daemon; its images are in the user's cache."""

    name = "buildah"

    def __init__(self) -> None:
        """Keep a store apart from the machine's own, so that a stand-in base is never taken for the real one."""
        self._store = cache_folder() / "images"
        self._store.mkdir(parents=True, exist_ok=True)
        self._policy = self._store / "policy.json"
        self._policy.write_text('{"default": [{"type": "insecureAcceptAnything"}]}')

    def build(self, target: str, say: Say) -> None:
        """Build one target, on a stand-in where the base image can't be pulled."""
        self._provide_base(say)
        mounts = (f"--volume={CERTIFICATES}:{CERTIFICATES}:ro",) if CERTIFICATES.exists() else ()
        self._buildah(
            "build",
            "--quiet",
            "--layers",
            "--pull-never",
            "--isolation=chroot",
            "--network=host",
            *mounts,
            *_build_arguments(),
            f"--signature-policy={self._policy}",
            f"--target={target}",
            f"--tag={image_name(target)}",
            str(CHECKOUT),
        )

    def size(self, target: str) -> int:
        """Return the size in bytes of all layers, unpacked."""
        return self.export(target).stat().st_size

    def export(self, target: str) -> Path:
        """Write the image as an archive and return its path; once for each image."""
        identity = self._buildah("images", "--quiet", "--no-trunc", image_name(target)).strip().removeprefix("sha256:")
        archive = self._store / f"{target}-{identity[:16]}.tar"
        if not archive.exists():
            for old in self._store.glob(f"{target}-*.tar"):
                old.unlink()
            name = image_name(target)
            policy = f"--signature-policy={self._policy}"
            unfinished = archive.with_suffix(".unfinished")
            unfinished.unlink(missing_ok=True)
            self._buildah("push", "--quiet", policy, name, f"docker-archive:{unfinished}:{name}")
            unfinished.rename(archive)  # whole or not at all
        return archive

    def _provide_base(self, say: Say) -> None:
        base = _base_image()
        if self._has(base) and not self._has(base, "--filter", f"label={STAND_IN}"):
            return
        try:
            self._buildah("pull", "--quiet", "--policy=always", f"--signature-policy={self._policy}", base)
        except SetupError:
            say(f"  No registry can be reached: {base} is a STAND-IN made of Debian's packages")
            if not self._has(base):
                self._make_stand_in(base)

    def _has(self, image: str, *more: str) -> bool:
        return self._buildah("images", "--quiet", "--filter", f"reference={image}", *more).strip() != ""

    def _make_stand_in(self, base: str) -> None:
        if shutil.which("debootstrap") is None:
            raise SetupError(f"{base} can't be pulled, and there is no debootstrap to make a stand-in with")
        with tempfile.TemporaryDirectory(dir=self._store) as made:
            root = Path(made) / "root"
            _run("debootstrap", "--variant=minbase", f"--include={STAND_IN_PACKAGES}", "bookworm", str(root))
            for needless in ("var/cache/apt", "var/lib/apt/lists", "usr/share/doc"):
                shutil.rmtree(root / needless, ignore_errors=True)
            container = self._buildah("from", "scratch").strip()
            self._buildah("add", "--quiet", container, str(root), "/")
            self._buildah("config", f"--label={STAND_IN}", container)
            self._buildah("commit", "--quiet", "--rm", f"--signature-policy={self._policy}", container, base)

    def _buildah(self, *arguments: str) -> str:
        where = ("--storage-driver=overlay", f"--root={self._store}/store", f"--runroot={self._store}/run")
        return _run("buildah", *where, *arguments)


def _build_arguments() -> tuple[str, ...]:
    """The values of the Dockerfile's arguments."""
    try:
        revision = _run("git", "-C", str(CHECKOUT), "rev-parse", "HEAD").strip()
    except (SetupError, FileNotFoundError):
        revision = ""  # not a clone, or without git
    return (f"--build-arg=VERSION={version()}", f"--build-arg=REVISION={revision}")


def _base_image() -> str:
    """The base that the Dockerfile names, in full."""
    found = re.search(r"^ARG PYTHON_IMAGE=(\S+)$", (CHECKOUT / "Dockerfile").read_text(), re.MULTILINE)
    if found is None:
        raise SetupError("The Dockerfile names no PYTHON_IMAGE")
    return f"docker.io/library/{found[1]}"


def lacking() -> str:
    """Return in one sentence what is missing to build images with; empty where nothing is."""
    try:
        _builder()
    except SetupError as error:
        return str(error)
    return ""


def _builder() -> Engine | Buildah:
    for name in ("docker", "podman"):
        if shutil.which(name) and _serves(name):
            return Engine(name)
    if shutil.which("buildah"):
        return Buildah()
    raise SetupError("Images are built with docker, podman or buildah; on Debian: apt-get install buildah debootstrap")


def _serves(engine: str) -> bool:
    """Whether it can build: a client without its daemon can't, nor where the base image can't be had."""
    has, pulls = (engine, "image", "inspect", _base_image()), (engine, "pull", _base_image())
    return _succeeds(engine, "info") and (_succeeds(*has) or _succeeds(*pulls))


def _succeeds(*command: str) -> bool:
    return subprocess.run(command, capture_output=True, check=False, stdin=subprocess.DEVNULL).returncode == 0


def _run(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    if done.returncode != 0:
        last_lines = "\n".join(done.stderr.strip().splitlines()[-15:])
        raise SetupError(f"{' '.join(command[:2])} failed:\n{last_lines}")
    return done.stdout
