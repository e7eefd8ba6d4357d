"""The `Accounts` port: one set of clients per account, one pace per AWS account and region, one pool of threads."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.session import Session

from datamover_common.threads import DaemonPool
from datamover_operator.aws.access import AccountAccess
from datamover_operator.aws.admission import Admission, Door
from datamover_operator.aws.calls import Channel, departure
from datamover_operator.aws.clients import Ambient, Clients
from datamover_operator.aws.datasync import BotoDataSync
from datamover_operator.aws.iam import BotoIam
from datamover_operator.aws.logs import BotoLogs
from datamover_operator.aws.pacing import Limits, Pace
from datamover_operator.aws.ports import Aws
from datamover_operator.aws.s3 import BotoS3
from datamover_operator.aws.sqs import BotoQueue
from datamover_operator.aws.sts import BotoSts
from datamover_operator.aws.tagging import BotoTagging

if TYPE_CHECKING:
    from datamover_operator.process.metrics import Metrics


_WAITING = 64
"""Threads for calls that wait for messages: one for each account that has a queue."""


@dataclass(frozen=True, slots=True)
class _Connection:
    access: AccountAccess
    clients: Clients
    aws: Aws


class BotoAccounts:
    """Connections by account; the same access is served by the same clients, a changed one by new ones."""

    def __init__(self, limits: Limits, metrics: Metrics) -> None:
        """Make no connection and no thread yet."""
        self._limits = limits
        self._metrics = metrics
        self._pool = DaemonPool(limits.threads, "aws")
        self._waiting = DaemonPool(_WAITING, "aws-waiting"), Admission(_WAITING, time.monotonic, math.inf)
        self._admission = Admission(limits.threads, time.monotonic)
        self._ambient = Ambient()
        self._loader = Session().get_component("data_loader")
        self._connections: dict[str, _Connection] = {}
        # AWS counts all callers' calls by account and region together, so the pace outlives a change of credentials.
        self._paces: dict[tuple[str, str], Pace] = {}

    def connect(self, account: AccountAccess) -> Aws:
        """Return the ports of an account; makes no call."""
        known = self._connections.get(account.key)
        if known is not None and known.access == account:
            return known.aws
        self.forget(account.key)
        made = self._connection(account)
        self._connections[account.key] = made
        return made.aws

    def forget(self, key: str) -> None:
        """Release an account's clients and the ambient credentials; calls in flight are not affected."""
        self._ambient.forget()
        known = self._connections.pop(key, None)
        if known is not None:
            known.clients.close()

    async def close(self) -> None:
        """Release the threads and the connections; does not wait for calls in flight."""
        self._pool.close()
        self._waiting[0].close()
        for key in tuple(self._connections):
            self.forget(key)

    def _connection(self, account: AccountAccess) -> _Connection:
        clients = Clients(account, self._limits, ambient=self._ambient, loader=self._loader, departure=departure)
        door = Door(self._admission, account.key, self._pace(account))
        channel = Channel(clients, door, limits=self._limits, pool=self._pool, metrics=self._metrics)
        pool, admission = self._waiting
        pace = Pace(self._limits.rate, self._limits.burst, time.monotonic())
        patient = Channel(
            clients, Door(admission, account.key, pace), limits=self._limits, pool=pool, metrics=self._metrics
        )
        aws = Aws(
            datasync=BotoDataSync(channel),
            iam=BotoIam(channel),
            tagging=BotoTagging(channel),
            sts=BotoSts(channel),
            s3=BotoS3(channel),
            logs=BotoLogs(channel),
            queue=BotoQueue(channel, patient, self._limits.read_timeout),
            backlog=door.backlog,
        )
        return _Connection(account, clients, aws)

    def _pace(self, account: AccountAccess) -> Pace:
        key = (account.account_id, account.region)
        if key not in self._paces:
            self._paces[key] = Pace(self._limits.rate, self._limits.burst, time.monotonic())
        return self._paces[key]
