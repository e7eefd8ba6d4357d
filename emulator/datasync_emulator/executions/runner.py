"""Takes executions from LAUNCHING to their end, each in a thread of its own."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from copy import copy
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from datasync_emulator.clock import Clock
from datasync_emulator.dataplane import Bytes, CopyCancelled, CopyFailed, CopyJob, Count, Observer, Phase, Progress, run
from datasync_emulator.executions.record import CANCELLING, Execution
from datasync_emulator.executions.store import ExecutionStore
from datasync_emulator.messages import JsonObject

_log = logging.getLogger(__name__)
_LOOK_AGAIN = 0.1

JobMaker = Callable[[Execution, Observer | None], CopyJob]
"""Makes the job, of which an observer hears; raises CopyFailed where a location can't be reached."""

AgentsOnline = Callable[[Execution], bool]
"""Whether all agents that an execution uses are online."""

Watcher = Callable[[Execution], None]
"""Is told of an execution's new state, in the execution's thread."""


class Gate(Protocol):
    """Where a test may stop an execution, or make it fail."""

    def pass_through(self, execution: Execution) -> None:
        """Block while the execution's present state is held.

        Raises:
            CopyFailed: the execution is to end so.
        """


class Recorder(Protocol):
    """Records what becomes of an execution and its files."""

    @property
    def observer(self) -> Observer | None:
        """Hears what becomes of single files; None where nobody wants to."""

    def start(self) -> None:
        """Record that it has begun."""

    def finish(self, ended: Execution) -> JsonObject | None:
        """Record how it will have ended; gives its ReportResult."""


@dataclass
class Runner:
    """Runs executions; `state_delay` (seconds) is spent in each state, `slots` run at once, more stay LAUNCHING."""

    store: ExecutionStore
    clock: Clock
    make_job: JobMaker
    recorders: Callable[[Execution], Recorder]
    agents_online: AgentsOnline
    gate: Gate
    watcher: Watcher
    state_delay: float
    slots: int

    def __post_init__(self) -> None:
        """Make the pool; its threads start when they are needed."""
        self._threads = ThreadPoolExecutor(self.slots, thread_name_prefix="execution")
        self._closing = threading.Event()

    def submit(self, execution: Execution) -> None:
        """Launch a new execution, or leave it queued behind others. The caller holds the lock."""
        if self.store.must_wait(execution):
            self.watcher(execution)
        else:
            self._launch(execution)

    def drop(self, execution: Execution) -> None:
        """End an execution that was cancelled while it waited in the queue."""
        self._threads.submit(self._end, execution, self.recorders(execution))

    def close(self) -> None:
        """Stop all executions and wait for their threads."""
        self._closing.set()
        self.store.clear()
        self._threads.shutdown(cancel_futures=True)

    def _launch(self, execution: Execution) -> None:
        execution.progress = Progress(on_phase=partial(self._enter, execution))
        execution.launch(self.clock())
        self._threads.submit(self._live, execution)

    def _live(self, execution: Execution) -> None:
        failure: CopyFailed | None = None
        recorder = self.recorders(execution)
        try:
            recorder.start()
            self._stay(execution)
            self._wait_for_agents(execution)
            run(self.make_job(execution, recorder.observer), execution.progress, execution.cancel)
        except CopyCancelled:
            pass
        except CopyFailed as failed:
            failure = failed
        except Exception:  # noqa: BLE001 - a fault of the emulator must end the execution too, or it would run for ever
            _log.exception("%s failed", execution.arn)
            failure = CopyFailed("InternalError", "The emulator failed; its log says where.")
        self._end(execution, recorder, failure)

    def _wait_for_agents(self, execution: Execution) -> None:
        """Stay in LAUNCHING while an agent is offline, as DataSync does."""
        while not self.agents_online(execution) and not execution.cancel.wait(_LOOK_AGAIN):
            pass

    def _enter(self, execution: Execution, phase: Phase) -> None:
        execution.advance(phase)
        self._stay(execution)

    def _stay(self, execution: Execution) -> None:
        self.watcher(execution)
        self.gate.pass_through(execution)
        execution.cancel.wait(self.state_delay)

    def _end(self, execution: Execution, recorder: Recorder, failure: CopyFailed | None = None) -> None:
        if execution.status == CANCELLING:
            self.watcher(execution)
            with suppress(CopyFailed):
                self.gate.pass_through(execution)
            self._closing.wait(self.state_delay)
        error = (None, None) if failure is None else (failure.code, failure.detail)
        execution.report_result = self._recorded(execution, recorder, error)
        with self.store.catalogue.lock:
            execution.end(self.clock(), *error)
            for following in self.store.finished(execution):
                self._launch(following)
        self.watcher(execution)
        _report(execution)

    def _recorded(
        self, execution: Execution, recorder: Recorder, error: tuple[str | None, str | None]
    ) -> JsonObject | None:
        """Record the end before anybody can see it."""
        ended = copy(execution)
        ended.end(self.clock(), *error)
        try:
            return recorder.finish(ended)
        except Exception:  # noqa: BLE001 - as above: it must end all the same
            _log.exception("the end of %s could not be recorded", execution.arn)
            return {"Status": "ERROR"} if execution.report else None


def _report(execution: Execution) -> None:
    progress = execution.progress
    moved, seconds = progress.bytes(Bytes.TRANSFERRED), progress.duration(Phase.TRANSFERRING) / 1000
    _log.info(
        "%s %s: %d files and %d bytes moved in %.3f s (%.1f MB/s)%s",
        execution.arn,
        execution.status,
        progress.files(Count.TRANSFERRED),
        moved,
        seconds,
        moved / seconds / 1e6 if seconds else 0.0,
        f": {execution.error_code}: {execution.error_detail}" if execution.error_code else "",
    )
    for problem in progress.problems:
        _log.warning("%s: %s", execution.arn, problem)
