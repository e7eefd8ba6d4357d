"""What a run does in S3 before its start and after its end, one thing after the other."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from datamover_crds import DataMover, DataMoverAccount, DataMoverRun, RunReport, RunSelection, parse
from datamover_crds.contract import FINALIZER
from datamover_operator.aws.failure import Failure, FailureKind
from datamover_operator.runs.plan.errands import (
    CheckManifest,
    Errand,
    ErrandFailed,
    ManifestChecked,
    Outcome,
    ReadReport,
    RemoveManifest,
    Select,
)
from datamover_operator.runs.plan.findings import find_out
from datamover_operator.runs.plan.observed import ObservedRun
from datamover_operator.runs.plan.preparing import prepare
from datamover_operator.runs.plan.steps import ClaimRun, Protect, RunErrand

Json = dict[str, Any]
NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
API = "datamover.io/v1alpha1"
ARN = "arn:aws:datasync:eu-central-1:123456789012:task/task-1/execution/exec-2"
MANIFEST: Json = {"source": {"s3": {"s3BucketArn": "arn:aws:s3:::lists", "manifestObjectPath": "a.csv"}}}
REPORT: Json = {"destination": {"s3": {"s3BucketArn": "arn:aws:s3:::reports"}}, "outputType": "STANDARD"}
SELECT: Json = {"glob": "*.csv"}
MOVER = parse(
    DataMover,
    {
        "apiVersion": API,
        "kind": "DataMover",
        "metadata": {"name": "m", "namespace": "team-a", "uid": "mover"},
        "spec": {
            "accountRef": {"name": "dev"},
            "source": {"s3": {"s3BucketArn": "arn:aws:s3:::src"}},
            "destination": {"s3": {"s3BucketArn": "arn:aws:s3:::dst"}},
        },
    },
)
ACCOUNT = parse(
    DataMoverAccount,
    {
        "apiVersion": API,
        "kind": "DataMoverAccount",
        "metadata": {"name": "dev"},
        "spec": {
            "accountId": "123456789012",
            "region": "eu-central-1",
            "selections": {"s3BucketArn": "arn:aws:s3:::made"},
        },
    },
)


def failure(kind: FailureKind) -> ErrandFailed:
    return ErrandFailed(Failure(kind, "GetObject", "Code", "words"))


def observed(
    spec: Json, *, status: Json | None = None, errand: Errand | None = None, outcome: Outcome | None = None
) -> ObservedRun:
    body = {
        "apiVersion": API,
        "kind": "DataMoverRun",
        "metadata": {"name": "r", "namespace": "team-a", "uid": "run", "finalizers": [FINALIZER]},
        "spec": {"moverRef": {"name": "m"}} | spec,
        "status": status or {},
    }
    run = parse(DataMoverRun, body)
    return ObservedRun(run=run, mover=MOVER, identity=None, nonce="n", account=ACCOUNT, errand=errand, outcome=outcome)


def errand_of(o: ObservedRun) -> Errand:
    """What is begun for a run that is to start."""
    plan = prepare(o, MOVER, NOW)
    assert plan is not None
    (step,) = plan.steps
    assert isinstance(step, RunErrand)
    return step.errand


def test_without_a_manifest_nothing_is_prepared() -> None:
    assert prepare(observed({}), MOVER, NOW) is None


def test_what_a_selection_makes_is_to_go_with_the_run() -> None:
    o = observed({"select": SELECT})
    assert isinstance(errand_of(o), Select)
    meta = o.run.metadata.model_copy(update={"finalizers": ()})
    plan = prepare(replace(o, run=o.run.model_copy(update={"metadata": meta})), MOVER, NOW)
    assert plan is not None
    assert plan.steps == (Protect(),)


CHECK = CheckManifest("lists", "a.csv", None)
ENDED: list[tuple[Outcome | None, tuple[str, str] | None]] = [
    (None, ("Pending", "CheckingManifest")),
    (ManifestChecked(""), None),
    (ManifestChecked("line 3: is empty"), ("Rejected", "Refused")),
    (failure(FailureKind.NOT_FOUND), ("Rejected", FailureKind.NOT_FOUND.value)),
    (failure(FailureKind.THROTTLED), ("Pending", FailureKind.THROTTLED.value)),
]


@pytest.mark.parametrize(("outcome", "expected"), ENDED)
def test_a_manifest_is_checked_before_the_start(outcome: Outcome | None, expected: tuple[str, str] | None) -> None:
    assert errand_of(observed({"manifestConfig": MANIFEST})) == CHECK
    plan = prepare(observed({"manifestConfig": MANIFEST}, errand=CHECK, outcome=outcome), MOVER, NOW)
    if expected is None:
        assert plan is None
        return
    assert plan is not None
    assert plan.status is not None
    assert (plan.status.phase, plan.status.reason) == expected


@pytest.mark.parametrize(
    ("objects", "phase", "reason", "steps"),
    [(0, "Succeeded", "NothingSelected", ()), (2, "Pending", "Selected", (ClaimRun(),))],
)
def test_a_selection_of_nothing_is_a_success_without_a_start(
    objects: int, phase: str, reason: str, steps: tuple[Any, ...]
) -> None:
    selection = RunSelection(objects=objects, bytes=0, listed=9, manifest="s3://made/a.csv")
    errand = errand_of(observed({"select": SELECT}))
    plan = prepare(observed({"select": SELECT}, errand=errand, outcome=selection), MOVER, NOW)
    assert plan is not None
    assert plan.status is not None
    assert (plan.status.phase, plan.status.reason, plan.status.selection) == (phase, reason, selection)
    assert plan.steps == steps


def test_a_report_is_read_once_and_the_manifest_removed_last() -> None:
    spec: Json = {"taskReportConfig": REPORT, "select": SELECT}
    status: Json = {"phase": "Succeeded", "executionArn": ARN}
    first = find_out(observed(spec, status=status))
    assert first is not None
    (step,) = first.steps
    assert isinstance(step, RunErrand)
    assert isinstance(step.errand, ReadReport)
    told = find_out(observed(spec, status=status, errand=step.errand, outcome=RunReport(uri="s3://reports/x")))
    assert told is not None
    assert told.status is not None
    assert told.status.report == RunReport(uri="s3://reports/x")
    last = find_out(observed(spec, status=status | {"report": {"uri": "s3://reports/x"}}))
    assert last is not None
    (step,) = last.steps
    assert isinstance(step, RunErrand)
    assert isinstance(step.errand, RemoveManifest)


def test_a_report_that_cannot_be_read_is_told_and_holds_nothing_up() -> None:
    spec: Json = {"taskReportConfig": REPORT}
    status: Json = {"phase": "Succeeded", "executionArn": ARN}
    first = find_out(observed(spec, status=status))
    assert first is not None
    (step,) = first.steps
    assert isinstance(step, RunErrand)
    o = observed(spec, status=status, errand=step.errand, outcome=failure(FailureKind.DENIED))
    plan = find_out(o)
    assert plan is not None
    assert plan.status is not None
    assert plan.status.report == RunReport(message="GetObject: Code: words")


@pytest.mark.parametrize("change", [{"mover": None}, {"connected": False}])
def test_nobody_waits_for_findings_that_cannot_come(change: dict[str, Any]) -> None:
    o = observed({"taskReportConfig": REPORT}, status={"phase": "Succeeded", "executionArn": ARN})
    assert find_out(replace(o, **change)) is None
