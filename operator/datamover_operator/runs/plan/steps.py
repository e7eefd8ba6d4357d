"""The single steps that the operator can take for a run, as data, and the plan they stand in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from datamover_crds import DataMoverRun, DataMoverRunStatus, JsonObject
from datamover_operator.runs.plan.cancelling import Cancellation
from datamover_operator.runs.plan.errands import Errand


@dataclass(frozen=True, slots=True)
class ClaimMover:
    """Name the run in the mover's status, by compare-and-swap: as the current one, or in the queue behind it.

    Where another run is current and this one may not queue, the status stays as it is.
    """

    execution_arn: str | None
    may_queue: bool


@dataclass(frozen=True, slots=True)
class ClaimRun:
    """Write the claim and the finalizer on the run, by compare-and-swap: from now on the start may have been sent."""


@dataclass(frozen=True, slots=True)
class Own:
    """Make the mover the run's owner, so that it goes with it."""


@dataclass(frozen=True, slots=True)
class Close:
    """Write on the run why it is rejected, and own it: it never starts, even if its status is lost."""

    reason: str


@dataclass(frozen=True, slots=True)
class Unclaim:
    """Remove the claim from the run: its start certainly had no effect, and may be tried again."""


@dataclass(frozen=True, slots=True)
class Protect:
    """Own the run and put the finalizer on it: it stays until its execution has ended, no matter who started it."""


@dataclass(frozen=True, slots=True)
class Start:
    """StartTaskExecution, sent at most once."""

    request: JsonObject


@dataclass(frozen=True, slots=True)
class CancelRun:
    """CancelTaskExecution."""

    execution_arn: str


@dataclass(frozen=True, slots=True)
class LimitBandwidth:
    """UpdateTaskExecution: bytes per second, -1 for no limit."""

    execution_arn: str
    bytes_per_second: int


@dataclass(frozen=True, slots=True)
class LookAtExecution:
    """DescribeTaskExecution: DataSync does not say why it refuses a call on one that has ended."""

    execution_arn: str


@dataclass(frozen=True, slots=True)
class LookAtTask:
    """DescribeTask: DataSync does not say that it refuses a start because the task is busy."""

    task_arn: str


@dataclass(frozen=True, slots=True)
class ReadTags:
    """ListTagsForResource: nothing is started or changed on a task that is not known to be the mover's."""

    task_arn: str


@dataclass(frozen=True, slots=True)
class WakeMover:
    """Have the mover looked at, with `everything` it owns or just its task's state."""

    everything: bool


@dataclass(frozen=True, slots=True)
class RunErrand:
    """Begin an errand, which wakes the run when it is done."""

    errand: Errand


@dataclass(frozen=True, slots=True)
class ReleaseMover:
    """Take the run out of the mover's status, and note there how it ended."""


@dataclass(frozen=True, slots=True)
class FreeRun:
    """Remove our finalizer from the run."""


@dataclass(frozen=True, slots=True)
class MarkCancelled:
    """Write on a run, this one or another one of the mover, that it is cancelled, and why."""

    run: DataMoverRun
    why: Cancellation


@dataclass(frozen=True, slots=True)
class CreateRetry:
    """Make the run that repeats this one, and write its name on this one; one that exists already is no failure."""

    name: str


@dataclass(frozen=True, slots=True)
class Expire:
    """Delete the run: its time after its end is over."""


AwsRunStep = Start | CancelRun | LimitBandwidth | LookAtExecution | LookAtTask | ReadTags
RunObjectStep = MarkCancelled | CreateRetry | Expire
KubeRunStep = ClaimMover | ClaimRun | Unclaim | Close | Own | Protect | ReleaseMover | FreeRun
RunStep = AwsRunStep | KubeRunStep | RunObjectStep | WakeMover | RunErrand


@dataclass(frozen=True, slots=True)
class RunPlan:
    """The status that the run shall have (None: as it is), the steps to take then, and whether to try again later.

    `again_at` is when the run has to be looked at, whatever happens until then.
    """

    steps: tuple[RunStep, ...] = ()
    status: DataMoverRunStatus | None = None
    retry: bool = False
    again_at: datetime | None = None
