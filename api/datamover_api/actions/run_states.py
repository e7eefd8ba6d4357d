"""How far a run has got, for those who wait for it; None stands for one that is gone."""

from __future__ import annotations

from datamover_crds import DataMoverRun
from datamover_crds.contract import CLAIM_ANNOTATION, FINAL_PHASES, is_true


def is_decided(run: DataMoverRun | None) -> bool:
    """Whether nobody needs to wait any longer: what is Stalled and not tried waits for a change in AWS."""
    if run is None or has_outcome(run):
        return True
    return is_true(run.status.conditions, "Stalled") and CLAIM_ANNOTATION not in run.metadata.annotations


def has_outcome(run: DataMoverRun | None) -> bool:
    """Whether there is an execution, or there will never be one."""
    return run is None or run.status.execution_arn is not None or run.status.phase in FINAL_PHASES


def is_ending(run: DataMoverRun | None) -> bool:
    """Whether the run has ended, or is about to."""
    return run is None or run.status.phase == "Cancelling" or run.status.phase in FINAL_PHASES
