"""The controller of TableSyncs: what the machine has to know of them."""

from __future__ import annotations

from datamover_common.fairness import Lane, Urgency
from datamover_common.kube.client import KubeClient
from datamover_common.kube.objects import metadata_of
from datamover_operator.controller.context import Context
from datamover_operator.controller.registry import Change, Controller
from datamover_operator.postgres.ports import Databases
from datamover_operator.tablesyncs.kind import TABLE_SYNC
from datamover_operator.tablesyncs.memory import Memories
from datamover_operator.tablesyncs.reconciler import TableSyncReconciler
from datamover_operator.tablesyncs.showing import standing
from datamover_operator.tablesyncs.verifying import Verifier

_SHARE = "table syncs"
"""A server that is out of reach occupies a worker until the time-out: all syncs together leave workers to others."""


def table_sync_controller(context: Context, client: KubeClient, databases: Databases) -> Controller:
    """Reconcile TableSyncs; `client` reads their Secrets, `databases` opens sessions."""

    def lane(uid: str) -> Lane:
        """Let what is new, or is to go, be looked at before what follows its source."""
        entry = context.caches[TABLE_SYNC].get(uid)
        if entry is None:
            return Lane(Urgency.CHANGE, _SHARE)
        meta, status = entry.model.metadata, entry.model.status
        is_check = meta.deletion_timestamp is None and status.observed_generation == meta.generation
        return Lane(Urgency.CHECK if is_check else Urgency.CHANGE, _SHARE)

    def shows(change: Change) -> None:
        """The sync's series: by its newest version, and none where it is gone and no other has its name by now."""
        metadata = metadata_of(change.known)
        namespace, name = str(metadata.get("namespace", "")), str(metadata.get("name", ""))
        entry = context.caches[TABLE_SYNC].named(namespace, name)
        if entry is None:
            context.metrics.table_syncs.forget(namespace, name)
        else:
            context.metrics.table_syncs.standing(namespace, name, standing(entry.model.status))

    verifier = Verifier(databases)
    reconciler = TableSyncReconciler(context, client, databases, Memories(), verifier)
    jobs = {"verifier": verifier.run_forever}
    return Controller(TABLE_SYNC, reconciler.reconcile, lane=lane, shows=shows, jobs=jobs)
