"""The plan for an account: the operator's identity there, who uses it, and when its object may be deleted.

Several operators may share an account, each for its own namespaces and with its own credentials. Each writes its own
verdict and holds the object by a finalizer of its own; what the status says as a whole follows from all verdicts, so
that all write the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from datamover_crds import AccountVerdict, DataMoverAccount, DataMoverAccountStatus
from datamover_crds.contract import FINALIZER
from datamover_operator.aws.failure import Failure
from datamover_operator.controller.plan.conditions import Conditions, ConditionsBuilder
from datamover_operator.controller.plan.notes import Note
from datamover_operator.movers.plan.names import account_finalizer

State = Literal["Ready", "Reconciling", "Stalled"]
_BY_WEIGHT: tuple[State, ...] = ("Ready", "Reconciling", "Stalled")
_MAX_VERDICTS = 64
_MAX_MESSAGE = 4096
_MAX_SHOWN = 5
_GOES = "the account is being deleted; nothing more is created in it"


@dataclass(frozen=True, slots=True)
class Caller:
    """GetCallerIdentity's answer."""

    account_id: str
    arn: str


@dataclass(frozen=True, slots=True)
class ObservedAccount:
    """What an account's plan depends on.

    `operator` is ours ("namespace/name"), `movers` how many of ours name the account. `caller` or `failure` is what AWS
    has answered; `is_open` says that movers may use it now. `refused` says why the object does not fit its model,
    `problem` why its Secret can't be used, `rest_holder` which older account serves REST clients, `orphan_holder` which
    older one decides what becomes of orphans, and decides otherwise.
    `orphans` has the resources that carry our tags and whose mover is gone: ARNs, and that mover's namespace/name;
    `denied` is the action that is missing to find roles among them.
    """

    account: DataMoverAccount
    operator: str
    movers: int
    is_open: bool = False
    caller: Caller | None = None
    failure: Failure | None = None
    refused: str = ""
    problem: str = ""
    rest_holder: str = ""
    orphan_holder: str = ""
    orphans: Mapping[str, str] = field(default_factory=dict)
    denied: str = ""


@dataclass(frozen=True, slots=True)
class AccountPlan:
    """The finalizers and status to write, what to do with the connection, and the Events to emit."""

    finalizers: tuple[str, ...]
    status: DataMoverAccountStatus
    way: Literal["open", "keep", "shut"]
    notes: tuple[Note, ...]

    @property
    def retry(self) -> bool:
        """Whether AWS has to be asked again soon."""
        return self.way != "open"


def plan_account(o: ObservedAccount, now: datetime) -> AccountPlan:
    """What to write for an account."""
    before = _own(o)
    way, verdict = _judge(o, before)
    return AccountPlan(
        _finalizers(o), _status(o, verdict, now), way, (*_notes(before, verdict), *_orphan_notes(o, before))
    )


def _finalizers(o: ObservedAccount) -> tuple[str, ...]:
    meta, ours = o.account.metadata, account_finalizer(o.operator)
    others = tuple(each for each in meta.finalizers if each != ours)
    has_it, used = ours in meta.finalizers, o.movers > 0
    # An object that is being deleted accepts no new finalizer.
    keeps = (has_it and used) if meta.deletion_timestamp is not None else (has_it or used)
    return (*others, ours) if keeps else others


def _judge(o: ObservedAccount, before: AccountVerdict | None) -> tuple[Literal["open", "keep", "shut"], AccountVerdict]:
    account = o.account

    def verdict(state: State, reason: str, message: str) -> AccountVerdict:
        arn = o.caller.arn if o.caller is not None else before.caller_arn if before is not None else None
        return AccountVerdict(
            operator=o.operator,
            movers=o.movers,
            state=state,
            reason=reason,
            message=message[:_MAX_MESSAGE],
            caller_arn=arn,
            orphans=len(o.orphans) or None,
        )

    if o.refused:
        return "shut", verdict("Stalled", "InvalidObject", o.refused)
    if o.problem:
        return "shut", verdict("Stalled", "InvalidCredentials", o.problem)
    if o.failure is not None:
        if o.failure.kind.passes and o.is_open and before is not None:
            return "keep", before.model_copy(update={"movers": o.movers, "orphans": len(o.orphans) or None})
        message = f"{o.failure.operation}: {o.failure.code}: {o.failure.message}"
        if o.failure.kind.passes:
            return "keep", verdict("Reconciling", "AWSUnavailable", message)
        return "shut", verdict("Stalled", "AccessDenied", message)
    if o.caller is None:
        return "keep", verdict("Reconciling", "Connecting", "checking the credentials with AWS")
    if o.caller.account_id != account.spec.account_id:
        message = (
            f"spec.accountId: '{account.spec.account_id}': the credentials belong to account '{o.caller.account_id}' "
            f"({o.caller.arn}); provide credentials for the declared account, or a role in it (spec.assumeRole)"
        )
        return "shut", verdict("Stalled", "WrongAccount", message)
    if account.metadata.deletion_timestamp is not None:
        if not o.movers or account_finalizer(o.operator) not in account.metadata.finalizers:
            return "shut", verdict("Reconciling", "Deleting", _GOES)
        message = (
            f"deletion is waiting for {o.movers} movers that use this account to be deleted; that deletes what they "
            "own in AWS, unless their spec.deletionPolicy is Retain"
        )
        return "open", verdict("Reconciling", "InUse", message)
    limits = f"{_without_rest(o)}{_without_orphans(o)}{_without_roles(o)}"
    return "open", verdict("Ready", "Ready", f"authenticated as {o.caller.arn}{limits}")


def _without_rest(o: ObservedAccount) -> str:
    if not o.rest_holder:
        return ""
    return (
        f"; spec.rest has no effect: the older DataMoverAccount '{o.rest_holder}' serves REST clients of AWS account "
        f"'{o.account.spec.account_id}'"
    )


def _without_orphans(o: ObservedAccount) -> str:
    if not o.orphan_holder:
        return ""
    return (
        f"; spec.orphans '{o.account.spec.orphans}' has no effect: the older DataMoverAccount '{o.orphan_holder}' for "
        "the same AWS account and Region decides"
    )


def _without_roles(o: ObservedAccount) -> str:
    if not o.denied:
        return ""
    return f"; roles that have lost their DataMover can't be found: allow {o.denied} (docs/iam.md)"


def _status(o: ObservedAccount, own: AccountVerdict, now: datetime) -> DataMoverAccountStatus:
    """The status that follows from the verdicts of all operators that share the account."""
    account = o.account
    others = [each for each in account.status.operators if each.operator != own.operator]
    verdicts = tuple(sorted([own, *others[: _MAX_VERDICTS - 1]], key=lambda each: each.operator))
    speaker = _speaker(verdicts)
    arn = speaker.caller_arn
    return account.status.model_copy(
        update={
            "observed_generation": account.metadata.generation,
            "conditions": _conditions(o, speaker, now, is_one_of_many=len(verdicts) > 1),
            "caller_arn": arn,
            "caller_account_id": arn.split(":")[4] if arn is not None and arn.count(":") > 4 else None,  # noqa: PLR2004
            "movers": sum(each.movers for each in verdicts),
            "orphans": sum(each.orphans or 0 for each in verdicts) or None,
            "operators": verdicts,
        },
    )


def _speaker(verdicts: Sequence[AccountVerdict]) -> AccountVerdict:
    """The verdict to show: the worst of those with movers in the account, or the best if nobody has any."""
    users = [each for each in verdicts if each.movers]
    if users:
        return max(users, key=_weight)
    return min(verdicts, key=_weight)


def _weight(verdict: AccountVerdict) -> int:
    return _BY_WEIGHT.index(verdict.state)


def _conditions(o: ObservedAccount, told: AccountVerdict, now: datetime, *, is_one_of_many: bool) -> Conditions:
    judge = ConditionsBuilder(o.account.status.conditions, o.account.metadata.generation, now)
    message = f"operator '{told.operator}': {told.message}" if is_one_of_many else told.message
    if o.account.metadata.deletion_timestamp is not None:
        if told.state == "Ready":  # an older verdict, of an operator that may be gone
            return judge.progressing("Deleting", f"{_GOES}{_holders(o)}")
        message += _holders(o) if is_one_of_many or told.reason == "Deleting" else ""
    match told.state:
        case "Ready":
            return judge.ready(message)
        case "Reconciling":
            return judge.progressing(told.reason, message)
        case "Stalled":
            return judge.stalled(told.reason, message)


def _holders(o: ObservedAccount) -> str:
    """The finalizers that hold an account that is being deleted, in the same words whichever operator reports them."""
    names = ", ".join(sorted(each for each in _finalizers(o) if each.endswith(FINALIZER)))
    if not names:
        return ""
    return f"; held by finalizers {names}: if an operator is gone for good, remove its finalizer by hand"


def _notes(before: AccountVerdict | None, after: AccountVerdict) -> tuple[Note, ...]:
    """The Events for the change from one verdict to the next."""
    was = (before.state, before.message) if before is not None else ("", "")
    if (after.state, after.message) == was or after.state == "Reconciling":
        return ()
    return (Note(after.reason, after.message, warning=after.state == "Stalled"),)


def _orphan_notes(o: ObservedAccount, before: AccountVerdict | None) -> tuple[Note, ...]:
    """An Event when there are more orphans than before."""
    if len(o.orphans) <= ((before.orphans or 0) if before is not None else 0):
        return ()
    shown = ", ".join(f"{arn} (of DataMover {owner})" for arn, owner in list(o.orphans.items())[:_MAX_SHOWN])
    more = f" and {len(o.orphans) - _MAX_SHOWN} more" if len(o.orphans) > _MAX_SHOWN else ""
    message = (
        f"{len(o.orphans)} resources carry this operator's tags but their DataMover no longer exists; to keep a task, "
        "apply a DataMover of the same namespace and name with spec.adopt (own: true); delete the rest in AWS, or let "
        f"spec.orphans Delete do it: {shown}{more}"
    )
    return (Note("OrphansFound", message, warning=True),)


def _own(o: ObservedAccount) -> AccountVerdict | None:
    return next((each for each in o.account.status.operators if each.operator == o.operator), None)
