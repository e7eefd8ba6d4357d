"""The controller of DataMoverRuns: what the machine has to know of them."""

from __future__ import annotations

from collections.abc import Iterator

from datamover_common.fairness import Lane, Urgency
from datamover_common.kube.objects import metadata_of, reference
from datamover_operator.accounts.connections import Connections
from datamover_operator.controller.context import Context
from datamover_operator.controller.registry import Change, Controller, Wake
from datamover_operator.movers.kind import MOVER
from datamover_operator.movers.memory import Memories
from datamover_operator.runs.executions import ExecutionCache
from datamover_operator.runs.kind import RUN
from datamover_operator.runs.poller import Poller
from datamover_operator.runs.reconciler import RunReconciler


def run_controller(context: Context, connections: Connections, movers: Memories) -> Controller:
    """Reconcile DataMoverRuns; `movers` remembers what their movers have to look at."""
    executions = ExecutionCache()

    def wakes(change: Change) -> Iterator[Wake]:
        """Wake the mover of a run that is gone."""
        if change.after is None:
            namespace = str(metadata_of(change.known).get("namespace", ""))
            mover = context.caches[MOVER].named(namespace, reference(change.known, "moverRef"))
            if mover is not None:
                yield Wake(MOVER, mover.uid)

    def lane(uid: str) -> Lane:
        """Let a run wait with its mover's account, before all movers."""
        entry = context.caches[RUN].get(uid)
        mover_name = entry.model.spec.mover_ref.name if entry is not None else ""
        mover = context.caches[MOVER].named(entry.key[0], mover_name) if entry is not None else None
        return Lane(Urgency.RUN, mover.model.spec.account_ref.name if mover is not None else "")

    return Controller(
        RUN,
        RunReconciler(context, connections, executions, movers).reconcile,
        lane=lane,
        wakes=wakes,
        jobs={"poller": Poller(context, connections, executions).run_forever},
    )
