"""The files that the demo moves: Python's own library, a real tree that is on every machine that runs this."""

from __future__ import annotations

import hashlib
import sysconfig
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath

LEFT_OUT = frozenset({"__pycache__", "site-packages", "dist-packages"})
COMPILED = frozenset({".a", ".o", ".pyc", ".so"})

Digests = Mapping[str, str]
"""SHA-256 in hex, by path with forward slashes."""


def library_files() -> dict[str, Path]:
    """Return the files by their path within the library."""
    root = Path(sysconfig.get_path("stdlib"))
    found = {path.relative_to(root): path for path in sorted(root.rglob("*")) if path.is_file()}
    return {
        name.as_posix(): path
        for name, path in found.items()
        if not LEFT_OUT.intersection(name.parts) and name.suffix not in COMPILED
    }


def folders_of(paths: Iterable[str]) -> set[str]:
    """Return every folder that these paths lie in, but for the root."""
    return {parent.as_posix() for path in paths for parent in PurePosixPath(path).parents} - {"."}


def digests_of(folder: Path) -> dict[str, str]:
    """Return the digest of every file in a folder."""
    paths = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): digest(path.read_bytes()) for path in paths}


def digest(content: bytes) -> str:
    """Return the SHA-256 in hex."""
    return hashlib.sha256(content).hexdigest()
