"""The controller of DataMoverRuns: what the machine needs to know about them."""

from __future__ import annotations

from collections.abc import Iterator

from datamover_common.fairness import Lane, Urgency
from datamover_common.kube.objects import metadata_of, part_of, reference
from datamover_crds import DataMoverRunStatus, JsonObject, from_timestamp
from datamover_crds.contract import FINAL_PHASES
from datamover_operator.accounts.connections import Connections
from datamover_operator.controller.context import Context
from datamover_operator.controller.registry import Change, Controller, Wake
from datamover_operator.movers.kind import MOVER, account_of, by_task
from datamover_operator.movers.memory import Memories
from datamover_operator.movers.wake import wake_mover
from datamover_operator.process.metrics import Progress
from datamover_operator.runs.executions import ExecutionCache
from datamover_operator.runs.kind import RUN, active_by_mover
from datamover_operator.runs.poller import Poller
from datamover_operator.runs.reconciler import RunReconciler


def run_controller(context: Context, connections: Connections, movers: Memories) -> Controller:
    """Reconcile DataMoverRuns; `movers` remembers what their movers have to look at."""
    executions = ExecutionCache()
    reconciler = RunReconciler(context, connections, executions, movers)

    def wakes(change: Change) -> Iterator[Wake]:
        """Wake the mover of a run that is gone, and the runs that may have waited behind one that is over."""
        namespace, name = str(metadata_of(change.known).get("namespace", "")), reference(change.known, "moverRef")
        mover = context.caches[MOVER].named(namespace, name)
        if change.after is None and mover is not None:
            yield Wake(MOVER, mover.uid)
        if change.before is not None and not _is_over(change.before) and _is_over(change.after):
            yield from (Wake(RUN, uid) for uid in context.caches[RUN].uids(active_by_mover(namespace, name)))

    def lane(uid: str) -> Lane:
        """Let a run wait with its mover's account, before all movers."""
        entry = context.caches[RUN].get(uid)
        mover_name = entry.model.spec.mover_ref.name if entry is not None else ""
        mover = context.caches[MOVER].named(entry.key[0], mover_name) if entry is not None else None
        return Lane(Urgency.RUN, account_of(mover.digest) if mover is not None else "")

    def shows(change: Change) -> None:
        """Show how far an active run has got, and the poller that it has begun; one that has ended has no series."""
        metadata = metadata_of(change.known)
        namespace, name = str(metadata.get("namespace", "")), str(metadata.get("name", ""))
        mover = reference(change.known, "moverRef")
        entry = context.caches[RUN].named(namespace, name) if _is_active(change.after) else None
        if entry is not None:
            context.metrics.run_progress(namespace, mover, name, _progress(entry.model.status))
            poller.meet(entry.model.status.execution_arn or "")
        else:
            context.metrics.forget_run(namespace, mover, name)

    def wake_task(arn: str) -> None:
        """Have the mover of a task looked at."""
        for mover in context.caches[MOVER].under(by_task(arn)):
            wake_mover(context, movers, mover)

    poller = Poller(context, connections, executions, wake_task)
    return Controller(
        RUN,
        reconciler.reconcile,
        lane=lane,
        wakes=wakes,
        shows=shows,
        jobs={
            "poller": poller.run_forever,
            "state changes": poller.changes.run_forever,
            "errands": reconciler.errands.run_forever,
        },
    )


def _is_over(raw: JsonObject | None) -> bool:
    return raw is None or part_of(raw, "status").get("phase") in FINAL_PHASES


def _is_active(raw: JsonObject | None) -> bool:
    status = part_of(raw, "status") if raw is not None else {}
    return "executionArn" in status and status.get("phase") not in FINAL_PHASES


def _progress(status: DataMoverRunStatus) -> Progress:
    counters, progress, start = status.counters, status.progress, status.start_time
    percent = progress.percent if progress is not None else None
    return Progress(
        transferred=counters.bytes_transferred if counters is not None else None,
        estimated=counters.estimated_bytes_to_transfer if counters is not None else None,
        ratio=percent / 100 if percent is not None else None,
        started=from_timestamp(start) if start else None,
    )
