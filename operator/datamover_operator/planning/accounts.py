"""The plan for an account: who we are there, who uses it, and when its object may go."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from datamover_crds import DataMoverAccount, DataMoverAccountStatus
from datamover_operator.planning.conditions import Conditions, Judge
from datamover_operator.planning.failure import Failure
from datamover_operator.planning.names import FINALIZER


@dataclass(frozen=True, slots=True)
class Caller:
    """GetCallerIdentity's answer."""

    account_id: str
    arn: str


@dataclass(frozen=True, slots=True)
class ObservedAccount:
    """What an account's plan depends on; `problem` says why its Secret can't be used."""

    account: DataMoverAccount
    movers: int
    caller: Caller | None = None
    failure: Failure | None = None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class AccountPlan:
    """Which finalizers and status the account shall have, whether movers may use it, and whether to try again."""

    finalizers: tuple[str, ...]
    status: DataMoverAccountStatus
    usable: bool
    retry: bool


def plan_account(o: ObservedAccount, now: datetime) -> AccountPlan:
    """What to write for an account."""
    account = o.account
    deleting = account.metadata.deletion_timestamp is not None
    others = tuple(each for each in account.metadata.finalizers if each != FINALIZER)
    has_it = FINALIZER in account.metadata.finalizers
    used = o.movers > 0
    keeps = (has_it and used) if deleting else (has_it or used)  # an object that goes accepts no new finalizer
    usable, conditions = _verdict(o, now)
    status = account.status.model_copy(
        update={
            "observed_generation": account.metadata.generation,
            "conditions": conditions,
            "caller_arn": o.caller.arn if o.caller is not None else account.status.caller_arn,
            "caller_account_id": o.caller.account_id if o.caller is not None else account.status.caller_account_id,
            "movers": o.movers,
        },
    )
    finalizers = (*others, FINALIZER) if keeps else others
    return AccountPlan(finalizers, status, usable, retry=not usable)


def _verdict(o: ObservedAccount, now: datetime) -> tuple[bool, Conditions]:
    account = o.account
    judge = Judge(account.status.conditions, account.metadata.generation, now)
    if o.problem:
        return False, judge.stalled("InvalidCredentials", o.problem)
    if o.failure is not None:
        message = f"{o.failure.operation}: {o.failure.code}: {o.failure.message}"
        if o.failure.kind.passes:
            return False, judge.progressing("AWSUnavailable", message)
        return False, judge.stalled("AccessDenied", message)
    if o.caller is None:
        return False, judge.progressing("Connecting", "asks AWS who we are")
    if o.caller.account_id != account.spec.account_id:
        message = (
            f"spec.accountId: '{account.spec.account_id}', but the credentials are of account "
            f"'{o.caller.account_id}' ({o.caller.arn}); give credentials, or an assumeRole, of the declared account"
        )
        return False, judge.stalled("WrongAccount", message)
    if account.metadata.deletion_timestamp is not None and o.movers:
        message = f"deletion waits for {o.movers} movers that name this account; delete them first"
        return True, judge.progressing("InUse", message)
    return True, judge.ready(f"AWS knows us as {o.caller.arn}")
