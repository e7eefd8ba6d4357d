"""The verified connection to each account: open while what was verified is what the spec declares."""

from __future__ import annotations

from dataclasses import dataclass

from datamover_crds import DataMoverAccount
from datamover_crds.contract import age_of
from datamover_operator.accounts.plan.planner import Caller
from datamover_operator.aws.access import AccountAccess
from datamover_operator.aws.ports import Aws
from datamover_operator.kube.kinds import Cache

Declared = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Connection:
    """A connection that AWS has confirmed: what was declared then, our identity, and the monotonic time in seconds."""

    declared: Declared
    access: AccountAccess
    aws: Aws
    caller: Caller
    confirmed_at: float


@dataclass(frozen=True, slots=True)
class _Verdict:
    """What is known about an account as far as it matters to movers."""

    declared: Declared
    generation: int
    access: AccountAccess | None
    finalizers: tuple[str, ...]
    is_answer: bool


class Connections:
    """The connections to the accounts of a cache, by the account object's uid."""

    def __init__(self, accounts: Cache[DataMoverAccount]) -> None:
        """No account is open yet."""
        self._accounts = accounts
        self._ways: dict[str, Connection] = {}
        self._verdicts: dict[str, _Verdict] = {}

    def aws_for(self, name: str) -> Aws | None:
        """The ports of the account that has this name now; None if AWS has not confirmed what it declares."""
        entry = self._accounts.named("", name)
        way = self._ways.get(entry.uid) if entry is not None else None
        if entry is None or way is None or way.declared != declared_access(entry.model):
            return None
        return way.aws

    def known(self, uid: str) -> Connection | None:
        """The open connection, whether or not it still matches the spec."""
        return self._ways.get(uid)

    def open(self, uid: str, way: Connection) -> None:
        """AWS has confirmed our identity."""
        self._ways[uid] = way

    def shut(self, uid: str) -> None:
        """Stop movers from using the account."""
        self._ways.pop(uid, None)

    def forget(self, uid: str) -> None:
        """The account is gone."""
        self.shut(uid)
        self._verdicts.pop(uid, None)

    def judge(self, account: DataMoverAccount, *, is_answer: bool = True) -> bool:
        """Note that AWS was asked about the account as it is now; return whether that may change anything for movers.

        `is_answer` says that AWS has answered whether the credentials are valid.
        """
        meta, way = account.metadata, self._ways.get(account.metadata.uid)
        access = way.access if way is not None else None
        verdict = _Verdict(declared_access(account), meta.generation, access, meta.finalizers, is_answer)
        is_news = self._verdicts.get(meta.uid) != verdict
        self._verdicts[meta.uid] = verdict
        return is_news

    def is_asked(self, name: str) -> bool:
        """Whether AWS was asked about the access that the account declares now, even if it gave no answer."""
        return self._verdict_on(name) is not None

    def is_judged(self, name: str) -> bool:
        """Whether AWS has answered that."""
        verdict = self._verdict_on(name)
        return verdict is not None and verdict.is_answer

    def _verdict_on(self, name: str) -> _Verdict | None:
        entry = self._accounts.named("", name)
        verdict = self._verdicts.get(entry.uid) if entry is not None else None
        if entry is None or verdict is None or verdict.declared != declared_access(entry.model):
            return None
        return verdict

    @property
    def open_accounts(self) -> tuple[str, ...]:
        """The names of the accounts that are open."""
        return tuple(entry.key[1] for uid in self._ways if (entry := self._accounts.get(uid)) is not None)

    def open_for(self, account_id: str) -> list[DataMoverAccount]:
        """The account objects for an AWS account that are open."""
        models = (entry.model for uid in self._ways if (entry := self._accounts.get(uid)) is not None)
        return [each for each in models if each.spec.account_id == account_id]

    def teller_of(self, account: DataMoverAccount) -> DataMoverAccount:
        """Of an account object and the open ones for the same AWS account and Region, the oldest.

        What has no owner there is told, and maybe deleted, for that one alone.
        """
        peers = (each for each in self.open_for(account.spec.account_id) if each.spec.region == account.spec.region)
        return min((account, *peers), key=age_of)


def declared_access(account: DataMoverAccount) -> Declared:
    """The parts of an account's spec that decide which AWS account is reached, and how."""
    spec = account.spec
    return spec.account_id, spec.region, spec.assume_role, spec.credentials_secret_ref
