"""Keep the stack running in the background: one keeper process that holds a lock, and two commands around it.

The lock tells whether the keeper lives, so a process id in a stale file is never mistaken for it, and the kernel lets
go of the lock whatever ends the keeper.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from typing import IO

from datamover_dev.controlplane.binaries import folders
from datamover_dev.errors import SetupError
from datamover_dev.paths import LOCAL
from datamover_dev.stack.environment import write_env_file
from datamover_dev.stack.services import Stack

ENV_FILE = LOCAL / "env"
FOLDER = LOCAL / "stack"
LOG = LOCAL / "stack.log"
LOCK = LOCAL / "stack.lock"

STOP_TIMEOUT = 60.0
"""Seconds that the keeper is given to stop everything."""


def keep() -> None:
    """Run the stack until asked to end (SIGTERM); this is the keeper's whole life."""
    with LOCK.open("a+") as lock:
        _take_or_fail(lock)
        lock.truncate(0)
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        signal.signal(signal.SIGTERM, _leave)
        signal.signal(signal.SIGINT, _leave)
        shutil.rmtree(FOLDER, ignore_errors=True)  # the emulator forgets everything, so the cluster must not remember
        try:
            with Stack(FOLDER, say=_say) as stack:
                write_env_file(ENV_FILE, stack.variables, folders(stack.control_plane.binaries))
                _say("Ready.")
                stack.wait()
        finally:
            ENV_FILE.unlink(missing_ok=True)


def up(say: Callable[[str], None]) -> None:
    """Start the keeper, or find it running; return when the stack is ready.

    Raises:
        SetupError: it did not start; the message holds the reason.
    """
    LOCAL.mkdir(exist_ok=True)
    if keeper_pid() is not None:
        _wait_until_ready(_Follower(say, from_start=False), lambda: keeper_pid() is None)
        return
    with LOG.open("wb") as output:
        keeper = subprocess.Popen(
            [sys.executable, "-m", "datamover_dev", "keep"],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        _wait_until_ready(_Follower(say, from_start=True), lambda: keeper.poll() is not None)
    except KeyboardInterrupt:
        keeper.terminate()
        keeper.wait(STOP_TIMEOUT)
        raise


def down() -> bool:
    """Stop the keeper and all that it started; return False where nothing ran.

    Raises:
        SetupError: it does not end.
    """
    pid = keeper_pid()
    if pid is None:
        return False
    os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + STOP_TIMEOUT
    while keeper_pid() == pid:
        if time.monotonic() > deadline:
            raise SetupError(f"The stack's keeper, process {pid}, did not end within {STOP_TIMEOUT:.0f} s; see {LOG}")
        time.sleep(0.05)
    return True


def keeper_pid() -> int | None:
    """Return the process id of the living keeper: what the holder of the lock wrote into it."""
    try:
        lock = LOCK.open("r+")
    except FileNotFoundError:
        return None
    with lock:
        if _take(lock):
            return None
        return int(lock.read() or 0) or None


def _take_or_fail(lock: IO[str]) -> None:
    """Take the lock for the keeper; somebody who only looks holds it for a moment."""
    deadline = time.monotonic() + 1.0
    while not _take(lock):
        if time.monotonic() > deadline:
            raise SetupError("The stack is already running.")
        time.sleep(0.02)


def _take(lock: IO[str]) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


class _Follower:
    """Passes on the lines that the keeper has written since the last look."""

    def __init__(self, say: Callable[[str], None], *, from_start: bool) -> None:
        self._say = say
        self._at = 0 if from_start or not LOG.exists() else LOG.stat().st_size

    def pass_on(self) -> None:
        with LOG.open("rb") as log:
            log.seek(self._at)
            whole, newline, _ = log.read().rpartition(b"\n")
        self._at += len(whole) + len(newline)
        for line in whole.decode(errors="replace").splitlines():
            self._say(line)


def _wait_until_ready(follower: _Follower, ended: Callable[[], bool]) -> None:
    """Wait as long as the keeper lives: each of its own steps has a time-out, and a first build takes minutes."""
    while not ENV_FILE.exists():
        if ended():
            follower.pass_on()
            raise SetupError(f"The stack did not start. Logs: {LOG}, {FOLDER}/")
        follower.pass_on()
        time.sleep(0.1)
    follower.pass_on()


def _leave(signal_number: int, frame: object) -> None:
    del signal_number, frame
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # once is enough: stopping goes on undisturbed
    raise SystemExit(0)


def _say(text: str) -> None:
    print(text, flush=True)
