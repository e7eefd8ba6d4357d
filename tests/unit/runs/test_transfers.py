"""What a run transfers, reports and compares: its own spec or else its mover's, and what of that can't be done."""

from __future__ import annotations

from typing import Any

import pytest

from datamover_crds import DataMover, DataMoverAccount, DataMoverRun, Selection, parse
from datamover_crds.contract import CLAIM_ANNOTATION, FINALIZER
from datamover_operator.runs.plan.errands import CheckManifest, Compare, Place, ReadReport, RemoveManifest, Select
from datamover_operator.runs.plan.findings import find_out
from datamover_operator.runs.plan.observed import ObservedRun
from datamover_operator.runs.plan.ownership import Claim, dump_claim
from datamover_operator.runs.plan.started import as_started, taken_from
from datamover_operator.runs.plan.steps import RunErrand, RunPlan
from datamover_operator.runs.plan.transfer_mistakes import first_mistake
from datamover_operator.runs.plan.transfers import (
    comparison_errand,
    manifest_errand,
    removal_of,
    report_errand,
    request_members,
    select_errand,
)

API = "datamover.io/v1alpha1"
Spec = dict[str, Any]
ROLE = "arn:aws:iam::123456789012:role/reader"
GLOB: Spec = {"glob": "*.csv"}
S3: Spec = {"s3": {"s3BucketArn": "arn:aws:s3:::src", "subdirectory": "/in"}}
EFS: Spec = {
    "efs": {
        "efsFilesystemArn": "arn:aws:elasticfilesystem:eu-central-1:123456789012:file-system/fs-0123456789abcdef0",
        "ec2Config": {
            "subnetArn": "arn:aws:ec2:eu-central-1:123456789012:subnet/subnet-0123456789abcdef0",
            "securityGroupArns": ["arn:aws:ec2:eu-central-1:123456789012:security-group/sg-0123456789abcdef0"],
        },
    }
}


def manifest(bucket: str = "lists", **members: str) -> Spec:
    return {"source": {"s3": {"s3BucketArn": f"arn:aws:s3:::{bucket}", "manifestObjectPath": "a.csv"} | members}}


def report(**members: str) -> Spec:
    return {"destination": {"s3": {"s3BucketArn": "arn:aws:s3:::reports"} | members}, "outputType": "STANDARD"}


def mover(**spec: Any) -> DataMover:  # noqa: ANN401 - a spec's members
    base = {"accountRef": {"name": "dev"}, "source": S3, "destination": {"s3": {"s3BucketArn": "arn:aws:s3:::dst"}}}
    status = {"sourceRoleArn": ROLE, "destinationRoleArn": f"{ROLE}-2"}
    meta = {"name": "m", "namespace": "team-a", "uid": "mover"}
    return parse(
        DataMover, {"apiVersion": API, "kind": "DataMover", "metadata": meta, "spec": base | spec, "status": status}
    )


def run(**spec: Any) -> DataMoverRun:  # noqa: ANN401
    meta = {"name": "r", "namespace": "team-a", "uid": "run"}
    base = {"moverRef": {"name": "m"}}
    return parse(DataMoverRun, {"apiVersion": API, "kind": "DataMoverRun", "metadata": meta, "spec": base | spec})


def account(**spec: Any) -> DataMoverAccount:  # noqa: ANN401
    grants = [{"namespaces": ["team-a"], "locations": ["s3://lists/*"], "roleArns": ["*"]}]
    base = {
        "accountId": "123456789012",
        "region": "eu-central-1",
        "grants": grants,
        "selections": {"s3BucketArn": "arn:aws:s3:::made", "prefix": "lists/"},
    }
    return parse(
        DataMoverAccount,
        {"apiVersion": API, "kind": "DataMoverAccount", "metadata": {"name": "dev"}, "spec": base | spec},
    )


SELECT = Select(Place("src", "in/"), Selection(glob="*.csv"), "made", "lists/mover/run.csv")


@pytest.mark.parametrize(
    ("of_mover", "of_run", "expected"),
    [
        ({}, {}, (None, None)),
        ({"select": GLOB}, {}, (SELECT, None)),
        ({}, {"select": GLOB}, (SELECT, None)),
        ({"select": GLOB}, {"manifestConfig": manifest()}, (None, CheckManifest("lists", "a.csv", None))),
        ({"manifestConfig": manifest()}, {}, (None, CheckManifest("lists", "a.csv", None))),
        ({"manifestConfig": manifest()}, {"select": GLOB}, (SELECT, None)),
        (
            {"manifestConfig": manifest()},
            {"manifestConfig": manifest("own")},
            (None, CheckManifest("own", "a.csv", None)),
        ),
        ({}, {"manifestConfig": manifest(manifestObjectVersionId="v1")}, (None, CheckManifest("lists", "a.csv", "v1"))),
        ({"source": EFS}, {"select": GLOB}, (None, None)),
    ],
)
def test_a_runs_own_manifest_or_selection_replaces_the_movers(of_mover: Spec, of_run: Spec, expected: object) -> None:
    one, other = run(**of_run), mover(**of_mover)
    assert (select_errand(one, other, account()), manifest_errand(one, other)) == expected


def test_a_selection_needs_an_account_that_names_a_bucket_and_its_manifest_goes_again() -> None:
    assert select_errand(run(select=GLOB), mover(), None) is None
    assert select_errand(run(select=GLOB), mover(), account(selections=None)) is None
    assert removal_of(SELECT) == RemoveManifest("made", "lists/mover/run.csv")


def test_the_start_names_the_selections_manifest_and_the_role_that_reads_it() -> None:
    place = {
        "s3BucketArn": "arn:aws:s3:::made",
        "manifestObjectPath": "lists/mover/run.csv",
        "bucketAccessRoleArn": ROLE,
    }
    assert request_members(run(select=GLOB), mover(), account()) == {
        "manifestConfig": {"action": "TRANSFER", "format": "CSV", "source": {"s3": place}}
    }
    assert request_members(run(), mover(manifestConfig=manifest()), account()) == {}, "the task has it"


@pytest.mark.parametrize(
    ("of_mover", "of_run", "place"),
    [
        ({}, {}, None),
        ({"taskReportConfig": report()}, {}, Place("reports")),
        ({"taskReportConfig": report()}, {"taskReportConfig": report(subdirectory="/own/")}, Place("reports", "own/")),
    ],
)
def test_the_report_is_read_where_it_is_written(of_mover: Spec, of_run: Spec, place: Place | None) -> None:
    arn = "arn:aws:datasync:eu-central-1:123456789012:task/task-1/execution/exec-2"
    expected = ReadReport(place, "task-1", "exec-2") if place is not None else None
    assert report_errand(run(**of_run), mover(**of_mover), arn) == expected


def test_a_comparison_leaves_out_what_the_run_leaves_out() -> None:
    rules = {"includes": [{"value": "/a|/b"}], "excludes": [{"value": "*.tmp"}]}
    compare: Spec = {"verify": {"compare": True}}
    found = comparison_errand(run(**compare, excludes=[]), mover(**rules))
    assert found == Compare(Place("src", "in/"), Place("dst"), None, "/a|/b", "")
    assert comparison_errand(run(), mover()) is None
    listed = comparison_errand(run(**compare), mover(manifestConfig=manifest()))
    assert listed is not None
    assert listed.manifest == manifest_errand(run(), mover(manifestConfig=manifest())) is not None
    assert comparison_errand(run(**compare), mover(source=EFS)) is None


def ended(text: str | None, **spec: Any) -> DataMoverRun:  # noqa: ANN401
    """A run that has succeeded, with the text of its claim."""
    arn = "arn:aws:datasync:eu-central-1:123456789012:task/task-0123456789abcdef0/execution/exec-0123456789abcdef0"
    one = run(**spec)
    marks = {CLAIM_ANNOTATION: text} if text is not None else {}
    metadata = one.metadata.model_copy(update={"finalizers": (FINALIZER,), "annotations": marks})
    status = one.status.model_copy(update={"phase": "Succeeded", "execution_arn": arn})
    return one.model_copy(update={"metadata": metadata, "status": status})


def claim_by(started: DataMover) -> str:
    return dump_claim(Claim("n", "mover"), taken_from(started))


CHANGED = mover(destination={"s3": {"s3BucketArn": "arn:aws:s3:::elsewhere"}})


@pytest.mark.parametrize("granted", [["s3://src/*", "s3://dst/*"], ["s3://src/*", "s3://elsewhere/*"]])
def test_a_comparison_is_of_the_buckets_that_the_run_was_started_with(granted: list[str]) -> None:
    one = ended(claim_by(mover(includes=[{"value": "/a"}])), verify={"compare": True})
    grants = [{"namespaces": ["team-a"], "locations": granted, "roleArns": ["*"]}]
    plan = find_out(ObservedRun(one, CHANGED, None, "n", account=account(grants=grants)))
    if "s3://dst/*" in granted:
        assert plan == RunPlan(steps=(RunErrand(Compare(Place("src", "in/"), Place("dst"), None, "", "")),))
    else:
        assert plan is not None
        assert plan.status is not None
        assert plan.status.comparison is not None
        assert "does not grant 's3://dst/'" in str(plan.status.comparison.message)


def test_a_report_and_a_selections_manifest_are_where_the_run_was_started_to_write_them() -> None:
    one = ended(claim_by(mover(taskReportConfig=report(), select=GLOB)))
    then = as_started(one, CHANGED)
    assert report_errand(one, then, str(one.status.execution_arn)) is not None
    assert select_errand(one, then, account()) == SELECT


@pytest.mark.parametrize(
    "text", [None, "", "no JSON", "[]", '{"spec": 1}', '{"spec": {"source": 1}}', '{"nonce": "n"}', "[" * 100_000]
)
def test_a_claim_that_tells_of_no_spec_leaves_the_movers(text: str | None) -> None:
    assert as_started(ended(text), CHANGED) == CHANGED


@pytest.mark.parametrize(
    ("of_mover", "of_run", "of_account", "words"),
    [
        ({}, {}, {}, None),
        ({}, {"select": GLOB}, {}, None),
        ({"source": EFS}, {"select": GLOB}, {}, "spec.select: can be set only where the mover's source is s3"),
        ({}, {"select": GLOB}, {"selections": None}, "set spec.selections there"),
        (
            {"includes": [{"value": "/a"}]},
            {"select": GLOB},
            {},
            "the mover's spec.includes: can't be combined with select",
        ),
        ({"includes": [{"value": "/a"}]}, {"select": GLOB, "includes": []}, {}, None),
        ({"options": {"preserveDeletedFiles": "REMOVE"}}, {"select": GLOB}, {}, "must be PRESERVE with select"),
        ({}, {"manifestConfig": manifest("secret", bucketAccessRoleArn=ROLE)}, {}, "s3://secret/a.csv"),
        ({}, {"manifestConfig": manifest(bucketAccessRoleArn=ROLE)}, {}, None),
        ({}, {"manifestConfig": manifest()}, {}, "spec.manifestConfig.source.s3.bucketAccessRoleArn: must be set"),
        ({"manifestConfig": manifest()}, {"manifestConfig": manifest()}, {}, None),
        ({"source": EFS}, {"verify": {"compare": True}}, {}, "spec.verify.compare: can be true only where"),
    ],
)
def test_what_cannot_be_done_is_told_by_its_field(
    of_mover: Spec, of_run: Spec, of_account: Spec, words: str | None
) -> None:
    found = first_mistake(run(**of_run), mover(**of_mover), account(**of_account))
    assert (found is None) if words is None else (found is not None and words in found[1]), found
