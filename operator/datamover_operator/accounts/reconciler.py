"""Reconciles accounts: a connection is opened only after AWS has confirmed that it leads to the declared account."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import structlog

from datamover_common.kube.client import KubeClient
from datamover_common.kube.errors import KubeError
from datamover_crds import DataMoverAccount, JsonObject, dump
from datamover_crds.contract import serving_account
from datamover_operator.accounts.connections import Connection, Connections, declared_access
from datamover_operator.accounts.gather import access_to
from datamover_operator.accounts.kind import ACCOUNT
from datamover_operator.accounts.orphans import Orphans
from datamover_operator.accounts.plan.planner import AccountPlan, Caller, ObservedAccount, plan_account
from datamover_operator.aws.access import AccountAccess, Accounts
from datamover_operator.aws.failure import AwsError, Failure, FailureKind
from datamover_operator.controller.context import Context
from datamover_operator.controller.write_backoff import WriteBackoff
from datamover_operator.kube.kinds import Entry
from datamover_operator.kube.secrets import UnusableSecretError
from datamover_operator.movers.kind import MOVER

SECRET_INTERVAL = 30.0
"""How often a Secret is read again, in seconds: rotated credentials are used within this time."""
_LONGEST_INTERVAL = 600.0
_OUT_OF_REACH = (403, 404)
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class AccountServices:
    """What accounts need beside the context.

    `client` reads Secrets; `accounts` makes the connections; `wake_movers` takes an account's name; `orphans` has what
    nobody owns.
    """

    client: KubeClient
    accounts: Accounts
    connections: Connections
    wake_movers: Callable[[str], None]
    orphans: Orphans


class AccountReconciler:
    """Reconciles accounts."""

    def __init__(self, context: Context, services: AccountServices) -> None:
        """No account is known yet."""
        self._context = context
        self._client = services.client
        self._accounts = services.accounts
        self._connections = services.connections
        self._wake_movers = services.wake_movers
        self._orphans = services.orphans
        self._write_backoff = WriteBackoff()

    async def reconcile(self, uid: str) -> None:
        """Verify the connection to one account, and record who uses it."""
        key = (ACCOUNT, uid)
        entry = self._context.caches[ACCOUNT].get(uid)
        if entry is None:
            self._forget(uid)
            return
        try:
            plan = await self._pass(entry, entry.model)
        except KubeError as error:
            _log.info("a write failed", error=str(error))
            self._context.queue.retry(key)
            await self._reread(entry)
            return
        if plan.retry:
            self._context.queue.retry(key)
            return
        self._context.queue.succeeded(key)
        has_secret = entry.model.spec.credentials_secret_ref is not None
        self._context.queue.add_after(key, SECRET_INTERVAL if has_secret else self._interval)

    @property
    def _interval(self) -> float:
        """How long a confirmed identity is trusted, in seconds."""
        return min(_LONGEST_INTERVAL, self._context.settings.drift_interval_seconds)

    async def _pass(self, entry: Entry[DataMoverAccount], account: DataMoverAccount) -> AccountPlan:
        observed, way = await self._observe(account, entry.problem)
        plan = plan_account(observed, self._context.clock.now())
        if plan.way == "shut":
            self._connections.shut(entry.uid)
            self._accounts.forget(entry.uid)
        raw = await self._protect(entry, account, plan)
        if plan.way == "open" and way is not None:
            self._connections.open(entry.uid, way)
        is_answer = plan.way != "keep" or observed.is_open
        if is_answer or not self._connections.is_judged(account.metadata.name):
            self._spread(entry.uid, account, is_answer=is_answer)
        await self._record(raw, account, plan)
        return plan

    def _forget(self, uid: str) -> None:
        """The account is gone: close its connection."""
        self._context.queue.forget((ACCOUNT, uid))
        self._connections.forget(uid)
        self._accounts.forget(uid)
        self._write_backoff.forget(uid)

    async def _observe(self, account: DataMoverAccount, refused: str) -> tuple[ObservedAccount, Connection | None]:
        meta, context = account.metadata, self._context
        found = self._orphans.of(meta.name)
        known = self._connections.known(meta.uid)
        o = ObservedAccount(
            account,
            operator=context.settings.operator,
            movers=len(context.caches[MOVER].uids(("account", meta.name))),
            is_open=known is not None and known.declared == declared_access(account),
            refused=refused,
            rest_holder=self._rest_holder(account),
            orphan_holder=self._orphan_holder(account),
            orphans=found.owners,
            denied=found.denied,
        )
        if refused:
            return o, None
        try:
            access = await access_to(account, self._client, context.settings.operator_namespace)
        except UnusableSecretError as error:
            return replace(o, problem=f"spec.credentialsSecretRef: {error}"), None
        except KubeError as error:
            if error.status in _OUT_OF_REACH:
                return replace(o, problem=f"spec.credentialsSecretRef: {error}"), None
            failure = Failure(FailureKind.UNAVAILABLE, "get secrets", error.reason or "Unreachable", str(error))
            return replace(o, failure=failure), None
        way = self._still_good(known, access) or await self._confirm(account, access)
        if isinstance(way, Failure):
            return replace(o, failure=way), None
        return replace(o, caller=way.caller), replace(way, declared=declared_access(account))

    def _still_good(self, known: Connection | None, access: AccountAccess) -> Connection | None:
        """The open connection, if its access is unchanged and it was confirmed recently."""
        if known is None or known.access != access:
            return None
        return known if self._context.clock.tick() - known.confirmed_at < self._interval else None

    async def _confirm(self, account: DataMoverAccount, access: AccountAccess) -> Connection | Failure:
        """Ask AWS for our identity."""
        aws = self._accounts.connect(access)
        try:
            account_id, arn = await aws.sts.caller_identity()
        except AwsError as error:
            return error.failure
        return Connection(declared_access(account), access, aws, Caller(account_id, arn), self._context.clock.tick())

    def _rest_holder(self, account: DataMoverAccount) -> str:
        """The oldest account with a REST section for this AWS account, if it is another one."""
        models = (entry.model for entry in self._context.caches[ACCOUNT])
        holder = serving_account(models, account.spec.account_id) if account.spec.rest is not None else None
        return holder.metadata.name if holder is not None and holder.metadata.uid != account.metadata.uid else ""

    def _orphan_holder(self, account: DataMoverAccount) -> str:
        """The account that decides what becomes of orphans, if it is another one and decides otherwise."""
        teller = self._connections.teller_of(account)
        return teller.metadata.name if teller.spec.orphans != account.spec.orphans else ""

    def _spread(self, uid: str, account: DataMoverAccount, *, is_answer: bool) -> None:
        """Wake the movers if the news may concern them."""
        stored = self._context.caches[ACCOUNT].get(uid)
        if self._connections.judge(stored.model if stored is not None else account, is_answer=is_answer):
            self._wake_movers(account.metadata.name)

    async def _reread(self, entry: Entry[DataMoverAccount]) -> None:
        try:
            await self._context.writer.read(ACCOUNT, *entry.key)
        except KubeError as error:
            _log.info("an account could not be read", error=str(error))

    async def _protect(
        self, entry: Entry[DataMoverAccount], account: DataMoverAccount, plan: AccountPlan
    ) -> JsonObject:
        """Hold the object while a mover uses it; movers create nothing before that."""
        if set(plan.finalizers) == set(account.metadata.finalizers):
            return entry.raw
        return await self._context.writer.metadata(ACCOUNT, entry.raw, {"finalizers": list(plan.finalizers)})

    async def _record(self, raw: JsonObject, account: DataMoverAccount, plan: AccountPlan) -> None:
        uid = account.metadata.uid
        if plan.status == account.status or (account.metadata.deletion_timestamp is not None and not plan.finalizers):
            return
        opinion = (plan.status.operators, plan.status.observed_generation)
        wait = self._write_backoff.rest(uid, opinion, self._context.clock.tick())
        if wait > 0:
            self._context.queue.add_after((ACCOUNT, uid), wait)
            return
        await self._context.writer.status(ACCOUNT, raw, dump(plan.status))
        self._write_backoff.wrote(uid, opinion, self._context.clock.tick())
        for note in plan.notes:
            self._context.events.tell(raw, note.reason, note.message, warning=note.warning)
