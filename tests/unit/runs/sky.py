"""AWS with executions: they queue, run for a minute, can be cancelled, and remember who touched them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from datamover_crds import JsonObject, to_timestamp
from datamover_crds.contract import NONCE_TAG
from datamover_operator.aws.failure import FailureKind
from datamover_operator.aws.ports import Aws
from tests.unit.movers import sky as plain
from tests.unit.movers.sky import NOT_USED, RUNTIME, Iam, Item, Sts, Tagging, error

CANCELLING = timedelta(seconds=4)


REFUSED_LIMIT = 13
"""A limit of bytes a second that UpdateTaskExecution refuses."""


@dataclass
class Execution:
    """One execution; what it is now follows from the time and from the others of its task."""

    arn: str
    created: datetime
    tags: dict[str, str]
    options: JsonObject
    cancelled: datetime | None = None
    result: JsonObject = field(default_factory=lambda: {"totalDuration": 60_000})
    outcome: str = "SUCCESS"
    stuck: bool = False
    """Whether it goes on for ever."""


@dataclass
class Sky(plain.Sky):
    """One account and region, whose executions are told in full."""

    started: dict[str, Execution] = field(default_factory=dict)
    touched: list[tuple[str, str]] = field(default_factory=list)
    start_requests: list[JsonObject] = field(default_factory=list)
    on_start: Callable[[str], None] = lambda _: None
    """Called with the nonce of each start that comes through."""
    names_queued: bool = False
    """Whether a task's most recent execution may be one that is queued still."""
    outcomes: list[str] = field(default_factory=list)
    """How the next executions end; all others succeed."""
    stuck: bool = False
    """Whether executions that begin now go on until they are cancelled."""
    is_newest_first: bool = False
    """The order of listings, of which AWS promises none."""

    def ports(self) -> Aws:
        return Aws(
            datasync=DataSync(self),
            iam=Iam(self),
            tagging=Tagging(self),
            sts=Sts(),
            queue=NOT_USED,
            s3=NOT_USED,
            logs=NOT_USED,
        )

    def start(self, task_arn: str, tags: dict[str, str] | None = None, options: JsonObject | None = None) -> str:
        """Somebody starts the task."""
        self._serial += 1
        arn = f"{task_arn}/execution/exec-{self._serial:017x}"
        execution = Execution(arn, self.now, tags or {}, {"bytesPerSecond": -1} | (options or {}), stuck=self.stuck)
        execution.outcome = self.outcomes.pop(0) if self.outcomes else "SUCCESS"
        self.started[arn] = execution
        return arn

    def of_task(self, task_arn: str) -> list[Execution]:
        return [each for each in self.started.values() if each.arn.startswith(f"{task_arn}/")]

    def status(self, execution: Execution) -> str:
        begin, end, has_failed = self._times(execution)
        if self.now >= end:
            return "ERROR" if has_failed else execution.outcome
        if execution.cancelled is not None:
            return "CANCELLING"
        return "QUEUED" if self.now < begin else "TRANSFERRING"

    def is_running(self, task_arn: str) -> bool:
        return any(self.status(each) in {"TRANSFERRING", "CANCELLING", "QUEUED"} for each in self.of_task(task_arn))

    def describe(self, arn: str, operation: str) -> Execution:
        self.touched.append((operation, arn))
        if arn not in self.started or arn.split("/execution/", maxsplit=1)[0] not in self.items:
            raise error(FailureKind.NOT_FOUND, operation)
        return self.started[arn]

    def _times(self, execution: Execution) -> tuple[datetime, datetime, bool]:
        """When it begins (each one after the one before), when it ends, and whether that is a cancel's doing."""
        of_task = self.of_task(execution.arn.split("/execution/", maxsplit=1)[0])
        free = of_task[0].created
        for each in of_task:
            begin = max(free, each.created)
            end, has_failed = begin + (timedelta(days=1) if each.stuck else RUNTIME), False
            if each.cancelled is not None and each.cancelled < end:
                end, has_failed = each.cancelled + (CANCELLING if each.cancelled > begin else timedelta(0)), True
            if each is execution:
                return begin, end, has_failed
            free = max(free, end)
        raise AssertionError(execution)


@dataclass
class DataSync(plain.DataSync):
    """The DataSync port."""

    sky: Sky

    async def describe_task(self, arn: str) -> JsonObject:
        described = await super().describe_task(arn)
        of_task = self.sky.of_task(arn)
        launched = [each.arn for each in of_task if self.sky.names_queued or self.sky.status(each) != "QUEUED"]
        return described | ({"currentTaskExecutionArn": launched[-1]} if launched else {})

    async def start_task_execution(self, request: JsonObject) -> str:
        self.sky.write("StartTaskExecution")
        task_arn = str(request["taskArn"])
        self.sky.get(task_arn, "StartTaskExecution")
        options = request["overrideOptions"]
        assert isinstance(options, dict)
        self.sky.start_requests.append(request)
        if self.sky.is_running(task_arn) and options["taskQueueing"] == "DISABLED":
            raise error(FailureKind.REFUSED, "StartTaskExecution")
        tags = plain._tags_in(dict(request))
        self.sky.on_start(tags[NONCE_TAG])
        arn = self.sky.start(task_arn, tags, options)
        self.sky.after("StartTaskExecution")
        return arn

    async def describe_task_execution(self, arn: str) -> JsonObject:
        execution = self.sky.describe(arn, "DescribeTaskExecution")
        self.sky.before("DescribeTaskExecution")
        return {
            "taskExecutionArn": arn,
            "status": self.sky.status(execution),
            "startTime": to_timestamp(execution.created),
            "options": dict(execution.options),
            "result": dict(execution.result),
            "bytesTransferred": 7,
        }

    async def update_task_execution(self, arn: str, bytes_per_second: int) -> None:
        execution = self.sky.describe(arn, "UpdateTaskExecution")
        self.sky.write("UpdateTaskExecution")
        if bytes_per_second == REFUSED_LIMIT or self.sky.status(execution) != "TRANSFERRING":
            raise error(FailureKind.REFUSED, "UpdateTaskExecution")
        execution.options["bytesPerSecond"] = bytes_per_second
        self.sky.after("UpdateTaskExecution")

    async def cancel_task_execution(self, arn: str) -> None:
        execution = self.sky.describe(arn, "CancelTaskExecution")
        self.sky.write("CancelTaskExecution")
        if self.sky.status(execution) in {"SUCCESS", "ERROR"}:
            raise error(FailureKind.CONFLICT, "CancelTaskExecution")
        execution.cancelled = execution.cancelled or self.sky.now
        self.sky.after("CancelTaskExecution")

    async def list_task_executions(self, task_arn: str) -> Sequence[JsonObject]:
        self.sky.touched.append(("ListTaskExecutions", task_arn))
        self.sky.before("ListTaskExecutions")
        listed = self.sky.of_task(task_arn)[:: -1 if self.sky.is_newest_first else 1]
        return [{"taskExecutionArn": each.arn, "status": self.sky.status(each)} for each in listed]

    async def list_tags(self, arn: str) -> dict[str, str]:
        return dict(self.sky.started[arn].tags) if arn in self.sky.started else await super().list_tags(arn)


def only(items: Sequence[Item]) -> Item:
    """The one item."""
    assert len(items) == 1, items
    return items[0]
