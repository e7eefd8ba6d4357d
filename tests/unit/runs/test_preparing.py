"""What a run does in S3 before its start and after its end, one thing after the other."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from datamover_crds import DataMover, DataMoverAccount, DataMoverRun, RunComparison, RunReport, RunSelection, parse
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
            "grants": [{"namespaces": ["team-a"], "locations": ["*"]}],
        },
    },
)


def granting(*locations: str) -> DataMoverAccount:
    """The account, with these locations granted to the namespace alone."""
    (grant,) = ACCOUNT.spec.grants
    grants = (grant.model_copy(update={"locations": locations}),)
    return ACCOUNT.model_copy(update={"spec": ACCOUNT.spec.model_copy(update={"grants": grants})})


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


POINT = "arn:aws:s3:eu-central-1:123456789012:accesspoint"
COMPARE: Json = {"verify": {"compare": True}}
BEFORE: list[tuple[Json, str, tuple[str, ...]]] = [
    ({"manifestConfig": MANIFEST}, "s3://lists/a.csv", ("s3://src/*", "s3://lists/")),
    ({"select": SELECT}, "s3://src/", ("s3://lists/*", "s3://src", "s3://made/*")),
]
AFTER: list[tuple[Json, str, tuple[str, ...]]] = [
    ({"taskReportConfig": REPORT}, "s3://reports/", ("s3://src/*", "s3://dst/*")),
    (
        {"taskReportConfig": {"destination": {"s3": {"s3BucketArn": f"{POINT}:point"}}, "outputType": "STANDARD"}},
        f"s3://{POINT}/point/",
        (f"s3://{POINT}/poin/*",),
    ),
    (COMPARE, "s3://src/", ("s3://dst/*",)),
    (COMPARE, "s3://dst/", ("s3://src/*",)),
    (COMPARE | {"manifestConfig": MANIFEST}, "s3://lists/a.csv", ("s3://src/*", "s3://dst/*")),
]


@pytest.mark.parametrize(("spec", "uri", "granted"), BEFORE)
def test_nothing_is_read_before_the_start_that_is_not_granted(spec: Json, uri: str, granted: tuple[str, ...]) -> None:
    plan = prepare(replace(observed(spec), account=granting(*granted)), MOVER, NOW)
    assert plan is not None
    assert plan.status is not None
    assert (plan.steps, plan.status.phase, plan.status.reason) == ((), "Rejected", "NotGranted")
    assert f"does not grant '{uri}' to namespace 'team-a'" in str(plan.status.message)
    assert isinstance(errand_of(replace(observed(spec), account=granting(*granted, uri))), CheckManifest | Select)


@pytest.mark.parametrize("is_read", [False, True], ids=["to be read", "has been read"])
@pytest.mark.parametrize(("spec", "uri", "granted"), AFTER)
def test_nothing_is_read_or_told_after_the_end_that_is_not_granted(
    spec: Json, uri: str, granted: tuple[str, ...], is_read: bool
) -> None:
    """The mover may name another bucket since the start, and a run that another started was never checked."""
    o = observed(spec, status={"phase": "Succeeded", "executionArn": ARN})
    begun = find_out(replace(o, account=granting(*granted, uri)))
    assert begun is not None
    (step,) = begun.steps
    assert isinstance(step, RunErrand)
    if is_read:
        outcome = RunReport(uri="s3://x") if isinstance(step.errand, ReadReport) else RunComparison(compared=1)
        o = replace(o, errand=step.errand, outcome=outcome)
    plan = find_out(replace(o, account=granting(*granted)))
    assert plan is not None
    assert plan.status is not None
    told = plan.status.report or plan.status.comparison
    assert told is not None
    assert plan.steps == ()
    assert f"does not grant '{uri}' to namespace 'team-a'" in str(told.message)
    assert len(told.model_dump()) == 1, "nothing of what is there"


def test_what_the_operator_has_made_goes_whatever_is_granted() -> None:
    o = observed({"select": SELECT}, status={"phase": "Succeeded", "executionArn": ARN})
    plan = find_out(replace(o, account=granting()))
    assert plan is not None
    (step,) = plan.steps
    assert isinstance(step, RunErrand)
    assert isinstance(step.errand, RemoveManifest)


def test_an_execution_without_a_form_has_no_report() -> None:
    assert (
        find_out(observed({"taskReportConfig": REPORT}, status={"phase": "Succeeded", "executionArn": "arn:x"})) is None
    )


@pytest.mark.parametrize("change", [{"mover": None}, {"connected": False}])
def test_nobody_waits_for_findings_that_cannot_come(change: dict[str, Any]) -> None:
    o = observed({"taskReportConfig": REPORT}, status={"phase": "Succeeded", "executionArn": ARN})
    assert find_out(replace(o, **change)) is None
