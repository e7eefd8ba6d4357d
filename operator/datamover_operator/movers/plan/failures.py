"""What follows from a failed step: when to try again, and what to tell the user (invariants I5 and I8)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from datamover_operator.aws.failure import Failure, FailureKind
from datamover_operator.movers.plan.bucket_access import way_out
from datamover_operator.movers.plan.grant_checks import with_what_is_ungranted
from datamover_operator.movers.plan.names import Side
from datamover_operator.movers.plan.observed import Observed, StepFailure
from datamover_operator.movers.plan.steps import Plan, Step, Update, UpdateTask

SLOW_RETRY = timedelta(minutes=10)
BACKLOG_PATIENCE = timedelta(seconds=5)
"""How long calls may wait for their turn behind an intent that allows them."""
LOOK_INTERVAL = timedelta(seconds=10)
"""How often something is looked for that may turn up any time."""
ROLE_PROPAGATION = timedelta(minutes=2)
ROLE_PROPAGATING = "RolePropagating"
PROPAGATION_POLL = timedelta(seconds=5)

_PASSING = {
    FailureKind.THROTTLED: ("Throttled", "AWS is throttling calls; retrying"),
    FailureKind.UNAVAILABLE: ("AWSUnavailable", "AWS can't be reached or reports an internal error; retrying"),
    FailureKind.UNKNOWN_OUTCOME: ("InDoubt", "the call was not answered; looking in AWS for what it may have created"),
    FailureKind.NOT_FOUND: ("Changed", "a resource that the call needs no longer exists; checking again"),
    FailureKind.CONFLICT: ("Conflict", "a resource is busy or exists already; checking again"),
}
_LASTING_FIRST = (
    FailureKind.DENIED,
    FailureKind.REFUSED,
    FailureKind.LIMIT_EXCEEDED,
    FailureKind.OTHER_REGION,
    FailureKind.ROLE_NOT_ASSUMABLE,
    FailureKind.BUCKET_NOT_ACCESSIBLE,
)
_PROPAGATING = (FailureKind.ROLE_NOT_ASSUMABLE, FailureKind.BUCKET_NOT_ACCESSIBLE)
_REASONS = {FailureKind.DENIED: "AccessDenied", FailureKind.LIMIT_EXCEEDED: "LimitExceeded"}


def plan_failures(o: Observed, now: datetime) -> Plan:
    """The plan after failed steps: the failure that needs a person is the one to report."""
    worst = worst_failure(o)
    failure = worst.failure
    if worst.is_read and failure.kind.passes and o.is_ready:
        return Plan(retry=True, conditions=o.mover.status.conditions)
    if failure.kind in _PASSING:
        reason, meaning = _PASSING[failure.kind]
        return Plan(retry=True, conditions=o.conditions(now).progressing(reason, f"{meaning} ({failure.operation})"))
    if _is_propagating(o, worst, now):
        waits = f"{worst.path}: waiting for the new role or its permissions to reach all of AWS: {failure.message}"
        message = waits + way_out(o, worst)
        return Plan(
            again_at=now + PROPAGATION_POLL, conditions=o.conditions(now).progressing(ROLE_PROPAGATING, message)
        )
    reason = _REASONS.get(failure.kind, "Refused")
    message = with_what_is_ungranted(o, lasting_message(worst) + way_out(o, worst))
    return Plan(again_at=now + SLOW_RETRY, conditions=o.conditions(now).stalled(reason, message))


def unkept_update(o: Observed, steps: Iterable[Step]) -> StepFailure | None:
    """A failure for an update among the steps that AWS has accepted before but did not keep."""
    accepted = [(each.arn, each.changes) for each in o.accepted]
    step = next((each for each in steps if isinstance(each, Update) and (each.arn, each.changes) in accepted), None)
    if step is None:
        return None
    operation = "UpdateTask" if isinstance(step, UpdateTask) else "UpdateLocation"
    message = f"AWS accepted the change but did not keep it: {', '.join(sorted(step.changes))}"
    return StepFailure(Failure(FailureKind.REFUSED, operation, "NotKept", message), step.path)


def look_again_in(o: Observed) -> timedelta:
    """When to look again for what a call may have made: as soon as it can be known, and now and then before."""
    return min(timedelta(seconds=max(0.0, o.settles_in)), LOOK_INTERVAL)


def worst_failure(o: Observed) -> StepFailure:
    """The failure to report: the one that needs a person, if there is one."""
    return min(o.failures, key=lambda each: _rank(each.failure.kind))


def lasting_message(failed: StepFailure) -> str:
    """AWS's own words, the call they answer, and the field to look at."""
    failure = failed.failure
    return f"{failed.path}: {failure.operation}: {failure.code}: {failure.message}"


def _rank(kind: FailureKind) -> int:
    return _LASTING_FIRST.index(kind) if kind in _LASTING_FIRST else len(_LASTING_FIRST)


def _is_propagating(o: Observed, failed: StepFailure, now: datetime) -> bool:
    """Whether our role was changed less than two minutes ago; a user's own role that can't be used is simply wrong."""
    if failed.failure.kind not in _PROPAGATING:
        return False
    sides = [failed.side] if failed.side is not None else list(o.roles)
    return any(f"{side}Role" in o.owned and (side in o.new_rights or _is_young(o, side, now)) for side in sides)


def _is_young(o: Observed, side: Side, now: datetime) -> bool:
    role = o.roles.get(side)
    return role is not None and role.created_at is not None and now - role.created_at < ROLE_PROPAGATION
