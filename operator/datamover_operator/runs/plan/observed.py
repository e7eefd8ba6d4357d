"""What is known about one run at one moment: its plan's only input."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from datamover_crds import DataMover, DataMoverAccount, DataMoverRun, JsonObject
from datamover_operator.aws.failure import Failure
from datamover_operator.movers.plan.names import Identity
from datamover_operator.runs.plan.errands import Errand, Outcome
from datamover_operator.runs.plan.ownership import Claim
from datamover_operator.runs.plan.progress import Sample
from datamover_operator.runs.plan.steps import CancelRun, LimitBandwidth, Start


@dataclass(frozen=True, slots=True)
class FailedStep:
    """A step that AWS did not carry out, and why; it rests until its time comes again.

    `is_seen` says that the task or the execution that it was about has been looked at since, or can't be; `is_busy`
    says of a start that another execution held the task then.
    """

    step: Start | CancelRun | LimitBandwidth
    failure: Failure
    is_seen: bool = False
    is_busy: bool = False


@dataclass(frozen=True, slots=True)
class ObservedRun:
    """What a run's plan depends on.

    `mover` is the one that the run belongs to; `mover_gone` says that it exists no more, though another may have its
    name. `claim` is the stored annotation, unless its start certainly had no effect; `may_send` says that this pass
    wrote it. `execution` is the last description, `samples` what the last ones said of its progress; `execution_gone`
    says that DataSync no longer knows it, `cancel_sent` that it has accepted this process' cancel. `settled` is false
    while the start may have been sent and its execution may still turn up: for `settles_in` seconds, if it can be
    looked for; `search_failure` is why it could not be. `is_movers` tells of tasks
    whether their tags say that they are the mover's, by ARN; those that it does not hold have not been read,
    or could not be (`tags_failure`). `mover_woken` says that this pass has had the mover looked at.
    `superseded_by` is the newer run that makes this one needless, `behind` the run that waits and goes before it,
    `holder` the run that holds the mover's task, if that is another one, and `active` the uids of the mover's runs that
    have not ended.
    `account` is the mover's; `errand` is what is done for the run in S3, `outcome` what came of it, None as long as it
    is under way.
    """

    run: DataMoverRun
    mover: DataMover | None
    identity: Identity | None
    nonce: str
    mover_gone: bool = False
    claim: Claim | None = None
    may_send: bool = False
    execution_arn: str | None = None
    execution: JsonObject | None = None
    samples: tuple[Sample, ...] = ()
    execution_gone: bool = False
    cancel_sent: bool = False
    settled: bool = True
    settles_in: float | None = None
    search_failure: Failure | None = None
    failed_step: FailedStep | None = None
    connected: bool = True
    is_movers: Mapping[str, bool] = field(default_factory=dict)
    tags_failure: Failure | None = None
    mover_woken: bool = False
    superseded_by: str | None = None
    behind: str | None = None
    holder: DataMoverRun | None = None
    active: frozenset[str] = frozenset()
    account: DataMoverAccount | None = None
    errand: Errand | None = None
    outcome: Outcome | None = None
