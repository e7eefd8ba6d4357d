"""Start programs that surely end with us, and end them politely."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from datamover_dev.errors import SetupError

_BIND_TO_PARENT = """
import ctypes, os, signal, sys
parent, uid, gid, program = *map(int, sys.argv[1:4]), sys.argv[4]
if uid >= 0:  # first: the kernel forgets the signal below when the user changes
    os.setgroups([])
    os.setgid(gid)
    os.setuid(uid)
if hasattr(ctypes.CDLL(None), "prctl"):
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)
    if os.getppid() != parent:
        sys.exit("the parent has gone")
os.execv(program, sys.argv[4:])
"""
"""Run by a bare interpreter that then becomes the program: PR_SET_PDEATHSIG (prctl(2)) survives execve.

A `preexec_fn` would do the same inside a fork of this process, which has threads, and that may deadlock.
"""


OURSELVES = (-1, -1)
"""The user who runs a program: we."""


def ending_with_us(command: Sequence[str | Path], user: tuple[int, int] = OURSELVES) -> list[str]:
    """Return a command that runs `command` (its first item is a path), and is killed when our thread ends.

    `user` are the uid and the gid to run it as, which only root may change.
    """
    arguments = map(str, (os.getpid(), *user, *command))
    return [sys.executable, "-I", "-S", "-c", _BIND_TO_PARENT, *arguments]


class Child(Protocol):
    """What is asked of a child process: a part of `subprocess.Popen`, which it usually is."""

    @property
    def pid(self) -> int:
        """The process id."""

    def poll(self) -> int | None:
        """Return the exit code, None while it runs."""

    def wait(self, timeout: float | None = None) -> int:
        """Wait for the exit code. Raises subprocess.TimeoutExpired."""

    def send_signal(self, sig: int, /) -> None:
        """Send a signal, unless it has ended."""


class Start(Protocol):
    """A way to start a command with its output appended to `log`."""

    def __call__(self, command: Sequence[str | Path], *, log: Path, environment: Mapping[str, str] | None) -> Child:
        """Start it, bound to end with us."""


def execute(
    command: Sequence[str | Path],
    *,
    log: Path,
    environment: Mapping[str, str] | None,
    user: tuple[int, int] = OURSELVES,
) -> Child:
    """Start a command (its first item is a path) as a process that ends with us."""
    with log.open("ab") as output:
        return subprocess.Popen(
            ending_with_us(command, user),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=environment,
        )


class Managed:
    """A child process with a log file. It is killed by the kernel when the thread that started it ends."""

    def __init__(
        self,
        name: str,
        command: Sequence[str | Path],
        *,
        log: Path,
        environment: Mapping[str, str] | None = None,
        start: Start = execute,
    ) -> None:
        """Start `command` (its first item is a path); output is appended to `log`."""
        self.name = name
        self.log = log
        self._process = start(command, log=log, environment=environment)

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """The exit code, None while it runs, negative where a signal ended it."""
        return self._process.poll()

    def wait(self, timeout: float) -> int:
        """Wait for the end, at most `timeout` seconds, and return the exit code.

        Raises:
            subprocess.TimeoutExpired: it still runs.
        """
        return self._process.wait(timeout)

    def kill(self) -> None:
        """End it at once, as a crash would, and wait until it is gone."""
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()

    def terminate(self, grace: float = 30.0) -> int:
        """Ask it to end (SIGTERM), kill it after `grace` seconds, and return the exit code."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(grace)
            except subprocess.TimeoutExpired:
                self.kill()
        return self._process.wait()

    def tail(self, lines: int = 30) -> str:
        """Return the end of the log."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])

    def until(self, ready: Callable[[], bool], what: str, timeout: float, interval: float = 0.05) -> None:
        """Wait until `ready()`.

        Raises:
            SetupError: the process ended first, or `timeout` seconds went by; the message ends with the log's tail.
        """
        deadline = time.monotonic() + timeout
        while not ready():
            if (code := self.exit_code) is not None:
                raise SetupError(f"{self.name} ended with {code} before {what}. The end of {self.log}:\n{self.tail()}")
            if time.monotonic() > deadline:
                raise SetupError(
                    f"{self.name}: not {what} within {timeout:.0f} s. The end of {self.log}:\n{self.tail()}"
                )
            time.sleep(interval)
