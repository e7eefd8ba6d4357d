"""Find PostgreSQL's server programs, and the user who runs them: PostgreSQL refuses to run as root."""

from __future__ import annotations

import os
import pwd
import shutil
from dataclasses import dataclass
from pathlib import Path

from datamover_dev.errors import SetupError

PACKAGE = "postgresql"
_DEBIAN = Path("/usr/lib/postgresql")
_UNPRIVILEGED = ("postgres", "nobody")


@dataclass(frozen=True)
class User:
    """Who runs the servers."""

    uid: int
    gid: int


def programs() -> Path:
    """Return the folder with initdb and postgres: PG_BINDIR, the newest of Debian's packages, or where PATH has them.

    Raises:
        SetupError: PostgreSQL's server is not installed, or not in PG_BINDIR.
    """
    if given := os.environ.get("PG_BINDIR"):
        if not (Path(given) / "initdb").exists():
            raise SetupError(f"PG_BINDIR={given}: no initdb in it; name the folder of PostgreSQL's server programs")
        return Path(given)
    versions = sorted(_DEBIAN.glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    on_path = shutil.which("initdb")
    if versions:
        return versions[-1].parent
    if on_path is not None:
        return Path(on_path).resolve().parent
    raise SetupError(f"PostgreSQL's server is not installed (on Debian: apt-get install {PACKAGE})")


def is_installed() -> bool:
    """Whether there is a server to start."""
    try:
        programs()
    except SetupError:
        return False
    return True


def server_user() -> User | None:
    """Return the user to run servers as; None: ourselves, who are not root."""
    if os.geteuid() != 0:
        return None
    for name in _UNPRIVILEGED:
        try:
            found = pwd.getpwnam(name)
        except KeyError:
            continue
        return User(found.pw_uid, found.pw_gid)
    raise SetupError(f"PostgreSQL does not run as root, and none of the users {', '.join(_UNPRIVILEGED)} exists")
