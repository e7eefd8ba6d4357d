"""The operations on executions, and which execution of a task is whose turn."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from datasync_emulator.catalogue import rules
from datasync_emulator.catalogue.options import complete
from datasync_emulator.catalogue.paging import page
from datasync_emulator.catalogue.records import Task
from datasync_emulator.catalogue.store import Catalogue, Realm
from datasync_emulator.catalogue.tags import tag_map
from datasync_emulator.catalogue.tasks import TransferAccess
from datasync_emulator.errors import invalid_request
from datasync_emulator.executions.record import CANCELLING, QUEUED, Execution
from datasync_emulator.messages import Caller, JsonObject


@dataclass
class Board:
    """All executions by task, oldest first. At most one of a task is under way, the others wait in the queue."""

    catalogue: Catalogue
    max_queued: int
    by_task: defaultdict[str, list[Execution]] = field(default_factory=lambda: defaultdict(list))

    def current(self, task_arn: str) -> str | None:
        """The ARN of the execution that was launched last."""
        executions = reversed(self.by_task.get(task_arn, []))
        return next((each.arn for each in executions if each.launched), None)

    def state(self, task_arn: str) -> str | None:
        """RUNNING, CANCELLING, or None when nothing is under way."""
        active = self.active(task_arn)
        if active is None:
            return None
        return CANCELLING if active.status == CANCELLING else "RUNNING"

    def active(self, task_arn: str) -> Execution | None:
        """The task's execution that is launched and not over."""
        executions = reversed(self.by_task.get(task_arn, []))
        return next((each for each in executions if each.launched and not each.is_over), None)

    def queued(self, task_arn: str) -> list[Execution]:
        """The task's waiting executions, the next one first."""
        return [each for each in self.by_task.get(task_arn, []) if each.status == QUEUED]

    def add(self, execution: Execution) -> None:
        """Put up a new execution."""
        self.by_task[execution.task.arn].append(execution)

    def forget(self, task_arn: str) -> list[str]:
        """Drop a deleted task's executions, and give their ARNs; one that still cancels does so unseen."""
        return [execution.arn for execution in self.by_task.pop(task_arn, [])]

    def find(self, caller: Caller, arn: str) -> Execution:
        """Find a caller's execution.

        Raises:
            ApiError: InvalidRequestException, worded as AWS does for tasks.
        """
        task_arn = arn.partition("/execution/")[0]
        if task_arn in self.catalogue.realm(caller).tasks:
            for execution in self.by_task.get(task_arn, []):
                if execution.arn == arn:
                    return execution
        raise invalid_request(f"Task execution {arn.rpartition('/')[2]} is not found.")

    def clear(self) -> None:
        """Stop and forget everything."""
        for executions in self.by_task.values():
            for execution in executions:
                execution.ask_to_stop()
        self.by_task.clear()


class Launcher(Protocol):
    """What carries executions out."""

    def submit(self, execution: Execution) -> None:
        """Launch or queue a new execution."""

    def drop(self, execution: Execution) -> None:
        """End one that was cancelled before its launch."""


@dataclass(frozen=True)
class Executions:
    """Starts, describes, lists, updates and cancels executions."""

    catalogue: Catalogue
    board: Board
    access: TransferAccess
    task_status: Callable[[Task, datetime], str]
    runner: Launcher

    def start(self, caller: Caller, params: JsonObject) -> JsonObject:
        """StartTaskExecution."""
        tags = tag_map(params.get("Tags", []))
        with self.catalogue.lock:
            realm = self.catalogue.realm(caller)
            execution = self._prepared(caller, realm, realm.task(params["TaskArn"]), params)
            self._refuse_if_busy(execution)
            self.board.add(execution)
            realm.tags[execution.arn] = tags
            self.runner.submit(execution)
        return {"TaskExecutionArn": execution.arn}

    def describe(self, caller: Caller, params: JsonObject) -> JsonObject:
        """DescribeTaskExecution."""
        return self.board.find(caller, params["TaskExecutionArn"]).describe(caller.now)

    def list_all(self, caller: Caller, params: JsonObject) -> JsonObject:
        """ListTaskExecutions, oldest first (AWS promises no order); without TaskArn those of every task."""
        with self.catalogue.lock:
            realm = self.catalogue.realm(caller)
            tasks = [realm.task(params["TaskArn"]).arn] if "TaskArn" in params else list(realm.tasks)
            found = [each for arn in tasks for each in self.board.by_task.get(arn, []) if caller.sees(each.caller.now)]
        found.sort(key=lambda each: each.serial)
        shown, token = page(found, lambda each: each.serial, params)
        entries = [{"TaskExecutionArn": each.arn, "Status": each.status, "TaskMode": each.task.mode} for each in shown]
        return {"TaskExecutions": entries, "NextToken": token}

    def update(self, caller: Caller, params: JsonObject) -> JsonObject:
        """UpdateTaskExecution: the bandwidth limit of an execution that has not ended."""
        execution = self.board.find(caller, params["TaskExecutionArn"])
        others = params["Options"].keys() - {"BytesPerSecond"}
        if others:
            message = f"Only BytesPerSecond can be updated on a task execution, not {', '.join(sorted(others))}."
            raise invalid_request(message)
        if execution.is_over or execution.status == CANCELLING:
            raise invalid_request(f"Task execution cannot be updated in its current status: {execution.status}")
        limit = params["Options"].get("BytesPerSecond", -1)
        if limit == 0:
            raise invalid_request("Invalid SyncOption value. Option: BytesPerSecond, Value: 0. Use -1 for no limit.")
        execution.options = execution.options | {"BytesPerSecond": limit}
        return {}

    def cancel(self, caller: Caller, params: JsonObject) -> JsonObject:
        """CancelTaskExecution, of a running or queued one."""
        with self.catalogue.lock:
            execution = self.board.find(caller, params["TaskExecutionArn"])
            if not execution.ask_to_stop():
                raise invalid_request(f"Sync task cannot be cancelled in its current status: {execution.status}")
            if execution.launched is None:
                self.runner.drop(execution)
        return {}

    def _prepared(self, caller: Caller, realm: Realm, task: Task, params: JsonObject) -> Execution:
        status = self.task_status(task, caller.now)
        if status == "CREATING":
            raise invalid_request(
                f"Task {task.arn.rpartition('/')[2]} cannot be started in its current status: {status}"
            )
        source, destination = realm.location(task.source_arn), realm.location(task.destination_arn)
        given = task.options | params.get("OverrideOptions", {})
        options = complete(given, source.spec, destination.spec, task.mode)
        manifest = params.get("ManifestConfig", task.manifest) or None
        report = params.get("TaskReportConfig", task.report) or None
        self.access.check_transfer(caller, source, destination, options)
        self.access.check_report(caller, report)
        self.access.check_manifest(caller, manifest)
        return Execution(
            arn=self.catalogue.new_execution_arn(task.arn),
            serial=self.catalogue.serial(),
            caller=caller,
            task=task,
            source=source,
            destination=destination,
            options=options,
            includes=rules.includes(params["Includes"]) if "Includes" in params else task.includes,
            excludes=rules.excludes(params["Excludes"]) if "Excludes" in params else task.excludes,
            manifest=manifest,
            report=report,
        )

    def _refuse_if_busy(self, execution: Execution) -> None:
        task_arn = execution.task.arn
        active, waiting = self.board.active(task_arn), self.board.queued(task_arn)
        name = task_arn.rpartition("/")[2]
        if (active or waiting) and execution.options["TaskQueueing"] == "DISABLED":
            raise invalid_request(f"Task {name} already has an execution in progress, and TaskQueueing is DISABLED.")
        if active and len(waiting) >= self.board.max_queued:
            raise invalid_request(f"Task {name} already has {len(waiting)} queued executions, the most allowed.")
