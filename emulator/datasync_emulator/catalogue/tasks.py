"""The operations on tasks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol

from datasync_emulator.catalogue import pairs, rules
from datasync_emulator.catalogue.filters import matcher
from datasync_emulator.catalogue.options import BASIC, complete
from datasync_emulator.catalogue.paging import page
from datasync_emulator.catalogue.records import Location, Schedule, Task
from datasync_emulator.catalogue.store import Catalogue, Realm
from datasync_emulator.catalogue.tags import tag_map
from datasync_emulator.errors import invalid_request
from datasync_emulator.messages import Caller, JsonObject

ScheduleCheck = Callable[[str], None]
"""Raises ApiError for an expression that DataSync refuses."""


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
        """RUNNING, CANCELLING, or None when nothing is under way."""

    def forget(self, task_arn: str) -> list[str]:
        """Drop a deleted task's executions; gives their ARNs."""


@dataclass(frozen=True)
class Tasks:
    """Creates, describes, updates, deletes and lists tasks. `delay` is how long a task stays CREATING."""

    catalogue: Catalogue
    executions: ExecutionsOfTask
    access: TransferAccess
    check_schedule: ScheduleCheck
    max_tasks: int
    delay: timedelta

    def create(self, caller: Caller, params: JsonObject) -> JsonObject:
        """CreateTask."""
        tags = tag_map(params.get("Tags", []))
        with self.catalogue.lock:
            realm = self.catalogue.realm(caller)
            if len(realm.tasks) >= self.max_tasks:
                raise invalid_request(f"The limit of {self.max_tasks} tasks in this account and Region is reached.")
            task = self._checked(caller, realm, params)
            realm.tasks[task.arn] = task
            realm.tags[task.arn] = tags
        return {"TaskArn": task.arn}

    def describe(self, caller: Caller, params: JsonObject) -> JsonObject:
        """DescribeTask."""
        task = self.catalogue.realm(caller).task(params["TaskArn"])
        return {
            "TaskArn": task.arn,
            "Status": self.status(task, caller.now),
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
            **_schedule_members(task.schedule),
        }

    def update(self, caller: Caller, params: JsonObject) -> JsonObject:
        """UpdateTask. Members that are absent stay; Options replaces all of them, omitted ones return to defaults."""
        with self.catalogue.lock:
            realm = self.catalogue.realm(caller)
            task = realm.task(params["TaskArn"])
            if self.executions.state(task.arn):
                raise invalid_request(f"Task {_id(task.arn)} cannot be updated while an execution is in progress.")
            realm.tasks[task.arn] = self._updated(caller, realm, task, params)
        return {}

    def delete(self, caller: Caller, params: JsonObject) -> JsonObject:
        """DeleteTask; refused while an execution runs, allowed while one is being cancelled."""
        with self.catalogue.lock:
            realm = self.catalogue.realm(caller)
            task = realm.task(params["TaskArn"])
            if self.executions.state(task.arn) == "RUNNING":
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
        return {"Tasks": [self._entry(task, caller.now) for task in shown], "NextToken": token}

    def status(self, task: Task, now: datetime) -> str:
        """The task's Status."""
        if now < task.created + self.delay:
            return "CREATING"
        return "RUNNING" if self.executions.state(task.arn) else "AVAILABLE"

    def _entry(self, task: Task, now: datetime) -> JsonObject:
        entry = {"TaskArn": task.arn, "Status": self.status(task, now), "TaskMode": task.mode}
        return entry | ({"Name": task.name} if task.name else {})

    def _checked(self, caller: Caller, realm: Realm, params: JsonObject) -> Task:
        source = realm.location(params["SourceLocationArn"])
        destination = realm.location(params["DestinationLocationArn"])
        mode = params.get("TaskMode", BASIC)
        pairs.check(source.spec, destination.spec, mode)
        options = complete(params.get("Options", {}), source.spec, destination.spec, mode)
        self.access.check_transfer(caller, source, destination, options)
        self.access.check_report(caller, params.get("TaskReportConfig"))
        self.access.check_manifest(caller, params.get("ManifestConfig"))
        return Task(
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
            schedule=self._schedule(caller, params.get("Schedule")),
            manifest=params.get("ManifestConfig") or None,
            report=params.get("TaskReportConfig") or None,
        )

    def _updated(self, caller: Caller, realm: Realm, task: Task, params: JsonObject) -> Task:
        if "Options" in params:
            specs = realm.location(task.source_arn).spec, realm.location(task.destination_arn).spec
            task = replace(task, options=complete(params["Options"], *specs, task.mode))
        if "Includes" in params:
            task = replace(task, includes=rules.includes(params["Includes"]))
        if "Excludes" in params:
            task = replace(task, excludes=rules.excludes(params["Excludes"]))
        if "Schedule" in params:
            schedule = self._schedule(caller, params["Schedule"])
            if not _same(schedule, task.schedule):
                task = replace(task, schedule=schedule)
        if "ManifestConfig" in params:
            self.access.check_manifest(caller, params["ManifestConfig"])
            task = replace(task, manifest=params["ManifestConfig"] or None)
        if "TaskReportConfig" in params:
            self.access.check_report(caller, params["TaskReportConfig"])
            task = replace(task, report=params["TaskReportConfig"] or None)
        return replace(
            task,
            name=params.get("Name", task.name) or None,
            log_group_arn=params.get("CloudWatchLogGroupArn", task.log_group_arn) or None,
        )

    def _schedule(self, caller: Caller, given: JsonObject | None) -> Schedule | None:
        """An empty expression clears the schedule."""
        if not given or not given["ScheduleExpression"]:
            return None
        self.check_schedule(given["ScheduleExpression"])
        enabled = given.get("Status", "ENABLED") == "ENABLED"
        return Schedule(given["ScheduleExpression"], enabled, caller.now, None if enabled else "USER")


def _same(one: Schedule | None, other: Schedule | None) -> bool:
    """Whether a schedule is merely sent again, so that it goes on as it was."""
    if one is None or other is None:
        return one is other
    return (one.expression, one.enabled) == (other.expression, other.enabled)


def _schedule_members(schedule: Schedule | None) -> JsonObject:
    if schedule is None:
        return {}
    details = {
        "StatusUpdateTime": schedule.changed,
        "DisabledBy": schedule.disabled_by,
        "DisabledReason": schedule.disabled_reason,
    }
    status = "ENABLED" if schedule.enabled else "DISABLED"
    return {
        "Schedule": {"ScheduleExpression": schedule.expression, "Status": status},
        "ScheduleDetails": {name: value for name, value in details.items() if value is not None},
    }


def _attributes(task: Task) -> dict[str, object]:
    places = (task.source_arn, task.destination_arn)
    ids = tuple(arn.rpartition("/")[2] for arn in places)
    return {"LocationId": places + ids, "CreationTime": task.created}


def _id(arn: str) -> str:
    return arn.rpartition("/")[2]
