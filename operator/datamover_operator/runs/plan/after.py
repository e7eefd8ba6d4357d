"""What became of the steps that went to AWS, as data, and how that changes what is known about a run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import assert_never

from datamover_crds import JsonObject
from datamover_operator.aws.failure import Failure
from datamover_operator.runs.plan.observed import FailedStep, ObservedRun
from datamover_operator.runs.plan.steps import (
    AwsRunStep,
    CancelRun,
    LimitBandwidth,
    LookAtExecution,
    LookAtTask,
    ReadTags,
    Start,
)

_BUSY = frozenset({"RUNNING", "QUEUED"})


@dataclass(frozen=True, slots=True)
class Started:
    """StartTaskExecution has made this execution."""

    arn: str


@dataclass(frozen=True, slots=True)
class Done:
    """AWS has done as asked."""

    step: CancelRun | LimitBandwidth


@dataclass(frozen=True, slots=True)
class Failed:
    """AWS has not done as asked, and nothing has come of it."""

    step: Start | CancelRun | LimitBandwidth
    failure: Failure


@dataclass(frozen=True, slots=True)
class Seen:
    """What was looked at, as DataSync describes it; None: it does not exist."""

    step: LookAtExecution | LookAtTask
    described: JsonObject | None


@dataclass(frozen=True, slots=True)
class NotSeen:
    """DataSync gave no answer."""

    step: LookAtExecution | LookAtTask


@dataclass(frozen=True, slots=True)
class TagsRead:
    """A task's tags; None: it does not exist."""

    step: ReadTags
    tags: Mapping[str, str] | None


@dataclass(frozen=True, slots=True)
class TagsUnread:
    """They could not be read."""

    step: ReadTags
    failure: Failure


Result = Started | Done | Failed | Seen | NotSeen | TagsRead | TagsUnread


def failed(step: AwsRunStep, failure: Failure) -> Result:
    """What has become of a step that AWS did not carry out, and that certainly had no effect."""
    match step:
        case Start() | CancelRun() | LimitBandwidth():
            return Failed(step, failure)
        case LookAtExecution() | LookAtTask():
            return NotSeen(step)
        case ReadTags():
            return TagsUnread(step, failure)
        case _:
            assert_never(step)


def after(o: ObservedRun, result: Result) -> ObservedRun:
    """What is known after a step."""
    match result:
        case Started():
            return replace(o, execution_arn=result.arn, may_send=False, failed_step=None)
        case Done():
            return replace(_after_change(o, result.step), failed_step=None)
        case Failed():
            o = replace(o, failed_step=FailedStep(result.step, result.failure))
            return replace(o, claim=None, may_send=False) if isinstance(result.step, Start) else o
        case Seen():
            return _with_description(_seen(o), result.step, result.described)
        case NotSeen():
            return _seen(o)  # the poller asks again soon
        case TagsRead():
            is_movers = o.identity is not None and o.identity.is_marked(result.tags or {})
            return replace(o, is_movers={**o.is_movers, result.step.task_arn: is_movers}, tags_failure=None)
        case TagsUnread():
            return replace(o, tags_failure=result.failure)
        case _:
            assert_never(result)


def _after_change(o: ObservedRun, step: CancelRun | LimitBandwidth) -> ObservedRun:
    match step:
        case CancelRun():
            return replace(o, cancel_sent=True)
        case LimitBandwidth():
            return replace(o, execution=with_limit(o.execution or {}, step.bytes_per_second))
        case _:
            assert_never(step)


def with_limit(execution: JsonObject, bytes_per_second: int) -> JsonObject:
    """An execution's description once UpdateTaskExecution has changed its limit."""
    known = execution.get("options")
    options = {**(known if isinstance(known, dict) else {}), "bytesPerSecond": bytes_per_second}
    return {**execution, "options": options}


def _with_description(o: ObservedRun, step: LookAtExecution | LookAtTask, described: JsonObject | None) -> ObservedRun:
    match step:
        case LookAtExecution():
            return replace(o, execution=described, execution_gone=described is None)
        case LookAtTask():
            is_busy = described is not None and described.get("status") in _BUSY
            return replace(o, failed_step=replace(o.failed_step, is_busy=is_busy) if o.failed_step else None)
        case _:
            assert_never(step)


def _seen(o: ObservedRun) -> ObservedRun:
    return replace(o, failed_step=replace(o.failed_step, is_seen=True) if o.failed_step is not None else None)
