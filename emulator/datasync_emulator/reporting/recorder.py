"""Puts together what an execution is to tell of itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final

from datasync_emulator.access.ports import Buckets
from datasync_emulator.catalogue.options import ENHANCED
from datasync_emulator.catalogue.records import Location
from datasync_emulator.clock import Clock
from datasync_emulator.dataplane import Observer, Outcome, S3Endpoint
from datasync_emulator.dataplane.whole_objects import write_object
from datasync_emulator.errors import invalid_request
from datasync_emulator.executions.record import SUCCESS, Execution
from datasync_emulator.messages import Caller, JsonObject
from datasync_emulator.reporting.basic import Basic
from datasync_emulator.reporting.enhanced import Enhanced, Side
from datasync_emulator.reporting.log import LogEvents, TaskLog
from datasync_emulator.reporting.report import Report
from datasync_emulator.reporting.style import Style

_OWN_GROUP: Final = "/aws/datasync"

AppendToLog = Callable[[Execution, str, LogEvents], None]
"""Appends events to an execution's stream in a log group; what is not possible or allowed is lost."""

CheckReport = Callable[[Caller, JsonObject | None], None]
"""Raises ApiError where DataSync can't write to the bucket of a TaskReportConfig."""


@dataclass(frozen=True)
class Recorder:
    """Records one execution."""

    report: Report | None
    log: TaskLog | None

    @property
    def observer(self) -> Observer | None:
        """Hears of single files; None where nobody wants to."""
        observers: list[Observer] = []
        if self.report is not None and self.report.is_detailed:
            observers.append(self.report.observe)
        if self.log is not None:
            observers.append(self.log.observe)
        return partial(_tell, observers) if observers else None

    def start(self) -> None:
        """Record that the execution has begun."""
        if self.log is not None:
            self.log.start()

    def finish(self, ended: Execution) -> JsonObject | None:
        """Record how it will have ended; gives its ReportResult, if there is a report."""
        if self.log is not None:
            self.log.finish(succeeded=ended.status == SUCCESS)
        return None if self.report is None else self.report.finish(ended)


@dataclass(frozen=True)
class Recorders:
    """Makes the recorder of an execution. `new_id` gives random hexadecimal digits."""

    clock: Clock
    buckets: Buckets
    check_report: CheckReport
    append_to_log: AppendToLog
    new_id: Callable[[int], str]

    def __call__(self, execution: Execution) -> Recorder:
        """Make one for an execution that begins."""
        style = _style(execution)
        return Recorder(self._report(execution, style), self._log(execution, style))

    def _report(self, execution: Execution, style: Style) -> Report | None:
        if execution.report is None:
            return None
        return Report(execution, style, self.clock, partial(self._upload, execution), self.new_id)

    def _log(self, execution: Execution, style: Style) -> TaskLog | None:
        level, group = execution.options["LogLevel"], execution.task.log_group_arn
        if group is None and execution.task.mode == ENHANCED:
            caller = execution.caller
            group = f"arn:{caller.partition}:logs:{caller.region}:{caller.account}:log-group:{_OWN_GROUP}"
        if level == "OFF" or group is None:
            return None
        send = partial(self.append_to_log, execution, group)
        return TaskLog(execution, style, self.clock, send, every_file=level == "TRANSFER")

    def _upload(self, execution: Execution, key: str, content: bytes) -> None:
        config: JsonObject = execution.report or {}
        self.check_report(execution.caller, config)
        bucket = self.buckets.find(config["Destination"]["S3"]["S3BucketArn"])
        if bucket is None:
            raise invalid_request("The bucket does not exist.")
        write_object(S3Endpoint(bucket.name), key, content, "application/json")


def _tell(observers: list[Observer], outcome: Outcome) -> None:
    for observe in observers:
        observe(outcome)


def _style(execution: Execution) -> Style:
    if execution.task.mode != ENHANCED:
        return Basic()
    return Enhanced(_side(execution.source), _side(execution.destination))


def _side(location: Location) -> Side:
    return Side(location.id, location.spec.metadata)
