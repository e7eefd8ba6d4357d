"""The verified way into each account: open as long as what was verified is what is declared."""

from __future__ import annotations

from dataclasses import dataclass

from datamover_crds import DataMoverAccount
from datamover_operator.accounts.plan.planner import Caller
from datamover_operator.aws.ports import AccountAccess, Aws
from datamover_operator.kube.kinds import Cache

Declared = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Connection:
    """A way that AWS has confirmed: for what was declared then, by whom we were at that monotonic time, in seconds."""

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
    """The ways into the accounts of a cache, by the account object's uid."""

    def __init__(self, accounts: Cache[DataMoverAccount]) -> None:
        """No account is open yet."""
        self._accounts = accounts
        self._ways: dict[str, Connection] = {}
        self._verdicts: dict[str, _Verdict] = {}

    def aws_for(self, name: str) -> Aws | None:
        """The ports of the account that has this name now; None where AWS has not confirmed what it declares (yet)."""
        entry = self._accounts.named("", name)
        way = self._ways.get(entry.uid) if entry is not None else None
        if entry is None or way is None or way.declared != declared_access(entry.model):
            return None
        return way.aws

    def known(self, uid: str) -> Connection | None:
        """The way that is open, whether or not it is still what is declared."""
        return self._ways.get(uid)

    def open(self, uid: str, way: Connection) -> None:
        """AWS has confirmed who we are."""
        self._ways[uid] = way

    def shut(self, uid: str) -> None:
        """Movers must not use the account now."""
        self._ways.pop(uid, None)

    def forget(self, uid: str) -> None:
        """The account is gone."""
        self.shut(uid)
        self._verdicts.pop(uid, None)

    def judge(self, account: DataMoverAccount, *, is_answer: bool = True) -> bool:
        """AWS has been asked about the account as it is now; return whether that may change anything for movers.

        `is_answer` says that AWS could be reached and has told whether we get in.
        """
        meta, way = account.metadata, self._ways.get(account.metadata.uid)
        access = way.access if way is not None else None
        verdict = _Verdict(declared_access(account), meta.generation, access, meta.finalizers, is_answer)
        is_news = self._verdicts.get(meta.uid) != verdict
        self._verdicts[meta.uid] = verdict
        return is_news

    def is_asked(self, name: str) -> bool:
        """Whether AWS has been asked, perhaps in vain, about the access that the account declares now."""
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


def declared_access(account: DataMoverAccount) -> Declared:
    """What of an account's spec decides where its way leads."""
    spec = account.spec
    return spec.account_id, spec.region, spec.assume_role, spec.credentials_secret_ref
