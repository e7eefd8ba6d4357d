"""Build programs with Go into the user's cache folder, once per pinned version, showing how it advances."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import time
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from datamover_dev.console import LiveLine
from datamover_dev.controlplane.programs import Program
from datamover_dev.errors import SetupError

FLAGS = ("-mod=readonly", "-buildvcs=false", "-trimpath")

GO_MISSING = (
    "The Kubernetes control plane has to be built once, and Go is not installed.\n"
    "Install Go 1.26 or newer (https://go.dev/dl/), or set KUBEBUILDER_ASSETS to a folder that holds\n"
    "etcd, kube-apiserver, kube-controller-manager and kubectl, or put them on PATH."
)


def build(programs: Iterable[Program]) -> None:
    """Build those of the programs that the cache lacks; a second process waits for the first one's result.

    Raises:
        SetupError: Go is missing or a build failed.
    """
    for program in programs:
        if program.cached.exists():
            continue
        with locked(program.cached.parent):
            if not program.cached.exists():
                _build(program)


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Make the folder, and let nobody else build in it meanwhile."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            with LiveLine() as line:
                line.say(f"Waiting for another build in {folder}")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _build(program: Program) -> None:
    go = shutil.which("go")
    if go is None:
        raise SetupError(GO_MISSING)
    with LiveLine() as line:
        line.say(f"Building {program.name} (once; kept in {program.cached.parent})")
        started = time.monotonic()
        total = _count_packages(go, program, line)
        # The process id keeps a killed build's leavings apart; the rename makes the program appear whole or not at all.
        unfinished = program.cached.with_name(f".{program.name}.{os.getpid()}")
        command = [go, "build", "-v", *FLAGS, "-ldflags", program.linker_flags, "-o", str(unfinished), program.package]
        try:
            for done, _ in enumerate(_run(command, program), start=1):
                line.update(f"  {program.name}: {done} of at most {total} packages compiled")
            unfinished.rename(program.cached)
        finally:
            unfinished.unlink(missing_ok=True)
        line.say(f"  {program.name}: {time.monotonic() - started:.0f} s")


def _count_packages(go: str, program: Program, line: LiveLine) -> int:
    packages = 0
    for output in _run([go, "list", "-mod=readonly", "-deps", program.package], program):
        if output.startswith("go: downloading"):
            line.update(f"  {program.name}: {output.removeprefix('go: ')}")
        else:
            packages += 1
    return packages


def _run(command: list[str], program: Program) -> Iterator[str]:
    """Yield the output's lines as they come.

    Raises:
        SetupError: the command failed; the message ends with its last lines.
    """
    # CGO off: needs no C compiler, and the result does not depend on the machine's C library.
    environment = os.environ | {"CGO_ENABLED": "0"}
    last_lines: deque[str] = deque(maxlen=15)
    with subprocess.Popen(
        command, cwd=program.folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        assert process.stdout is not None  # noqa: S101 - given by PIPE; tells the type checker
        for output in process.stdout:
            last_lines.append(output.rstrip())
            yield output.rstrip()
    if process.returncode != 0:
        detail = "\n".join(f"  {text}" for text in last_lines)
        raise SetupError(
            f"Building {program.name} failed ({' '.join(command[:2])} ended with {process.returncode}):\n{detail}"
        )
