"""Accounts: the way into each, opened only when AWS has said that it is the declared one."""

from __future__ import annotations

from dataclasses import dataclass, replace

import structlog

from datamover_crds import DataMoverAccount, JsonObject, dump
from datamover_operator.aws.errors import AwsError
from datamover_operator.kube.cache import Entry
from datamover_operator.kube.client import KubeClient, KubeError
from datamover_operator.kube.resources import Kind
from datamover_operator.kube.secrets import UnusableSecretError
from datamover_operator.planning.accounts import AccountPlan, Caller, ObservedAccount, plan_account
from datamover_operator.planning.conditions import is_true
from datamover_operator.planning.names import FINALIZER
from datamover_operator.working.access import access_to
from datamover_operator.working.intake import wake_movers
from datamover_operator.working.office import Desk, Office
from datamover_operator.working.ports import AccountAccess, Accounts, Aws

SECRET_INTERVAL = 30.0
"""How often a Secret is read again, in seconds: rotated credentials are in use at most this much later."""
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Way:
    access: AccountAccess
    aws: Aws
    caller: Caller


class AccountBook:
    """The verified way into each account, by the account object's name."""

    def __init__(self) -> None:
        """No account is open yet."""
        self._ways: dict[str, _Way] = {}
        self._verdicts: dict[str, tuple[str, int, bool, bool]] = {}

    def way_into(self, name: str) -> Aws | None:
        """The ports of an account that AWS has confirmed; None where it has not (yet)."""
        way = self._ways.get(name)
        return way.aws if way is not None else None

    def caller(self, name: str, access: AccountAccess) -> Caller | None:
        """Who we are in the account, if this very access has been confirmed."""
        way = self._ways.get(name)
        return way.caller if way is not None and way.access == access else None

    def open(self, access: AccountAccess, aws: Aws, caller: Caller) -> None:
        """AWS has confirmed who we are."""
        self._ways[access.name] = _Way(access, aws, caller)

    def shut(self, name: str) -> None:
        """Movers must not use the account now."""
        self._ways.pop(name, None)

    def judge(self, account: DataMoverAccount) -> bool:
        """AWS has been asked about the account as it is now; return whether that may change anything for movers."""
        meta = account.metadata
        verdict = (meta.uid, meta.generation, meta.name in self._ways, FINALIZER in meta.finalizers)
        is_news = self._verdicts.get(meta.name) != verdict
        self._verdicts[meta.name] = verdict
        return is_news

    def is_judged(self, name: str) -> bool:
        """Whether AWS has been asked about the account since this process started."""
        return name in self._verdicts

    @property
    def open_accounts(self) -> tuple[str, ...]:
        """The names of the accounts that are open."""
        return tuple(self._ways)


class AccountsDesk:
    """Reconciles accounts."""

    def __init__(self, office: Office, client: KubeClient, accounts: Accounts, book: AccountBook) -> None:
        """`client` reads Secrets; `accounts` makes the connections."""
        self._office = office
        self._client = client
        self._accounts = accounts
        self._book = book
        self._names: dict[str, str] = {}

    async def reconcile(self, uid: str) -> None:
        """Confirm the way into one account, and record who uses it."""
        key = (Desk.ACCOUNT, uid)
        entry = self._office.caches.accounts.get(uid)
        if entry is None or entry.model is None:
            self._forget(uid)
            return
        self._names[uid] = entry.model.metadata.name
        observed, access = await self._observe(entry.model)
        plan = plan_account(observed, self._office.clock.now())
        try:
            raw = await self._protect(entry, entry.model, plan)
            self._open_or_shut(entry.model, observed, access, plan)
            await self._record(raw, entry.model, plan)
        except KubeError as error:
            _log.info("a write was refused", error=str(error))
            await self._office.writer.read(Kind.ACCOUNT, "", entry.model.metadata.name)
            self._office.queue.retry(key)
            return
        if plan.retry:
            self._office.queue.retry(key)
            return
        self._office.queue.succeeded(key)
        if entry.model.spec.credentials_secret_ref is not None:
            self._office.queue.add_after(key, SECRET_INTERVAL)

    def _forget(self, uid: str) -> None:
        """The account is gone, or can't be read: nobody gets in by it any more, unless another has its name now."""
        self._office.queue.forget((Desk.ACCOUNT, uid))
        name = self._names.pop(uid, "")
        successor = self._office.caches.accounts.named("", name)
        if successor is None or successor.uid == uid:
            self._book.shut(name)
            self._accounts.forget(name)

    async def _observe(self, account: DataMoverAccount) -> tuple[ObservedAccount, AccountAccess | None]:
        name = account.metadata.name
        o = ObservedAccount(account, len(self._office.caches.movers.under(("account", name))))
        try:
            access = await access_to(account, self._client, self._office.settings.operator_namespace)
        except (UnusableSecretError, KubeError) as error:
            return replace(o, problem=f"spec.credentialsSecretRef: {error}"), None
        known = self._book.caller(name, access)
        if known is not None and is_true(account.status.conditions, "Ready"):
            return replace(o, caller=known), access
        try:
            account_id, arn = await self._accounts.connect(access).sts.caller_identity()
        except AwsError as error:
            return replace(o, failure=error.failure), access
        return replace(o, caller=Caller(account_id, arn)), access

    def _open_or_shut(
        self,
        account: DataMoverAccount,
        observed: ObservedAccount,
        access: AccountAccess | None,
        plan: AccountPlan,
    ) -> None:
        name = account.metadata.name
        if plan.usable and access is not None and observed.caller is not None:
            self._book.open(access, self._accounts.connect(access), observed.caller)
        elif observed.failure is None or not observed.failure.kind.passes:
            self._book.shut(name)
        stored = self._office.caches.accounts.get(account.metadata.uid)
        if self._book.judge(stored.model if stored is not None and stored.model is not None else account):
            wake_movers(self._office, name)

    async def _protect(
        self, entry: Entry[DataMoverAccount], account: DataMoverAccount, plan: AccountPlan
    ) -> JsonObject:
        """Hold the object as long as a mover names it: movers make nothing before that."""
        if set(plan.finalizers) == set(account.metadata.finalizers):
            return entry.raw
        return await self._office.writer.metadata(Kind.ACCOUNT, entry.raw, {"finalizers": list(plan.finalizers)})

    async def _record(self, raw: JsonObject, account: DataMoverAccount, plan: AccountPlan) -> None:
        if account.metadata.deletion_timestamp is not None and not plan.finalizers:
            self._book.shut(account.metadata.name)
        elif plan.status != account.status:
            await self._office.writer.status(Kind.ACCOUNT, raw, dump(plan.status))
