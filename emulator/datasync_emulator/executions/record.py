"""One task execution: its state machine and what Describe shows of it."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from datasync_emulator.catalogue.options import ENHANCED
from datasync_emulator.catalogue.records import Location, Task
from datasync_emulator.dataplane import Phase, Progress
from datasync_emulator.messages import Caller, JsonObject

QUEUED = "QUEUED"
LAUNCHING = "LAUNCHING"
CANCELLING = "CANCELLING"
SUCCESS = "SUCCESS"
ERROR = "ERROR"
ENDED = frozenset({SUCCESS, ERROR})
_PHASES = {Phase.PREPARING: "Prepare", Phase.TRANSFERRING: "Transfer", Phase.VERIFYING: "Verify"}


@dataclass(eq=False)
class Execution:
    """A run of a task; changed by the event loop and by the thread that copies, hence the lock."""

    arn: str
    serial: int
    caller: Caller
    task: Task
    source: Location
    destination: Location
    options: JsonObject
    includes: tuple[JsonObject, ...]
    excludes: tuple[JsonObject, ...]
    manifest: JsonObject | None
    report: JsonObject | None
    agents: frozenset[str] = frozenset()
    status: str = QUEUED
    launched: datetime | None = None
    ended: datetime | None = None
    error_code: str | None = None
    error_detail: str | None = None
    report_result: JsonObject | None = None
    cancel: threading.Event = field(default_factory=threading.Event)
    progress: Progress = field(default_factory=Progress)
    reached: list[Phase] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def id(self) -> str:
        """The id, such as exec-0123456789abcdef0."""
        return self.arn.rpartition("/")[2]

    @property
    def is_over(self) -> bool:
        """Whether it has ended."""
        return self.status in ENDED

    def advance(self, status: str) -> None:
        """Go on to the next state; one that is being cancelled, or has ended, stays so."""
        with self.lock:
            if self.status not in ENDED | {CANCELLING}:
                self.status = status
                if status in _PHASES:
                    self.reached.append(Phase(status))

    def launch(self, now: datetime) -> None:
        """Leave the queue."""
        self.advance(LAUNCHING)
        self.launched = now

    def ask_to_stop(self) -> bool:
        """Begin to cancel; False where it has already ended."""
        with self.lock:
            if self.status in ENDED:
                return False
            self.status = CANCELLING
        self.cancel.set()
        return True

    def end(self, now: datetime, error_code: str | None = None, error_detail: str | None = None) -> None:
        """End: in ERROR where it was cancelled or an error is given, else in SUCCESS."""
        with self.lock:
            failed = error_code is not None or self.status == CANCELLING
            self.error_code, self.error_detail = error_code, error_detail
            self.ended = now
            self.status = ERROR if failed else SUCCESS

    def describe(self, now: datetime) -> JsonObject:
        """DescribeTaskExecution's output."""
        return {
            "TaskExecutionArn": self.arn,
            "Status": self.status,
            "Options": self.options,
            "Excludes": list(self.excludes),
            "Includes": list(self.includes),
            "ManifestConfig": self.manifest,
            "TaskReportConfig": self.report,
            "ReportResult": self.report_result or ({"Status": "PENDING"} if self.report else None),
            "StartTime": self.caller.now,
            "LaunchTime": self.launched,
            "EndTime": self.ended,
            "TaskMode": self.task.mode,
            **self.progress.describe(self.task.mode),
            "Result": self._result(now),
        }

    def _result(self, now: datetime) -> JsonObject:
        took = (self.ended or now) - self.launched if self.launched is not None else timedelta(0)
        result: JsonObject = {"TotalDuration": _milliseconds(took)}
        for phase, name in _PHASES.items():
            # Enhanced mode does all at once, so DataSync shows no single durations for it.
            result[f"{name}Duration"] = 0 if self.task.mode == ENHANCED else self.progress.duration(phase)
            result[f"{name}Status"] = self._phase_status(phase)
        shown = {"ErrorCode": self.error_code, "ErrorDetail": self.error_detail}
        return result | {name: value for name, value in shown.items() if value is not None}

    def _phase_status(self, phase: Phase) -> str:
        if phase not in self.reached:
            return "PENDING"
        is_last = self.reached[-1] == phase
        if self.is_over:
            return ERROR if is_last and self.status == ERROR else SUCCESS
        return "PENDING" if is_last else SUCCESS


def _milliseconds(duration: timedelta) -> int:
    return duration // timedelta(milliseconds=1)
