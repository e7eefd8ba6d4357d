"""buildah, which needs no daemon, and where no registry can be reached makes a stand-in for the base image."""

from __future__ import annotations

import shutil
from pathlib import Path

from datamover_dev.errors import SetupError
from datamover_dev.images.dockerfile import base_image, image_name, what_to_build
from datamover_dev.images.running import run_alone
from datamover_dev.paths import cache_folder

_STAND_IN = "localhost/datamover-base:stand-in"
_CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
_MOST_OLD = 40
"""So many images that newer ones replaced are kept, for their layers spare time; a few of them are a gigabyte."""

_PACKAGES = "python3,python3-venv,python3-pip,ca-certificates"


class Buildah:
    """Its images are in the user's cache, apart from the machine's own."""

    def __init__(self) -> None:
        """Make the store, and find a base to build on: the Dockerfile's, or a stand-in, which `name` tells."""
        self._store = cache_folder() / "images"
        self._policy = self._store / "policy.json"
        self._policy.write_text('{"default": [{"type": "insecureAcceptAnything"}]}')
        self._buildah("rm", "--all")  # what a build that was killed left behind
        if len(self._buildah("images", "--quiet", "--filter", "dangling=true").splitlines()) > _MOST_OLD:
            self._buildah("rmi", "--prune")
        self._base = self._provide_base()
        self.name = f"buildah on {self._base}"
        if self._base == _STAND_IN:
            self.name += f", made of Debian's packages in place of {base_image()}, for no registry can be reached"

    def build(self, target: str) -> None:
        """Build one target."""
        mounts = (f"--volume={_CERTIFICATES}:{_CERTIFICATES}:ro",) if _CERTIFICATES.exists() else ()
        how = ("--quiet", "--layers", "--pull-never", "--isolation=chroot", "--network=host", *mounts)
        self._buildah("build", *how, f"--signature-policy={self._policy}", *what_to_build(target, self._base))

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
            unfinished = archive.with_suffix(".unfinished")
            unfinished.unlink(missing_ok=True)
            self._buildah(
                "push", "--quiet", f"--signature-policy={self._policy}", name, f"docker-archive:{unfinished}:{name}"
            )
            unfinished.rename(archive)  # whole or not at all
        return archive

    def _provide_base(self) -> str:
        """Return the name of a base that is in the store."""
        base = base_image()
        try:
            self._buildah("pull", "--quiet", "--policy=missing", f"--signature-policy={self._policy}", base)
        except SetupError:
            if not self._buildah("images", "--quiet", "--filter", f"reference={_STAND_IN}").strip():
                self._make_stand_in()
            return _STAND_IN
        return base

    def _make_stand_in(self) -> None:
        if shutil.which("debootstrap") is None:
            raise SetupError(f"{base_image()} can't be pulled, and there is no debootstrap to make a stand-in with")
        root = self._store / "stand-in"
        shutil.rmtree(root, ignore_errors=True)
        run_alone("debootstrap", "--variant=minbase", f"--include={_PACKAGES}", "bookworm", str(root))
        for needless in ("var/cache/apt", "var/lib/apt/lists", "usr/share/doc"):
            shutil.rmtree(root / needless, ignore_errors=True)
        container = self._buildah("from", "scratch").strip()
        self._buildah("add", "--quiet", container, str(root), "/")
        self._buildah("commit", "--quiet", "--rm", f"--signature-policy={self._policy}", container, _STAND_IN)
        shutil.rmtree(root)

    def _buildah(self, *arguments: str) -> str:
        where = ("--storage-driver=overlay", f"--root={self._store}/store", f"--runroot={self._store}/run")
        return run_alone("buildah", *where, *arguments)
