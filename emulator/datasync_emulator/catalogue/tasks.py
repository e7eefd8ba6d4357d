"""The operations on tasks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from typing import Protocol

from datasync_emulator.catalogue import pairs, rules, task_schedule
from datasync_emulator.catalogue.filters import matcher
from datasync_emulator.catalogue.options import BASIC, complete
from datasync_emulator.catalogue.paging import page
from datasync_emulator.catalogue.records import Location, Task
from datasync_emulator.catalogue.store import Catalogue
from datasync_emulator.catalogue.tags import tag_map
from datasync_emulator.catalogue.task_health import Problem, TaskHealth
from datasync_emulator.catalogue.task_schedule import ScheduleCheck
from datasync_emulator.errors import invalid_request
from datasync_emulator.messages import Caller, JsonObject
from datasync_emulator.protocol.service import Handler


class TransferAccess(Protocol):
    """Checks that DataSync reaches what a task names; each raises ApiError where it does not."""

    def check_transfer(
        self, caller: Caller, source: Location, destination: Location, options: Mapping[str, object]
    ) -> None:
        """Try to read the source, and to write the destination, with these options."""

    def check_report(self, caller: Caller, config: JsonObject | None) -> None:
        """Try to write to the bucket of a TaskReportConfig."""

    def check_manifest(self, caller: Caller, config: JsonObject | None) -> None:
        """Try to read the manifest of a ManifestConfig."""


class ExecutionsOfTask(Protocol):
    """What tasks need to know of executions."""

    def current(self, task_arn: str) -> str | None:
        """The most recent execution's ARN."""

    def state(self, task_arn: str) -> str | None:
        """RUNNING, CANCELLING, QUEUED, or None when there is nothing to do."""

    def forget(self, task_arn: str) -> list[str]:
        """Drop a deleted task's executions; gives their ARNs."""


@dataclass(frozen=True)
class Tasks:
    """Creates, describes, updates, deletes and lists tasks. `delay` is how long a task stays CREATING."""

    catalogue: Catalogue
    executions: ExecutionsOfTask
    health: TaskHealth
    access: TransferAccess
    check_schedule: ScheduleCheck
    max_tasks: int
    delay: timedelta

    def handlers(self) -> dict[str, Handler]:
        """Give the handler of every operation on tasks, by the operation's name."""
        return {
            "CreateTask": self.create,
            "DescribeTask": self.describe,
            "UpdateTask": self.update,
            "DeleteTask": self.delete,
            "ListTasks": self.list_all,
        }

    def create(self, caller: Caller, params: JsonObject) -> JsonObject:
        """CreateTask."""
        tags = tag_map(params.get("Tags", []))
        with self.catalogue.lock:
            realm = self.catalogue.realm(caller)
            if len(realm.tasks) >= self.max_tasks:
                raise invalid_request(f"The limit of {self.max_tasks} tasks in this account and Region is reached.")
            task = self._checked(caller, params)
            realm.tasks[task.arn] = task
            realm.tags[task.arn] = tags
        return {"TaskArn": task.arn}

    def describe(self, caller: Caller, params: JsonObject) -> JsonObject:
        """DescribeTask."""
        task = self.catalogue.realm(caller).task(params["TaskArn"])
        status, problem = self._status(caller, task)
        return {
            "TaskArn": task.arn,
            "Status": status,
            "ErrorCode": problem.code if problem else None,
            "ErrorDetail": problem.detail if problem else None,
            "Name": task.name,
            "CurrentTaskExecutionArn": self.executions.current(task.arn),
            "SourceLocationArn": task.source_arn,
            "DestinationLocationArn": task.destination_arn,
            "CloudWatchLogGroupArn": task.log_group_arn,
            "SourceNetworkInterfaceArns": [],
            "DestinationNetworkInterfaceArns": [],
            "Options": task.options,
            "Excludes": list(task.excludes),
            "Includes": list(task.includes),
            "CreationTime": task.created,
            "ManifestConfig": task.manifest,
            "TaskReportConfig": task.report,
            "TaskMode": task.mode,
            **task_schedule.describe(task.schedule),
        }

    def update(self, caller: Caller, params: JsonObject) -> JsonObject:
        """UpdateTask. Members that are absent stay; Options replaces all of them, omitted ones return to defaults."""
        with self.catalogue.lock:
            realm = self.catalogue.realm(caller)
            task = realm.task(params["TaskArn"])
            if self.executions.state(task.arn):
                raise invalid_request(f"Task {_id(task.arn)} cannot be updated while an execution is in progress.")
            realm.tasks[task.arn] = self._updated(caller, task, params)
        return {}

    def delete(self, caller: Caller, params: JsonObject) -> JsonObject:
        """DeleteTask; refused while an execution runs, allowed while one is being cancelled."""
        with self.catalogue.lock:
            realm = self.catalogue.realm(caller)
            task = realm.task(params["TaskArn"])
            if self.executions.state(task.arn) in {"RUNNING", "QUEUED"}:
                raise invalid_request(f"Task {_id(task.arn)} cannot be deleted while an execution is in progress.")
            del realm.tasks[task.arn]
            for arn in (task.arn, *self.executions.forget(task.arn)):
                del realm.tags[arn]
        return {}

    def list_all(self, caller: Caller, params: JsonObject) -> JsonObject:
        """ListTasks."""
        matches = matcher(params.get("Filters", []))
        with self.catalogue.lock:
            found = [
                task
                for task in self.catalogue.realm(caller).tasks.values()
                if caller.sees(task.created) and matches(_attributes(task))
            ]
        shown, token = page(found, lambda task: task.serial, params)
        return {"Tasks": [self._entry(caller, task) for task in shown], "NextToken": token}

    def status(self, caller: Caller, task: Task) -> str:
        """The task's Status."""
        return self._status(caller, task)[0]

    def refuse_unless_ready(self, caller: Caller, task: Task) -> None:
        """Refuse to start a task that could not run.

        Raises:
            ApiError: InvalidRequestException naming the Status, and the reason where the task is UNAVAILABLE.
        """
        status, problem = self._status(caller, task)
        if status in {"CREATING", "UNAVAILABLE"}:
            reason = f". {problem.detail}" if problem else ""
            raise invalid_request(f"Task {_id(task.arn)} cannot be started in its current status: {status}{reason}")

    def agents_in_use(self, caller: Caller, task: Task) -> frozenset[str]:
        """The ARNs of the agents that the task's executions use."""
        both = self.health.locations(caller, task)
        return frozenset(agent.arn for each in both for agent in self.health.agents_of(caller, each, task.mode))

    def _status(self, caller: Caller, task: Task) -> tuple[str, Problem | None]:
        if caller.now < task.created + self.delay:
            return "CREATING", None
        state = self.executions.state(task.arn)
        if state == "QUEUED":
            return state, None
        if state:
            return "RUNNING", None
        problem = self.health.problem(caller, task)
        return ("UNAVAILABLE" if problem else "AVAILABLE"), problem

    def _entry(self, caller: Caller, task: Task) -> JsonObject:
        entry = {"TaskArn": task.arn, "Status": self.status(caller, task), "TaskMode": task.mode}
        return entry | ({"Name": task.name} if task.name else {})

    def _checked(self, caller: Caller, params: JsonObject) -> Task:
        source = self.catalogue.location(caller, params["SourceLocationArn"])
        destination = self.catalogue.location(caller, params["DestinationLocationArn"])
        mode = params.get("TaskMode", BASIC)
        pairs.check(caller, source, destination, mode, partial(self.health.agents_of, caller))
        options = complete(params.get("Options", {}), source.spec, destination.spec, mode)
        self.access.check_transfer(caller, source, destination, options)
        self.access.check_report(caller, params.get("TaskReportConfig"))
        self.access.check_manifest(caller, params.get("ManifestConfig"))
        task = Task(
            arn=self.catalogue.new_arn(caller, "task", "task"),
            serial=self.catalogue.serial(),
            created=caller.now,
            source_arn=source.arn,
            destination_arn=destination.arn,
            mode=mode,
            options=options,
            name=params.get("Name") or None,
            log_group_arn=params.get("CloudWatchLogGroupArn"),
            includes=rules.includes(params.get("Includes", [])),
            excludes=rules.excludes(params.get("Excludes", [])),
            schedule=task_schedule.read(params.get("Schedule"), caller.now, self.check_schedule),
            manifest=params.get("ManifestConfig") or None,
            report=params.get("TaskReportConfig") or None,
        )
        rules.check_manifest(task.manifest, task.includes, task.excludes, task.options)
        return task

    def _updated(self, caller: Caller, task: Task, params: JsonObject) -> Task:
        if "Options" in params:
            source = self.catalogue.location(caller, task.source_arn).spec
            destination = self.catalogue.location(caller, task.destination_arn).spec
            task = replace(task, options=complete(params["Options"], source, destination, task.mode))
        if "Includes" in params:
            task = replace(task, includes=rules.includes(params["Includes"]))
        if "Excludes" in params:
            task = replace(task, excludes=rules.excludes(params["Excludes"]))
        if "Schedule" in params:
            schedule = task_schedule.read(params["Schedule"], caller.now, self.check_schedule)
            if not task_schedule.same(schedule, task.schedule):
                task = replace(task, schedule=schedule)
        if "ManifestConfig" in params:
            self.access.check_manifest(caller, params["ManifestConfig"])
            task = replace(task, manifest=params["ManifestConfig"] or None)
        if "TaskReportConfig" in params:
            self.access.check_report(caller, params["TaskReportConfig"])
            task = replace(task, report=params["TaskReportConfig"] or None)
        rules.check_manifest(task.manifest, task.includes, task.excludes, task.options)
        return replace(
            task,
            name=params.get("Name", task.name) or None,
            log_group_arn=params.get("CloudWatchLogGroupArn", task.log_group_arn) or None,
        )


def _attributes(task: Task) -> dict[str, object]:
    places = (task.source_arn, task.destination_arn)
    ids = tuple(arn.rpartition("/")[2] for arn in places)
    return {"LocationId": places + ids, "CreationTime": task.created}


def _id(arn: str) -> str:
    return arn.rpartition("/")[2]
