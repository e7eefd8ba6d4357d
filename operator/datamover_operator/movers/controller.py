"""The controller of DataMovers: what the machine has to know of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from datamover_common.fairness import Lane, Urgency
from datamover_common.kube.client import KubeClient
from datamover_common.kube.objects import metadata_of, part_of, reference
from datamover_crds import DataMoverStatus, JsonObject, from_timestamp
from datamover_crds.contract import is_true
from datamover_operator.accounts.connections import Connections
from datamover_operator.accounts.kind import ACCOUNT
from datamover_operator.accounts.orphans import Orphans
from datamover_operator.controller.context import Context
from datamover_operator.controller.event_filter import our_finalizers
from datamover_operator.controller.plan.conditions import seconds_between
from datamover_operator.controller.registry import Change, Controller, Wake
from datamover_operator.kube.secrets import HashKey
from datamover_operator.movers.bulk_reading import BulkReading
from datamover_operator.movers.execution_sweep import ExecutionSweep
from datamover_operator.movers.kind import MOVER, STEADY, account_of
from datamover_operator.movers.memory import Memories
from datamover_operator.movers.orphan_search import OrphanSearch
from datamover_operator.movers.plan.late_starts import SCHEDULE_FAILING
from datamover_operator.movers.reconciler import MoverReconciler
from datamover_operator.movers.secret_sweep import SecretSweep
from datamover_operator.movers.secrets import MoverSecrets
from datamover_operator.movers.sweep import Sweep
from datamover_operator.runs.kind import RUN, active_by_mover

_ACCOUNT_DELAY = 2.0
"""How long an account waits before it counts its movers: many come at once."""


@dataclass(frozen=True, slots=True)
class MoverServices:
    """What movers are reconciled with: the reader of their Secrets, the ways into accounts, and what lost its owner."""

    client: KubeClient
    connections: Connections
    orphans: Orphans


def mover_controller(context: Context, services: MoverServices, memories: Memories) -> Controller:
    """Reconcile DataMovers in the accounts that the connections lead into."""
    client, connections = services.client, services.connections
    news = _News(context)
    settings = context.settings
    key = HashKey(client, settings.operator_namespace, f"{settings.lease_name}-hash-key")
    return Controller(
        MOVER,
        MoverReconciler(context, connections, memories, MoverSecrets(client, key)).reconcile,
        lane=Lanes(context, memories).lane,
        wakes=news.wakes,
        shows=news.shows,
        jobs={
            "sweep": Sweep(context, connections, memories).run_forever,
            "execution sweep": ExecutionSweep(context, connections, memories).run_forever,
            "bulk reading": BulkReading(
                context, connections, memories, OrphanSearch(context, connections, services.orphans)
            ).run_forever,
            "secrets": SecretSweep(context, client, memories).run_forever,
        },
    )


class Lanes:
    """Where movers wait for their turn: with their account, and steady ones behind those that have something to do.

    None of them is unpacked for it: an account may wake thousands at once.
    """

    def __init__(self, context: Context, memories: Memories) -> None:
        """`memories` knows what is to be looked at."""
        self._context = context
        self._memories = memories

    def lane(self, uid: str) -> Lane:
        """Where a mover waits."""
        entry = self._context.caches[MOVER].get(uid)
        if entry is None:
            return Lane(Urgency.CHANGE, "")
        memory = self._memories.of(uid)
        is_check = STEADY in entry.digest and not memory.everything.is_open and not memory.description.is_open
        return Lane(Urgency.CHECK if is_check else Urgency.CHANGE, account_of(entry.digest))


class _News:
    """What a change of a mover means for others."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def wakes(self, change: Change) -> Iterator[Wake]:
        """The runs that wait for it; where it is new or gone, or names another one, its account."""
        caches, raw = self._context.caches, change.known
        metadata = metadata_of(raw)
        mover = str(metadata.get("namespace", "")), str(metadata.get("name", ""))
        yield from (Wake(RUN, uid) for uid in caches[RUN].uids(active_by_mover(*mover)))
        names = {reference(each, "accountRef") if each is not None else "" for each in change}
        for account in (caches[ACCOUNT].named("", name) for name in names if len(names) > 1):
            if account is not None:
                yield Wake(ACCOUNT, account.uid, _ACCOUNT_DELAY if our_finalizers(account.metadata) else 0.0)

    def shows(self, change: Change) -> None:
        """The mover's series: by its newest version, and none where it is gone and no other has its name by now."""
        metadata = metadata_of(change.known)
        namespace, name = str(metadata.get("namespace", "")), str(metadata.get("name", ""))
        entry = self._context.caches[MOVER].named(namespace, name)
        if entry is None:
            self._context.metrics.forget_mover(namespace, name)
            self._context.metrics.schedules.forget(namespace, name)
            self._context.metrics.refused_starts.forget(namespace, name)
        elif change.after is not None and _is_news(change.before, change.after):
            # One of thousands that are new at once has nothing to show, and waits long before it is looked at.
            self._show(namespace, name, entry.model.status if change.after.get("status") else DataMoverStatus())

    def _show(self, namespace: str, name: str, status: DataMoverStatus) -> None:
        metrics = self._context.metrics
        metrics.mover_state(namespace, name, _state(status))
        failing = next((each.reason for each in status.conditions if each.type == SCHEDULE_FAILING), None)
        metrics.schedules.failing(namespace, name, failing)
        if status.last_successful_time is not None:
            metrics.last_success(namespace, name, from_timestamp(status.last_successful_time))
        latest = status.current_run or status.last_run
        if ended := status.last_run:
            seconds = seconds_between(ended.start_time, ended.completion_time)
            metrics.last_run(namespace, name, ended.phase, seconds)
        last, following = latest.start_time if latest is not None else None, status.next_scheduled_time
        metrics.starts(
            namespace,
            name,
            last=from_timestamp(last) if last else None,
            following=from_timestamp(following) if following else None,
        )


def _is_news(before: JsonObject | None, after: JsonObject) -> bool:
    return before is None or part_of(before, "status") != part_of(after, "status")


def _state(status: DataMoverStatus) -> str:
    """Which condition stands."""
    kinds = ("Ready", "Reconciling", "Stalled")
    return next((kind for kind in kinds if is_true(status.conditions, kind)), "Unknown")
