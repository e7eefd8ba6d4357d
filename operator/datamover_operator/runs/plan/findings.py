"""What is done in S3 when a run has ended: its report is read, both sides are compared, its own manifest goes."""

from __future__ import annotations

from collections.abc import Iterator

from datamover_crds import DataMover, DataMoverRunStatus, RunComparison, RunReport
from datamover_crds.contract import FINALIZER
from datamover_operator.runs.plan.errands import Compare, Errand, ErrandFailed, Outcome, ReadReport
from datamover_operator.runs.plan.observed import ObservedRun
from datamover_operator.runs.plan.status import words_of
from datamover_operator.runs.plan.steps import RunErrand, RunPlan
from datamover_operator.runs.plan.transfers import comparison_errand, removal_of, report_errand, select_errand


def find_out(o: ObservedRun) -> RunPlan | None:
    """What to do before the run is let go; None: nothing (more).

    Where the mover or the way to its account is gone, or the run is being deleted, nobody waits for findings.
    """
    if o.mover is None or not o.connected or FINALIZER not in o.run.metadata.finalizers:
        return None
    errand = next(_missing(o, o.mover), None)
    if errand is None:
        return None
    if o.errand != errand:
        return RunPlan(steps=(RunErrand(errand),))
    if o.outcome is None:
        return RunPlan()  # it wakes the run when it is done
    status = _with(o.run.status, errand, o.outcome)
    return RunPlan(status=status) if status is not None else None


def _missing(o: ObservedRun, mover: DataMover) -> Iterator[Errand]:
    """The errands that are left, in their order; the last one leaves no trace in the status."""
    is_wanted = o.run.metadata.deletion_timestamp is None and o.run.status.execution_arn is not None
    if is_wanted and o.run.status.report is None:
        report = report_errand(o.run, mover, str(o.run.status.execution_arn))
        if report is not None:
            yield report
    if is_wanted and o.run.status.comparison is None:
        comparison = comparison_errand(o.run, mover)
        if comparison is not None:
            yield comparison
    select = select_errand(o.run, mover, o.account)
    if select is not None:
        yield removal_of(select)


def _with(status: DataMoverRunStatus, errand: Errand, outcome: Outcome) -> DataMoverRunStatus | None:
    """The status with what was found; None: there is nothing to tell."""
    message = words_of(outcome.failure) if isinstance(outcome, ErrandFailed) else None
    if isinstance(errand, ReadReport):
        report = outcome if isinstance(outcome, RunReport) else RunReport(message=message)
        return status.model_copy(update={"report": report})
    if isinstance(errand, Compare):
        comparison = outcome if isinstance(outcome, RunComparison) else RunComparison(message=message)
        return status.model_copy(update={"comparison": comparison})
    return None
