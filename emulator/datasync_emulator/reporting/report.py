"""Writes a run's task report.

Layout, under the destination's Subdirectory: Summary-Reports/<task>/<execution>/ holds the summary,
Detailed-Reports/<task>/<execution>/ of a standard report a file for each of what was transferred, skipped, verified and
deleted, in parts of at most 5 MB.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from datasync_emulator.clock import Clock
from datasync_emulator.dataplane import Outcome, Step
from datasync_emulator.errors import ApiError
from datasync_emulator.executions.record import Execution
from datasync_emulator.messages import JsonObject
from datasync_emulator.reporting.style import Style
from datasync_emulator.reporting.summary import summary

_LARGEST_PART: Final = 5_000_000
_UPLOAD_FAILED: Final = {
    "Status": "ERROR",
    "ErrorCode": "TaskReportUploadFailed",
    "ErrorDetail": "Failed to upload Task Report(s) to S3 due to an invalid bucket or IAM role",
}
_NOTHING_TO_REPORT: Final = {
    "Status": "ERROR",
    "ErrorCode": "TaskReportNotGenerated",
    "ErrorDetail": "Execution error occurred prior to generating any Task Reports",
}

Upload = Callable[[str, bytes], None]
"""Puts an object by its key; raises OSError or ApiError where that is not possible."""


@dataclass(slots=True)
class _Section:
    """The items of one step that no part holds yet, as JSON."""

    items: list[str] = field(default_factory=list)
    size: int = 0
    parts: int = 0


@dataclass
class Report:
    """One execution's report. `new_id` gives random hexadecimal digits, so many as it is asked for."""

    execution: Execution
    style: Style
    clock: Clock
    upload: Upload
    new_id: Callable[[int], str]

    def __post_init__(self) -> None:
        """Read the configuration."""
        config: JsonObject = self.execution.report or {}
        self._base = _folder(config["Destination"]["S3"].get("Subdirectory", ""))
        self._sections = {step: _Section() for step in Step} if config.get("OutputType") == "STANDARD" else {}
        self._with_successes = _with_successes(config)
        self._with_versions = config.get("ObjectVersionIds") == "INCLUDE"
        self._lock = threading.Lock()
        self._failed = False

    @property
    def is_detailed(self) -> bool:
        """Whether it wants to hear of single files."""
        return bool(self._sections)

    def observe(self, outcome: Outcome) -> None:
        """Take an outcome into the detailed report."""
        if outcome.failure is None and outcome.step not in self._with_successes:
            return
        item = self.style.item(outcome, self.clock())
        if not self._with_versions:
            item.pop("DstS3VersionId", None)
        text = json.dumps(item)
        with self._lock:
            section = self._sections[outcome.step]
            if section.size + len(text) > _LARGEST_PART:
                self._write_part(outcome.step, section)
            section.items.append(text)
            section.size += len(text) + 1

    def finish(self, ended: Execution) -> JsonObject:
        """Write what is left, and the summary; gives the ReportResult. `ended` is the execution as it will end."""
        if not ended.reached:
            return _NOTHING_TO_REPORT
        for step, section in self._sections.items():
            if section.items:
                self._write_part(step, section)
        self._put("Summary-Reports", f"summary-v1-{self.new_id(17)}", json.dumps(summary(ended)))
        return _UPLOAD_FAILED if self._failed else {"Status": "SUCCESS"}

    def _write_part(self, step: Step, section: _Section) -> None:
        section.parts += 1
        name = f"files-{step.lower()}-v1-{section.parts:05d}-{self.new_id(17)}"
        body = f'{{"TaskExecutionId":"{self.execution.id}","{step}":[{",".join(section.items)}]}}'
        section.items, section.size = [], 0
        self._put("Detailed-Reports", name, body)

    def _put(self, kind: str, name: str, body: str) -> None:
        execution = self.execution
        key = f"{self._base}{kind}/{execution.task.id}/{execution.id}/{execution.id}.{name}.json"
        try:
            self.upload(key, body.encode())
        except (OSError, ApiError):
            self._failed = True


def _with_successes(config: JsonObject) -> frozenset[Step]:
    """Give the steps whose successes are reported too."""
    overrides: Mapping[str, JsonObject] = config.get("Overrides") or {}
    general = config.get("ReportLevel", "ERRORS_ONLY")
    levels = {step: overrides.get(step, {}).get("ReportLevel", general) for step in Step}
    return frozenset(step for step, level in levels.items() if level == "SUCCESSES_AND_ERRORS")


def _folder(subdirectory: str) -> str:
    path = subdirectory.strip("/")
    return f"{path}/" if path else ""
