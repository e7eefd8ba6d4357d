"""Carries out a run's steps in AWS."""

from __future__ import annotations

from typing import assert_never

from datamover_operator.aws.failure import AwsError, FailureKind
from datamover_operator.aws.ports import Aws
from datamover_operator.controller.context import Clock
from datamover_operator.movers.reads import or_none
from datamover_operator.runs.executions import ExecutionCache
from datamover_operator.runs.memory import RunMemory
from datamover_operator.runs.plan.after import Done, Result, Seen, Started, TagsRead, failed
from datamover_operator.runs.plan.steps import (
    AwsRunStep,
    CancelRun,
    LimitBandwidth,
    LookAtExecution,
    LookAtTask,
    ReadTags,
    Start,
)


class AwsSteps:
    """Takes the steps of one run, and notes in its memory what they leave behind in this process."""

    def __init__(self, memory: RunMemory, executions: ExecutionCache, clock: Clock) -> None:
        """`executions` keeps what is described."""
        self._memory = memory
        self._executions = executions
        self._clock = clock

    async def take(self, step: AwsRunStep, aws: Aws) -> Result:
        """Carry one step out. Raises AwsError where the outcome of a start is unknown."""
        try:
            return await self._take(step, aws)
        except AwsError as error:
            if error.failure.kind is FailureKind.UNKNOWN_OUTCOME:
                raise
            return failed(step, error.failure)

    async def _take(self, step: AwsRunStep, aws: Aws) -> Result:
        match step:
            case Start():
                return await self._start(step, aws)
            case CancelRun():
                await aws.datasync.cancel_task_execution(step.execution_arn)
                self._memory.cancelled = step.execution_arn
                return Done(step)
            case LimitBandwidth():
                await aws.datasync.update_task_execution(step.execution_arn, step.bytes_per_second)
                self._executions.limited(step.execution_arn, step.bytes_per_second, self._clock.tick())
                return Done(step)
            case LookAtExecution():
                asked = self._clock.tick()
                described = await or_none(aws.datasync.describe_task_execution(step.execution_arn))
                self._executions.put(step.execution_arn, described, self._clock.now(), asked)
                return Seen(step, described)
            case LookAtTask():
                return Seen(step, await or_none(aws.datasync.describe_task(step.task_arn)))
            case ReadTags():
                return TagsRead(step, await or_none(aws.datasync.list_tags(step.task_arn)))
            case _:
                assert_never(step)

    async def _start(self, step: Start, aws: Aws) -> Started:
        nonce, self._memory.void_nonce = self._memory.void_nonce, None
        try:
            arn = await aws.datasync.start_task_execution(step.request)
        except AwsError as error:
            if error.failure.kind is not FailureKind.UNKNOWN_OUTCOME:
                self._memory.void_nonce = nonce
            raise
        self._memory.started = arn
        return Started(arn)
