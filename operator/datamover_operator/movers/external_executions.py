"""Finds executions that somebody else has started, back to the point that was searched before."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from datamover_crds import DataMoverRun, JsonObject, from_timestamp, to_timestamp
from datamover_crds.contract import CLAIM_ANNOTATION, FINAL_PHASES
from datamover_operator.aws.ports import Aws
from datamover_operator.movers.memory import Walk
from datamover_operator.movers.plan.copies import changed
from datamover_operator.movers.plan.known import ExternalExecution
from datamover_operator.movers.plan.observed import Observed
from datamover_operator.movers.reads import or_none
from datamover_operator.runs.plan.executions import has_ended
from datamover_operator.runs.plan.history import latest
from datamover_operator.runs.plan.ownership import execution_of

_ALWAYS = "1970-01-01T00:00:00Z"
_INSTANT = timedelta(milliseconds=1)


def remember_runs(o: Observed, walk: Walk) -> None:
    """Note which executions have had a run, for one whose run is deleted is not to be recorded again.

    What ended before this process first saw the mover counts as looked through.
    """
    walk.met |= _executions(o)
    if walk.since is None:
        walk.since = _newest_start(o, [run for run in o.runs if run.status.phase in FINAL_PHASES])


async def find_external_executions(
    o: Observed, aws: Aws, walk: Walk, runs_now: Callable[[], tuple[DataMoverRun, ...]]
) -> Observed:
    """Add the executions of the task that no run stands for. Raises AwsError.

    All are listed unless a listing that ended with the present most recent one has shown nothing new: one of ours may
    have come behind another's. `runs_now` tells the runs as they are after the listing: what it shows of our own
    starts has been claimed by then.
    """
    newest = o.task.described.get("currentTaskExecutionArn") if o.task is not None and o.task.described else None
    if o.task is None or not newest or newest == walk.newest or _is_being_recorded(o):
        return o
    listed = {str(each["taskExecutionArn"]): each for each in await aws.datasync.list_task_executions(o.task.arn)}
    after = changed(o, runs=runs_now())
    if _is_being_recorded(after):
        return o
    remember_runs(after, walk)
    listed.setdefault(str(newest), {})
    unknown = {arn: its for arn, its in listed.items() if arn not in walk.met}
    since = from_timestamp(latest(walk.since, o.mover.status.bookkeeping.pruned_before) or _ALWAYS)
    found = await _look_through(unknown, since, max(1, o.mover.spec.run_history.limit), aws)
    external_executions = tuple(sorted((each for each in found if _start(each) > since), key=_start))
    if external_executions:  # what the history has no room for stays out when these are recorded
        walk.since = to_timestamp(_start(external_executions[0]) - _INSTANT)
    elif all(each.is_over for each in found):
        walk.newest, walk.met = str(newest), _executions(after)
        walk.since = latest(walk.since, _newest_start(after, after.runs))
    return changed(o, external_executions=external_executions)


async def _look_through(
    unknown: dict[str, JsonObject], since: datetime, limit: int, aws: Aws
) -> list[ExternalExecution]:
    """Describe all that are under way, and of those that have ended the `limit` most recent ones.

    AWS promises no order: which end of a long listing is the newer one, its ends tell.
    """
    going = [arn for arn, its in unknown.items() if not has_ended(its)]
    ended = [arn for arn, its in unknown.items() if has_ended(its)]
    if len(ended) > limit:
        newer = max(await _describe((ended[0], ended[-1]), aws), key=_start, default=None)
        if newer is None or _start(newer) <= since:
            ended = []
        else:
            ended = ended[:limit] if newer.arn == ended[0] else ended[-limit:]
    return await _describe((*going, *ended), aws)


async def _describe(arns: Iterable[str], aws: Aws) -> list[ExternalExecution]:
    described = await asyncio.gather(*(or_none(aws.datasync.describe_task_execution(arn)) for arn in arns))
    return [
        ExternalExecution(str(each["taskExecutionArn"]), str(each.get("startTime") or _ALWAYS), has_ended(each))
        for each in described
        if each is not None
    ]


def _start(stranger: ExternalExecution) -> datetime:
    return from_timestamp(stranger.started_at)


def _newest_start(o: Observed, runs: Iterable[DataMoverRun]) -> str:
    last = o.mover.status.last_run
    starts = [run.status.start_time for run in runs]
    return latest(_ALWAYS, last.start_time if last is not None else None, *starts) or _ALWAYS


def _executions(o: Observed) -> set[str]:
    last = o.mover.status.last_run
    arns = {execution_of(run) for run in o.runs} | {last.execution_arn if last is not None else None}
    return {arn for arn in arns if arn is not None}


def _is_being_recorded(o: Observed) -> bool:
    """One of our own starts may be under way or in doubt: what it makes is not recorded yet, and no stranger's."""
    open_runs = [run for run in o.runs if run.status.phase not in FINAL_PHASES and execution_of(run) is None]
    holder = o.mover.status.current_run
    return any(
        CLAIM_ANNOTATION in run.metadata.annotations or (holder is not None and run.metadata.uid == holder.uid)
        for run in open_runs
    )
