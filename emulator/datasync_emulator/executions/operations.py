"""The operations on executions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from datasync_emulator.catalogue import rules
from datasync_emulator.catalogue.options import complete
from datasync_emulator.catalogue.paging import page
from datasync_emulator.catalogue.records import Task
from datasync_emulator.catalogue.store import Catalogue
from datasync_emulator.catalogue.tags import tag_map
from datasync_emulator.catalogue.tasks import Tasks, TransferAccess
from datasync_emulator.errors import invalid_request
from datasync_emulator.executions.record import CANCELLING, Execution
from datasync_emulator.executions.store import ExecutionStore
from datasync_emulator.messages import Caller, JsonObject
from datasync_emulator.protocol.service import Handler


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
    store: ExecutionStore
    access: TransferAccess
    tasks: Tasks
    runner: Launcher

    def handlers(self) -> dict[str, Handler]:
        """Give the handler of every operation on executions, by the operation's name."""
        return {
            "StartTaskExecution": self.start,
            "DescribeTaskExecution": self.describe,
            "ListTaskExecutions": self.list_all,
            "UpdateTaskExecution": self.update,
            "CancelTaskExecution": self.cancel,
        }

    def start(self, caller: Caller, params: JsonObject) -> JsonObject:
        """StartTaskExecution."""
        tags = tag_map(params.get("Tags", []))
        with self.catalogue.lock:
            realm = self.catalogue.realm(caller)
            execution = self._prepared(caller, realm.task(params["TaskArn"]), params)
            self._refuse_if_busy(execution)
            self.store.add(execution)
            realm.tags[execution.arn] = tags
            self.runner.submit(execution)
        return {"TaskExecutionArn": execution.arn}

    def describe(self, caller: Caller, params: JsonObject) -> JsonObject:
        """DescribeTaskExecution."""
        return self.store.find(caller, params["TaskExecutionArn"]).describe(caller.now)

    def list_all(self, caller: Caller, params: JsonObject) -> JsonObject:
        """ListTaskExecutions, oldest first (AWS promises no order); without TaskArn those of every task."""
        with self.catalogue.lock:
            realm = self.catalogue.realm(caller)
            tasks = [realm.task(params["TaskArn"]).arn] if "TaskArn" in params else list(realm.tasks)
            found = [each for arn in tasks for each in self.store.by_task.get(arn, []) if caller.sees(each.caller.now)]
        found.sort(key=lambda each: each.serial)
        shown, token = page(found, lambda each: each.serial, params)
        entries = [{"TaskExecutionArn": each.arn, "Status": each.status, "TaskMode": each.task.mode} for each in shown]
        return {"TaskExecutions": entries, "NextToken": token}

    def update(self, caller: Caller, params: JsonObject) -> JsonObject:
        """UpdateTaskExecution: the bandwidth limit of an execution that has not ended."""
        execution = self.store.find(caller, params["TaskExecutionArn"])
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
            execution = self.store.find(caller, params["TaskExecutionArn"])
            if not execution.ask_to_stop():
                raise invalid_request(f"Sync task cannot be cancelled in its current status: {execution.status}")
            if execution.launched is None:
                self.runner.drop(execution)
        return {}

    def _prepared(self, caller: Caller, task: Task, params: JsonObject) -> Execution:
        self.tasks.refuse_unless_ready(caller, task)
        source = self.catalogue.location(caller, task.source_arn)
        destination = self.catalogue.location(caller, task.destination_arn)
        given = task.options | params.get("OverrideOptions", {})
        options = complete(given, source.spec, destination.spec, task.mode)
        manifest = params.get("ManifestConfig", task.manifest) or None
        report = params.get("TaskReportConfig", task.report) or None
        includes = rules.includes(params["Includes"]) if "Includes" in params else task.includes
        excludes = rules.excludes(params["Excludes"]) if "Excludes" in params else task.excludes
        rules.check_manifest(manifest, includes, excludes, options)
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
            includes=includes,
            excludes=excludes,
            manifest=manifest,
            report=report,
            agents=self.tasks.agents_in_use(caller, task),
        )

    def _refuse_if_busy(self, execution: Execution) -> None:
        task_arn = execution.task.arn
        waiting = self.store.queued(task_arn)
        name = task_arn.rpartition("/")[2]
        if not self.store.must_wait(execution):
            return
        if execution.options["TaskQueueing"] == "DISABLED":
            busy = f"Task {name} already has" if self.store.state(task_arn) else f"An agent of task {name} is busy with"
            raise invalid_request(f"{busy} an execution in progress, and TaskQueueing is DISABLED.")
        if len(waiting) >= self.store.max_queued:
            raise invalid_request(f"Task {name} already has {len(waiting)} queued executions, the most allowed.")
