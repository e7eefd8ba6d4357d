"""When the operator itself starts a mover's next run (spec.trigger.interval)."""

from __future__ import annotations

from datetime import datetime

from datamover_crds import from_duration, from_timestamp
from datamover_crds.contract import FINAL_PHASES, INTERVAL_ORIGIN
from datamover_operator.movers.plan.activity import TASK_ACTIVE
from datamover_operator.movers.plan.observed import Observed
from datamover_operator.movers.plan.run_steps import CreateRun
from datamover_operator.runs.plan.history import latest
from datamover_operator.runs.plan.ownership import belongs_to

_MAX_OBJECT_NAME = 253


def next_interval_start(o: Observed) -> datetime | None:
    """When the next run is due, counted from the beginning of the last one, whoever started that.

    None where no interval is set, or a run is active: its end wakes the mover.
    """
    trigger, stored = o.mover.spec.trigger, o.mover.status
    if trigger is None or trigger.interval is None or o.mover.spec.suspend or o.is_being_deleted or _has_active_run(o):
        return None
    created = [run.metadata.creation_timestamp for run in o.runs if belongs_to(run, o.uid)]
    last = latest(*created, stored.last_run.start_time if stored.last_run is not None else None)
    if last is None:
        return from_timestamp(o.mover.metadata.creation_timestamp or "1970-01-01T00:00:00Z")
    return from_timestamp(last) + from_duration(trigger.interval)


def interval_steps(o: Observed, now: datetime) -> tuple[CreateRun, ...]:
    """The run to make now. It is named after the moment it was due, so that two operators make it once."""
    due = next_interval_start(o)
    if due is None or due > now:
        return ()
    suffix = f"-{int(due.timestamp()):x}"
    name = o.identity.name[: _MAX_OBJECT_NAME - len(suffix)] + suffix
    return () if name in o.same_names else (CreateRun(name, INTERVAL_ORIGIN, path="spec.trigger.interval"),)


def _has_active_run(o: Observed) -> bool:
    described = o.task.described if o.task is not None else None
    is_busy = described is not None and described.get("status") in TASK_ACTIVE
    runs = (run for run in o.runs if belongs_to(run, o.uid) and run.status.phase not in FINAL_PHASES)
    return is_busy or o.mover.status.current_run is not None or any(True for _ in runs)
