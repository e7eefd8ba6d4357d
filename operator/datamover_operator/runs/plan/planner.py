"""The plan for a run: claim the mover, claim the run, start once, watch, record (invariant I7).

A pure function of what was observed and the time. A run starts at most once in its life: what has been claimed and is
not known to have been left unsent is looked up, never started again.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from datamover_crds.contract import ENDED_ANNOTATION, FINAL_PHASES, FINALIZER, RunReason
from datamover_operator.runs.plan.cancelling import cancellation_of, is_unwanted
from datamover_operator.runs.plan.claims import holds
from datamover_operator.runs.plan.findings import find_out
from datamover_operator.runs.plan.following import follow
from datamover_operator.runs.plan.marks import only_marked
from datamover_operator.runs.plan.observed import ObservedRun
from datamover_operator.runs.plan.ownership import takes_task_along
from datamover_operator.runs.plan.retries import after_end
from datamover_operator.runs.plan.starting import start
from datamover_operator.runs.plan.status import ended, told, words_of
from datamover_operator.runs.plan.steps import ClaimMover, ClaimRun, Close, FreeRun, Own, Protect, ReleaseMover, RunPlan

_OWNING = ClaimMover | ClaimRun | Close | Protect
"""The run is claimed next, or protected, and owned with that."""


def plan_run(o: ObservedRun, now: datetime) -> RunPlan:
    """What to do next for one run. It is its mover's from the first pass on, however it ends."""
    plan = _closing(o, only_marked(o, _plan(o, now), now), now)
    if _is_owned(o) or any(isinstance(step, _OWNING) for step in plan.steps):
        return plan
    return replace(plan, steps=(Own(), *plan.steps))


def _plan(o: ObservedRun, now: datetime) -> RunPlan:
    if o.run.status.phase in FINAL_PHASES:
        return _clear_away(o, now)
    if o.mover_gone or _is_left_behind(o):
        return _let_go(o, now)
    if o.execution_arn is not None:
        return follow(o, o.execution_arn, now)
    if o.claim is not None and not o.may_send:
        return _look_up(o, now)
    return _end_unstarted(o, now) if is_unwanted(o.run) else start(o, now)


def _closing(o: ObservedRun, plan: RunPlan, now: datetime) -> RunPlan:
    """A rejected run records that in its metadata first: its status may be lost, and it must not start then."""
    if o.run.status.phase in FINAL_PHASES or o.claim is not None or o.execution_arn is not None:
        return plan
    rejected = plan.status if plan.status is not None and plan.status.phase == "Rejected" else None
    reason = o.run.metadata.annotations.get(ENDED_ANNOTATION)
    if rejected is not None:
        return plan if reason is not None else RunPlan(steps=(Close(rejected.reason or "Rejected"),))
    if reason is None or is_unwanted(o.run):
        return plan
    message = "rejected before; create another run if it is still needed"
    return RunPlan(status=ended(o, "Rejected", reason, message, now))


def _clear_away(o: ObservedRun, now: datetime) -> RunPlan:
    """The run is over: let the mover and the object go. The mover notes the end even where it has lost its status."""
    finding = find_out(o)
    if finding is not None:
        is_held = o.mover is not None and holds(o.mover, o.run.metadata.uid)
        return RunPlan(steps=(ReleaseMover(),)) if is_held else finding  # others may run meanwhile
    is_kept = FINALIZER in o.run.metadata.finalizers
    is_noted = o.mover is None or not (is_kept or holds(o.mover, o.run.metadata.uid))
    steps = (*(() if is_noted else (ReleaseMover(),)), *((FreeRun(),) if is_kept else ()))
    return RunPlan(steps=steps) if steps else after_end(o, now)


def _is_left_behind(o: ObservedRun) -> bool:
    """Whether the run goes with a mover that leaves its task, and what that does, in AWS."""
    if o.run.metadata.deletion_timestamp is None or o.mover is None:
        return False
    return o.mover.metadata.deletion_timestamp is not None and not takes_task_along(o.mover)


def _let_go(o: ObservedRun, now: datetime) -> RunPlan:
    """Nobody can say any more what becomes of the run."""
    if o.execution_arn is not None or o.claim is not None:
        message = "the mover was deleted; the outcome of the execution is unknown"
        return RunPlan(status=ended(o, "Unknown", RunReason.MOVER_GONE, message, now))
    if is_unwanted(o.run):
        return _end_unstarted(o, now)
    message = "the mover that this run was created for no longer exists; create another run for its successor"
    return RunPlan(status=ended(o, "Rejected", RunReason.MOVER_REPLACED, message, now))


def _look_up(o: ObservedRun, now: datetime) -> RunPlan:
    """The start may have been sent, and its outcome is unknown."""
    if not o.settled:
        hindrance = f" ({words_of(o.search_failure)})" if o.search_failure is not None else ""
        message = f"the start may have reached AWS; looking for its execution{hindrance}"
        settles_at = now + timedelta(seconds=o.settles_in) if o.settles_in is not None else None
        return RunPlan(status=told(o, "Pending", "InDoubt", message, now), retry=True, again_at=settles_at)
    message = (
        "the start may have reached AWS, but its execution was not found; create another run if it is still needed"
    )
    return RunPlan(status=ended(o, "Unknown", "NotFound", message, now))


def _end_unstarted(o: ObservedRun, now: datetime) -> RunPlan:
    reason = cancellation_of(o.run).reason
    return RunPlan(status=ended(o, "Cancelled", reason, "cancelled before it started", now))


def _is_owned(o: ObservedRun) -> bool:
    """Whether the run goes with its mover; one that goes already, or whose mover does not exist, needs no owner."""
    if o.identity is None or o.run.metadata.deletion_timestamp is not None:
        return True
    return any(owner.uid == o.identity.uid for owner in o.run.metadata.owner_references)
