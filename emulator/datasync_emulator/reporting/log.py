"""Writes a run's log."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from datasync_emulator.clock import Clock
from datasync_emulator.dataplane import Outcome, Step
from datasync_emulator.executions.record import Execution
from datasync_emulator.reporting.style import Style

_BATCH: Final = 1000

LogEvents = list[tuple[int, str]]
"""Events, each the time in milliseconds since the epoch and a message."""

Send = Callable[[LogEvents], None]
"""Appends events to the execution's log stream; returns at once."""


@dataclass
class TaskLog:
    """One execution's log; with `every_file`, not only of errors."""

    execution: Execution
    style: Style
    clock: Clock
    send: Send
    every_file: bool
    _waiting: LogEvents = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def start(self) -> None:
        """Say that the execution has begun."""
        self._add(self.style.started(self.execution.id))

    def observe(self, outcome: Outcome) -> None:
        """Log an outcome."""
        if outcome.failure is not None or (self.every_file and outcome.step is not Step.SKIPPED):
            self._add(self.style.log(outcome))

    def finish(self, *, succeeded: bool) -> None:
        """Say that the execution has ended, and send what waits."""
        self._add(self.style.ended(self.execution.id, succeeded=succeeded))
        with self._lock:
            self._flush()

    def _add(self, messages: list[str]) -> None:
        moment = int(self.clock().timestamp() * 1000)
        with self._lock:
            self._waiting += [(moment, message) for message in messages]
            if len(self._waiting) >= _BATCH:
                self._flush()

    def _flush(self) -> None:
        if self._waiting:
            self.send(self._waiting)
            self._waiting = []
