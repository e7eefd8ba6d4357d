"""Run the programs that build images."""

from __future__ import annotations

import os
import shutil
import subprocess

from datamover_dev.errors import SetupError
from datamover_dev.processes import ending_with_us

_ALONE = ("unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "--propagation=private")


def run(*command: str) -> str:
    """Run a command and return what it printed.

    Raises:
        SetupError: it failed; the message holds the end of its error output.
    """
    return _run(command, shown=command)


def run_alone(*command: str) -> str:
    """Do the same; the command's mounts and processes end with it, and it ends with us, whatever ends us.

    Without root it can mount nothing, so there is nothing to contain.

    Raises:
        SetupError: as above.
    """
    if os.geteuid() != 0:
        return _run(command, shown=command)
    program, *arguments = (*_ALONE, *command)
    return _run(ending_with_us([shutil.which(program) or program, *arguments]), shown=command)


def succeeds(*command: str) -> bool:
    """Run a command and return whether it succeeded."""
    return subprocess.run(command, capture_output=True, check=False, stdin=subprocess.DEVNULL).returncode == 0


def _run(command: list[str] | tuple[str, ...], shown: tuple[str, ...]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    if done.returncode != 0:
        last_lines = "\n".join(done.stderr.strip().splitlines()[-15:])
        raise SetupError(f"{' '.join(shown[:2])} failed:\n{last_lines}")
    return done.stdout
