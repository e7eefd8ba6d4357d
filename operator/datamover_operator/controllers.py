"""The kinds that the operator reconciles, and their controllers: a new kind is one package and its line here."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial

from datamover_common.kube.client import KubeClient
from datamover_operator.accounts.connections import Connections
from datamover_operator.accounts.controller import account_controller
from datamover_operator.accounts.kind import ACCOUNT
from datamover_operator.accounts.orphans import Orphans
from datamover_operator.accounts.reconciler import AccountServices
from datamover_operator.aws.access import Accounts
from datamover_operator.controller.context import AnyKind, Context
from datamover_operator.controller.registry import Change, Controller, Registry
from datamover_operator.movers.controller import MoverServices, mover_controller
from datamover_operator.movers.kind import MOVER
from datamover_operator.movers.memory import Memories
from datamover_operator.movers.wake import wake_movers
from datamover_operator.notifications.courier import Courier
from datamover_operator.notifications.sending import WebhookSender
from datamover_operator.postgres.ports import Databases
from datamover_operator.runs.controller import run_controller
from datamover_operator.runs.kind import RUN
from datamover_operator.tablesyncs.controller import table_sync_controller
from datamover_operator.tablesyncs.kind import TABLE_SYNC

KINDS: tuple[AnyKind, ...] = (MOVER, RUN, ACCOUNT, TABLE_SYNC)


@dataclass(frozen=True, slots=True)
class Adapters:
    """What reaches out of the cluster: into AWS accounts and databases, and to receivers of notifications."""

    accounts: Accounts
    databases: Databases
    webhooks: WebhookSender


def register_all(registry: Registry, context: Context, client: KubeClient, adapters: Adapters) -> None:
    """Register the controller of each kind; `client` reads Secrets."""
    connections, memories = Connections(context.caches[ACCOUNT]), Memories()
    orphans = Orphans(context.metrics, partial(_wake_account, context))
    wake = partial(wake_movers, context, memories)
    courier = Courier(context, client, adapters.webhooks)
    movers = mover_controller(context, MoverServices(client, connections, orphans), memories)
    registry.register(_notified(movers, courier))
    runs = _notified(run_controller(context, connections, memories), courier)
    registry.register(replace(runs, jobs={**runs.jobs, "notifications": courier.run_forever}))
    services = AccountServices(client, adapters.accounts, connections, wake, orphans)
    registry.register(account_controller(context, services))
    registry.register(_notified(table_sync_controller(context, client, adapters.databases), courier))


def _notified(controller: Controller, courier: Courier) -> Controller:
    """The controller, whose objects' notifications the courier delivers."""

    def shows(change: Change) -> None:
        controller.shows(change)
        if change.after is not None:
            courier.look_at(controller.kind, change.after)

    return replace(controller, shows=shows)


def _wake_account(context: Context, name: str) -> None:
    account = context.caches[ACCOUNT].named("", name)
    if account is not None:
        context.queue.add((ACCOUNT, account.uid))
