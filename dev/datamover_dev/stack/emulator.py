"""Start the DataSync emulator as a process."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from datamover_dev.processes import Managed

START_TIMEOUT = 60.0
"""Seconds: it loads moto's services, which takes one or two."""


def start_emulator(
    folder: Path, *, arguments: Sequence[str] = (), environment: Mapping[str, str] | None = None
) -> tuple[Managed, str]:
    """Start an emulator on a free port and return it with its endpoint, once it listens.

    Its file systems are folders under `folder`/data: <account>/<region>/<file system id>.

    Raises:
        SetupError: it does not start.
    """
    data_root = folder / "data"
    data_root.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "datasync_emulator", "--port=0", f"--data-root={data_root}", *arguments]
    emulator = Managed("datasync-emulator", command, log=folder / "emulator.log", environment=environment)
    try:
        emulator.until(lambda: _endpoint(emulator) is not None, "listening", START_TIMEOUT)
    except BaseException:
        emulator.kill()
        raise
    return emulator, _endpoint(emulator) or ""


def _endpoint(emulator: Managed) -> str | None:
    """The endpoint is a line of its own; every other line of the log has a level."""
    found = re.search(r"^(http://\S+)\n", emulator.log.read_text(errors="replace"), re.MULTILINE)
    return found[1] if found else None
