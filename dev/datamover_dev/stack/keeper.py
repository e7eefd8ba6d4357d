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
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Protocol, Self

from datamover_dev.controlplane.binaries import Binaries, folders
from datamover_dev.errors import SetupError
from datamover_dev.stack.environment import write_env_file
from datamover_dev.stack.services import Stack

STOP_TIMEOUT = 60.0
"""Seconds that the keeper is given to stop everything."""

Say = Callable[[str], None]


class Kept(Protocol):
    """What a keeper keeps: a context manager that is up while it is open."""

    @property
    def variables(self) -> Mapping[str, str]:
        """The environment variables that lead every client to it."""
        ...

    @property
    def programs(self) -> Binaries:
        """What a person types to use it."""
        ...

    def wait(self) -> None:
        """Return or raise when it is at an end."""
        ...

    def __enter__(self) -> Self:
        """Start it."""
        ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> bool | None:
        """Stop it."""
        ...


class Make(Protocol):
    """Makes what is kept, in a folder; `say` is told about each step."""

    def __call__(self, folder: Path, *, say: Say) -> Kept:
        """Prepare it."""
        ...


@dataclass(frozen=True)
class Keeper:
    """The keeper whose state is in the folder `local`: of the stack, or of what else is made there.

    `command` is what `python -m datamover_dev` calls this keeper's life.
    """

    local: Path
    make: Make = Stack
    command: str = "keep"

    @property
    def env_file(self) -> Path:
        """The file to source; it is there as long as the stack is ready."""
        return self.local / "env"

    @property
    def folder(self) -> Path:
        """Where the stack keeps its logs and data."""
        return self.local / "stack"

    @property
    def log(self) -> Path:
        """What the keeper itself says."""
        return self.local / "stack.log"

    @property
    def lock(self) -> Path:
        """Locked by the living keeper, which writes its process id and its command into it."""
        return self.local / "stack.lock"

    def keep(self) -> None:
        """Run the stack until asked to end (SIGTERM); this is the keeper's whole life."""
        with self.lock.open("a+") as lock:
            _take_or_fail(lock)
            lock.truncate(0)
            lock.write(f"{os.getpid()} {self.command}\n")
            lock.flush()
            signal.signal(signal.SIGTERM, _leave)
            signal.signal(signal.SIGINT, _leave)
            # The emulator starts with nothing, so the cluster must not remember anything either.
            shutil.rmtree(self.folder, ignore_errors=True)
            try:
                with self.make(self.folder, say=_say) as stack:
                    write_env_file(self.env_file, stack.variables, folders(stack.programs))
                    stack.wait()
            finally:
                self.env_file.unlink(missing_ok=True)

    def up(self, say: Say) -> None:
        """Start the keeper, or find it running; return when the stack is ready.

        Raises:
            SetupError: something else runs there, or it did not start; `say` was told the reason.
        """
        self.local.mkdir(parents=True, exist_ok=True)
        living = self._living()
        if living is not None:
            if living[1] != self.command:
                raise SetupError("The stack (`make up`) or a cluster (`make cluster`) runs here; first: make down")
            say("It is already running.")
            self._wait_until_ready(lambda _: None, lambda: self.pid() is None)
            return
        self.env_file.unlink(missing_ok=True)  # a killed keeper leaves it behind
        with self.log.open("wb") as output:
            keeper = subprocess.Popen(
                [sys.executable, "-m", "datamover_dev", self.command, f"--local={self.local}"],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            self._wait_until_ready(say, lambda: keeper.poll() is not None)
        except KeyboardInterrupt:
            keeper.terminate()
            keeper.wait(STOP_TIMEOUT)
            raise

    def down(self) -> bool:
        """Stop the keeper and all that it started; return False where nothing ran.

        Raises:
            SetupError: it does not end.
        """
        pid = self.pid()
        if pid is None:
            return False
        os.kill(pid, signal.SIGTERM)
        deadline = time.monotonic() + STOP_TIMEOUT
        while self.pid() == pid:
            if time.monotonic() > deadline:
                raise SetupError(f"The keeper, process {pid}, did not end within {STOP_TIMEOUT:.0f} s; see {self.log}")
            time.sleep(0.05)
        return True

    def pid(self) -> int | None:
        """Return the process id of the living keeper."""
        living = self._living()
        return living[0] if living is not None else None

    def _living(self) -> tuple[int, str] | None:
        """Return process id and command of the living keeper: what the holder of the lock wrote into it."""
        try:
            lock = self.lock.open("r+")
        except FileNotFoundError:
            return None
        with lock:
            if _take(lock):
                return None
            pid, _, command = lock.read().strip().partition(" ")
            return (int(pid), command) if pid else None

    def _wait_until_ready(self, say: Say, ended: Callable[[], bool]) -> None:
        """Wait as long as the keeper lives: each of its own steps has a time-out, and a first build takes minutes."""
        with self.log.open() as log:
            while not self.env_file.exists():
                gone = ended()
                for line in log.readlines():
                    say(line.rstrip())
                if gone:
                    raise SetupError(f"The stack did not start. Logs: {self.log}, {self.folder}/")
                time.sleep(0.1)
            for line in log.readlines():
                say(line.rstrip())


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


def _leave(signal_number: int, frame: object) -> None:
    del signal_number, frame
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # once is enough: stopping goes on undisturbed
    raise SystemExit(0)


def _say(text: str) -> None:
    print(text, flush=True)
