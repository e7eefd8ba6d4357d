"""Start our own programs as forks of a process that has imported them already.

Importing takes two seconds of a processor each time, and the tests start several hundred of them.
"""

from __future__ import annotations

import ast
import ctypes
import multiprocessing
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from datetime import timedelta
from importlib import import_module
from importlib.util import find_spec
from multiprocessing.process import BaseProcess
from pathlib import Path


def _imported_by(module: str) -> list[str]:
    """What a module imports: some of it inside of functions, when it is known to be needed."""
    spec = find_spec(module)
    assert spec is not None
    assert spec.origin is not None
    tree = ast.parse(Path(spec.origin).read_text())
    return [node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module]


_WITH_LATE_IMPORTS = ("datamover_operator.__main__", "datamover_api.__main__", "datamover_api.serving")
PRELOADED = [*(each for module in _WITH_LATE_IMPORTS for each in _imported_by(module)), "tests.support.warm"]
_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(PRELOADED)
_PR_SET_PDEATHSIG = 1


class Forked:
    """A forked process, spoken to as a `subprocess.Popen`."""

    def __init__(self, process: BaseProcess) -> None:
        self._process = process

    @property
    def pid(self) -> int:
        pid = self._process.pid
        assert pid is not None
        return pid

    def poll(self) -> int | None:
        return self._process.exitcode

    def wait(self, timeout: float | None = None) -> int:
        self._process.join(timeout)
        code = self._process.exitcode
        if code is None:
            raise subprocess.TimeoutExpired(self._process.name, timeout or 0)
        return code

    def send_signal(self, sig: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, sig)


def forked(
    command: Sequence[str | Path], *, log: Path, environment: Mapping[str, str] | None, ahead: timedelta = timedelta()
) -> Forked:
    """Run `[sys.executable, "-m", module, *arguments]`, whose module's `__main__` has a `main()`.

    An operator lives in a time that is so much ahead of the machine's.
    """
    _, _, module, *arguments = map(str, command)
    log.touch()
    given = (module, arguments, log, dict(environment or os.environ), ahead)
    # A daemon: multiprocessing would otherwise wait, when we end, for a program that never ends on its own.
    process = _CONTEXT.Process(target=_become, args=given, daemon=True)
    process.start()
    return Forked(process)


def _become(module: str, arguments: list[str], log: Path, environment: dict[str, str], ahead: timedelta) -> None:
    """Be the program; whatever this process has from its parent goes, but for what has been imported."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    os.closerange(3, os.sysconf("SC_OPEN_MAX"))
    output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = [module, *arguments]
    if ahead:
        _move_clock(ahead)
    import_module(f"{module}.__main__").main()


def _move_clock(ahead: timedelta) -> None:
    """The operator is given its time where it is put together."""
    serving = import_module("datamover_operator.serving")
    clock = serving.Clock
    serving.Clock = lambda now, tick: clock(now=lambda: now() + ahead, tick=tick)  # type: ignore[attr-defined]
