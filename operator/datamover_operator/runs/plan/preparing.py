"""What a run needs in S3 before it starts: its selection made a manifest, or the user's manifest checked."""

from __future__ import annotations

from datetime import datetime

from datamover_crds import DataMover, RunSelection
from datamover_crds.contract import FINALIZER, RunReason
from datamover_operator.aws.failure import FailureKind
from datamover_operator.movers.plan.grant_checks import NOT_GRANTED
from datamover_operator.runs.plan.errands import Errand, ErrandFailed, ManifestChecked, Select
from datamover_operator.runs.plan.grants import ungranted
from datamover_operator.runs.plan.observed import ObservedRun
from datamover_operator.runs.plan.status import ended, told, with_failure, words_of
from datamover_operator.runs.plan.steps import ClaimRun, Protect, RunErrand, RunPlan
from datamover_operator.runs.plan.transfers import manifest_errand, select_errand

_FINAL = frozenset({FailureKind.REFUSED, FailureKind.NOT_FOUND, FailureKind.LIMIT_EXCEEDED})


def prepare(o: ObservedRun, mover: DataMover, now: datetime) -> RunPlan | None:
    """What to do before the start; None: all is there."""
    select = select_errand(o.run, mover, o.account)
    errand: Errand | None = select if select is not None else manifest_errand(o.run, mover)
    if errand is None:
        return None
    if select is not None and FINALIZER not in o.run.metadata.finalizers:
        return RunPlan(steps=(Protect(),))  # what it makes is to go with the run
    refusal = ungranted(o, errand)
    if refusal is not None:
        return RunPlan(status=ended(o, "Rejected", NOT_GRANTED, f"{_field(select)}: {refusal}", now))
    if o.errand != errand:
        return RunPlan(steps=(RunErrand(errand),))
    match o.outcome:
        case None:
            return RunPlan(status=told(o, "Pending", *_doing(errand), now))
        case ManifestChecked(problem):
            message = f"spec.manifestConfig: {problem}"
            return RunPlan(status=ended(o, "Rejected", RunReason.REFUSED, message, now)) if problem else None
        case RunSelection():
            return _selected(o, o.outcome, now)
        case ErrandFailed(failure):
            if failure.kind in _FINAL:
                message = f"{_field(select)}: {words_of(failure)}"
                return RunPlan(status=ended(o, "Rejected", failure.kind.value, message, now))
            waiting = told(o, "Pending", failure.kind.value, words_of(failure), now)
            return RunPlan(status=with_failure(o, waiting, failure, now), retry=True)
        case _:
            return RunPlan(steps=(RunErrand(errand),))


def _field(select: Select | None) -> str:
    return "spec.manifestConfig" if select is None else "spec.select"


def _selected(o: ObservedRun, selection: RunSelection, now: datetime) -> RunPlan | None:
    if selection.objects == 0:
        message = f"none of the source's {selection.listed} objects meets spec.select: there is nothing to transfer"
        status = ended(o, "Succeeded", "NothingSelected", message, now)
        return RunPlan(status=status.model_copy(update={"selection": selection}))
    if o.run.status.selection == selection:
        return None
    message = f"{selection.objects} of {selection.listed} objects are selected"
    status = told(o, "Pending", "Selected", message, now).model_copy(update={"selection": selection})
    return RunPlan(steps=(ClaimRun(),), status=status)


def _doing(errand: Errand) -> tuple[str, str]:
    """What the run waits for."""
    if isinstance(errand, Select):
        return "Selecting", f"listing {errand.source.uri()} for what spec.select selects"
    return "CheckingManifest", "checking the manifest of spec.manifestConfig"
