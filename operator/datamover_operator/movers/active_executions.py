"""The active executions of tasks that are to be deleted: a task can't be deleted before they have ended."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import replace

from datamover_crds import JsonObject
from datamover_operator.aws.ports import Aws
from datamover_operator.movers.plan.activity import TASK_ACTIVE
from datamover_operator.movers.plan.copies import changed
from datamover_operator.movers.plan.observed import Observed
from datamover_operator.movers.reads import or_none
from datamover_operator.runs.plan.executions import has_ended


async def read_replaced(o: Observed, aws: Aws) -> Observed:
    """Describe the tasks that have been replaced. Those that are gone are left out. Raises AwsError."""
    arns = [item.arn for item in o.retired if item.kind == "task"]
    described = await asyncio.gather(*(or_none(aws.datasync.describe_task(arn)) for arn in arns))
    found = {arn: its for arn, its in zip(arns, described, strict=True) if its is not None}
    gone = set(arns) - set(found)
    return changed(o, replaced=found, retired=tuple(item for item in o.retired if item.arn not in gone))


async def find_executions(o: Observed, aws: Aws) -> Observed:
    """Describe the active executions of the tasks to delete: the described one and the replaced ones.

    Raises AwsError.
    """
    o = await read_replaced(await _with_found_task(o, aws), aws)
    owned = o.task.described if o.task is not None and "task" in o.owned else None
    active = [each for each in (owned, *o.replaced.values()) if each is not None and each.get("status") in TASK_ACTIVE]
    found = await asyncio.gather(*(_executions_of(task, aws) for task in active))
    return changed(o, executions=tuple(each for its in found for each in its))


async def _with_found_task(o: Observed, aws: Aws) -> Observed:
    """A task that has just been found by its tags has not been described yet: it may run."""
    if o.task is None or o.task.described is not None:
        return o
    described = await or_none(aws.datasync.describe_task(o.task.arn))
    return changed(o, task=replace(o.task, described=described))


async def _executions_of(task: JsonObject, aws: Aws) -> list[JsonObject]:
    """An active task's latest execution; if that has ended, older ones that are active or queued."""
    newest = task.get("currentTaskExecutionArn")
    found = await _describe([str(newest)] if newest else [], aws)
    if any(not has_ended(each) for each in found):
        return found
    listed = await or_none(aws.datasync.list_task_executions(str(task["taskArn"]))) or ()
    return found + await _describe((str(each["taskExecutionArn"]) for each in listed if not has_ended(each)), aws)


async def _describe(arns: Iterable[str], aws: Aws) -> list[JsonObject]:
    described = await asyncio.gather(*(or_none(aws.datasync.describe_task_execution(arn)) for arn in arns))
    return [each for each in described if each is not None]
