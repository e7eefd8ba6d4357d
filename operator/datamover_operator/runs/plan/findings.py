"""What is done in S3 when a run has ended: its report is read, both sides are compared, its own manifest goes."""

from __future__ import annotations

from collections.abc import Iterator

from datamover_crds import DataMover, DataMoverRunStatus, RunComparison, RunReport
from datamover_crds.contract import FINALIZER
from datamover_operator.runs.plan.errands import Compare, Errand, ErrandFailed, Outcome, ReadReport
from datamover_operator.runs.plan.grants import ungranted
from datamover_operator.runs.plan.observed import ObservedRun
from datamover_operator.runs.plan.started import as_started
from datamover_operator.runs.plan.status import words_of
from datamover_operator.runs.plan.steps import RunErrand, RunPlan
from datamover_operator.runs.plan.transfers import comparison_errand, removal_of, report_errand, select_errand


def find_out(o: ObservedRun) -> RunPlan | None:
    """What to do before the run is let go; None: nothing (more).

    Where the mover or the way to its account is gone, or the run is being deleted, nobody waits for findings.
    """
    if o.mover is None or not o.connected or FINALIZER not in o.run.metadata.finalizers:
        return None
    errand = next(_missing(o, as_started(o.run, o.mover)), None)
    if errand is None:
        return None
    refusal = ungranted(o, errand)
    if refusal is not None:
        return _told(o.run.status, errand, refusal)
    if o.errand != errand:
        return RunPlan(steps=(RunErrand(errand),))
    match o.outcome:
        case None:
            return RunPlan()  # it wakes the run when it is done
        case ErrandFailed(failure):
            return _told(o.run.status, errand, words_of(failure))
        case _:
            return _told(o.run.status, errand, o.outcome)


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


def _told(status: DataMoverRunStatus, errand: Errand, outcome: Outcome | str) -> RunPlan | None:
    """Record what was found, or in words why nothing was; None: there is nothing to tell."""
    message = outcome if isinstance(outcome, str) else None
    match errand:
        case ReadReport():
            report = outcome if isinstance(outcome, RunReport) else RunReport(message=message)
            return RunPlan(status=status.model_copy(update={"report": report}))
        case Compare():
            comparison = outcome if isinstance(outcome, RunComparison) else RunComparison(message=message)
            return RunPlan(status=status.model_copy(update={"comparison": comparison}))
        case _:
            return None
