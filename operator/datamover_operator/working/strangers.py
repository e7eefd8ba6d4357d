"""Executions that somebody else has started: found, and followed back to the first one that is known."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from datamover_crds import JsonObject, from_timestamp
from datamover_operator.planning.bonds import execution_of
from datamover_operator.planning.executions import has_ended
from datamover_operator.planning.history import FINAL_PHASES
from datamover_operator.planning.names import CLAIM_ANNOTATION
from datamover_operator.planning.observed import Observed, Stranger
from datamover_operator.working.ports import Aws
from datamover_operator.working.reading import or_none

_ALWAYS = "1970-01-01T00:00:00Z"


async def find_strangers(o: Observed, aws: Aws) -> Observed:
    """Add the executions of the task that no run stands for, if its most recent one is such. Raises AwsError.

    At most as many are looked at as the mover's history keeps; older ones than the newest known, or than what was
    pruned, are left out.
    """
    newest = o.task.described.get("currentTaskExecutionArn") if o.task is not None and o.task.described else None
    known = {execution_of(run) for run in o.runs} | {_last_run(o)}
    if o.task is None or not newest or newest in known or _is_being_recorded(o):
        return o
    listed = await aws.datasync.list_task_executions(o.task.arn)
    unknown = [arn for each in listed if (arn := str(each["taskExecutionArn"])) not in known and arn != newest]
    limit = max(1, o.mover.spec.run_history.limit)
    arns = [*unknown[-(limit - 1) :], str(newest)] if limit > 1 else [str(newest)]
    described = await asyncio.gather(*(or_none(aws.datasync.describe_task_execution(arn)) for arn in arns))
    since = from_timestamp(max((o.mover.status.pruned_before or _ALWAYS, _newest_known(o)), key=from_timestamp))
    strangers = [_stranger(arn, its) for arn, its in zip(arns, described, strict=True) if its is not None]
    return replace(o, strangers=tuple(each for each in strangers if from_timestamp(each.started_at) > since))


def _stranger(arn: str, described: JsonObject) -> Stranger:
    return Stranger(arn, str(described.get("startTime") or _ALWAYS), has_ended(described))


def _newest_known(o: Observed) -> str:
    last = o.mover.status.last_run
    starts = [run.status.start_time for run in o.runs] + ([last.start_time] if last is not None else [])
    return max((start for start in starts if start is not None), key=from_timestamp, default=_ALWAYS)


def _is_being_recorded(o: Observed) -> bool:
    """One of our own starts may be under way or in doubt: what it makes is not recorded yet, and no stranger's."""
    open_runs = [run for run in o.runs if run.status.phase not in FINAL_PHASES and execution_of(run) is None]
    holder = o.mover.status.current_run
    return any(
        CLAIM_ANNOTATION in run.metadata.annotations or (holder is not None and run.metadata.uid == holder.uid)
        for run in open_runs
    )


def _last_run(o: Observed) -> str | None:
    last = o.mover.status.last_run
    return last.execution_arn if last is not None else None
