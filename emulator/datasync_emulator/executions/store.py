"""All executions, and whose turn it is."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from datasync_emulator.catalogue.store import Catalogue
from datasync_emulator.errors import invalid_request
from datasync_emulator.executions.record import CANCELLING, QUEUED, Execution
from datasync_emulator.messages import Caller


@dataclass
class ExecutionStore:
    """The executions of every task, oldest first.

    One waits while an earlier one of its task, or one that uses an agent of its, has not ended. A caller
    that reads and then writes holds the catalogue's lock in between.
    """

    catalogue: Catalogue
    max_queued: int
    by_task: defaultdict[str, list[Execution]] = field(default_factory=lambda: defaultdict(list))
    _unfinished: list[Execution] = field(default_factory=list)

    def current(self, task_arn: str) -> str | None:
        """The ARN of the execution that was launched last."""
        executions = reversed(self.by_task.get(task_arn, []))
        return next((each.arn for each in executions if each.launched), None)

    def state(self, task_arn: str) -> str | None:
        """RUNNING, CANCELLING, QUEUED, or None when there is nothing to do."""
        active = self.active(task_arn)
        if active is None:
            return QUEUED if self.queued(task_arn) else None
        return CANCELLING if active.status == CANCELLING else "RUNNING"

    def active(self, task_arn: str) -> Execution | None:
        """The task's execution that is launched and not over."""
        executions = reversed(self.by_task.get(task_arn, []))
        return next((each for each in executions if each.launched and not each.is_over), None)

    def queued(self, task_arn: str) -> list[Execution]:
        """The task's waiting executions, the next one first."""
        return [each for each in self.by_task.get(task_arn, []) if each.status == QUEUED]

    def add(self, execution: Execution) -> None:
        """Take in a new execution."""
        self.by_task[execution.task.arn].append(execution)
        self._unfinished.append(execution)

    def must_wait(self, execution: Execution) -> bool:
        """Whether an earlier execution stands in this one's way."""
        return any(
            each.serial < execution.serial and _conflict(each, execution)
            for each in self._unfinished
            if each.launched or each.status == QUEUED
        )

    def finished(self, execution: Execution) -> list[Execution]:
        """Take note that an execution has ended; gives those whose turn it is now."""
        self._unfinished.remove(execution)
        return [each for each in self._unfinished if each.status == QUEUED and not self.must_wait(each)]

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
        """Stop everything and forget it."""
        for executions in self.by_task.values():
            for execution in executions:
                execution.ask_to_stop()
        self.by_task.clear()


def _conflict(one: Execution, other: Execution) -> bool:
    return one.task.arn == other.task.arn or not one.agents.isdisjoint(other.agents)
