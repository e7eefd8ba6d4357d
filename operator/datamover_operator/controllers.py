"""The kinds that the operator reconciles, and their controllers: a new kind is one package and its line here."""

from __future__ import annotations

from functools import partial

from datamover_common.kube.client import KubeClient
from datamover_operator.accounts.connections import Connections
from datamover_operator.accounts.controller import account_controller
from datamover_operator.accounts.kind import ACCOUNT
from datamover_operator.accounts.orphans import Orphans
from datamover_operator.accounts.reconciler import AccountServices
from datamover_operator.aws.ports import Accounts
from datamover_operator.controller.context import AnyKind, Context
from datamover_operator.controller.registry import Registry
from datamover_operator.movers.controller import MoverServices, mover_controller
from datamover_operator.movers.kind import MOVER
from datamover_operator.movers.memory import Memories
from datamover_operator.movers.wake import wake_movers
from datamover_operator.postgres.ports import Databases
from datamover_operator.runs.controller import run_controller
from datamover_operator.runs.kind import RUN
from datamover_operator.tablesyncs.controller import table_sync_controller
from datamover_operator.tablesyncs.kind import TABLE_SYNC

KINDS: tuple[AnyKind, ...] = (MOVER, RUN, ACCOUNT, TABLE_SYNC)


def register_all(
    registry: Registry, context: Context, client: KubeClient, accounts: Accounts, databases: Databases
) -> None:
    """Register the controller of each kind; `client` reads Secrets, `accounts` and `databases` connect to those."""
    connections, memories = Connections(context.caches[ACCOUNT]), Memories()
    orphans = Orphans(context.metrics, partial(_wake_account, context))
    wake = partial(wake_movers, context, memories)
    registry.register(mover_controller(context, MoverServices(client, connections, orphans), memories))
    registry.register(run_controller(context, connections, memories))
    services = AccountServices(client, accounts, connections, wake, orphans)
    registry.register(account_controller(context, services))
    registry.register(table_sync_controller(context, client, databases))


def _wake_account(context: Context, name: str) -> None:
    account = context.caches[ACCOUNT].named("", name)
    if account is not None:
        context.queue.add((ACCOUNT, account.uid))
