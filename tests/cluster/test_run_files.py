"""Manifests, selections, reports and comparisons on the whole stack."""

from __future__ import annotations

import json

import pytest

from tests.support.emulator import Json
from tests.support.movers import World, condition_of
from tests.support.operator_process import Operators
from tests.support.waiting import eventually

OBJECTS = {"a.csv": b"alpha", "in/b.csv": b"bravo", "in/c.txt": b"charlie", "in/large.csv": b"x" * 100}


@pytest.fixture
def files(world: World, operator: Operators) -> World:
    """Buckets src, dst, lists and reports, an account with a bucket for selections, and an operator."""
    world.bucket("src", OBJECTS)
    for name in ("dst", "lists", "reports"):
        world.bucket(name)
    world.grant_all(selections={"s3BucketArn": "arn:aws:s3:::lists"})
    operator()
    return world


def report(**more: object) -> Json:
    """A report in bucket reports, written by a role of the operator's."""
    return {"destination": {"s3": {"s3BucketArn": "arn:aws:s3:::reports", "subdirectory": "nightly"}}} | more


def manifest(key: str) -> Json:
    """A manifest in bucket lists."""
    return {"source": {"s3": {"s3BucketArn": "arn:aws:s3:::lists", "manifestObjectPath": key}}}


def freed(world: World, name: str) -> Json:
    """The run, as soon as nothing more is done for it."""

    def is_freed() -> Json:
        found = world.get("DataMoverRun", name)
        assert found is not None
        assert "finalizers" not in found["metadata"], found["status"]
        return found

    found: Json = eventually(is_freed, what=f"run {name} is let go")
    return found


def test_a_run_moves_what_it_selects_and_tells_what_came_of_it(files: World) -> None:
    files.s3_mover(taskReportConfig=report(outputType="STANDARD"))
    files.wait_ready()
    files.run("r1", select={"glob": "**/*.csv", "maxSize": 50}, verify={"compare": True})
    status = files.wait_phase("r1", "Succeeded")["status"]
    assert files.objects("dst") == {"a.csv": b"alpha", "in/b.csv": b"bravo"}
    assert status["selection"] | {"manifest": ""} == {"objects": 2, "bytes": 10, "listed": 4, "manifest": ""}
    status = freed(files, "r1")["status"]
    assert status["comparison"] == {"compared": 2, "missing": 0, "different": 0, "extra": 0}
    assert status["report"]["files"]["transferred"] == 2
    assert status["report"]["uri"].startswith("s3://reports/nightly/Summary-Reports/")
    assert "failures" not in status["report"]
    assert files.objects("lists") == {}, "the manifest goes with the run"

    files.run("r2", select={"regex": "nothing"})
    status = files.wait_phase("r2", "Succeeded")["status"]
    assert status["reason"] == "NothingSelected"
    assert len(files.emulator.journal(operation="StartTaskExecution")) == 1


def test_a_report_names_what_failed_and_a_comparison_what_differs(files: World) -> None:
    files.aws("s3").put_object(Bucket="src", Key="cold.txt", Body=b"cold", StorageClass="GLACIER")
    files.aws("s3").put_object(Bucket="dst", Key="old.txt", Body=b"old")
    files.s3_mover()
    files.wait_ready()
    place = report(outputType="STANDARD")
    place["destination"]["s3"] |= {"bucketAccessRoleArn": role(files)}
    files.run("r1", taskReportConfig=place, verify={"compare": True})
    files.wait_phase("r1", "Failed")
    status = freed(files, "r1")["status"]
    assert [each["path"] for each in status["report"]["failures"]] == ["cold.txt"]
    assert status["report"]["failures"][0]["code"]
    assert status["report"]["files"]["failed"] == 1
    assert status["comparison"]["paths"] == [
        {"path": "cold.txt", "difference": "Missing"},
        {"path": "old.txt", "difference": "Extra"},
    ]


def test_a_manifest_is_checked_before_the_start(files: World) -> None:
    files.aws("s3").put_object(Bucket="lists", Key="wrong.csv", Body=b'a.csv\nb"c\n')
    files.aws("s3").put_object(Bucket="lists", Key="right.csv", Body=b"in/b.csv\n")
    files.s3_mover(manifestConfig=manifest("wrong.csv"))
    files.wait_ready()
    files.run("r1")
    assert "lists/wrong.csv: line 2 must be a path" in files.wait_phase("r1", "Rejected")["status"]["message"]
    files.run("r2", manifestConfig=manifest("none.csv"))
    assert "bucketAccessRoleArn: must be set" in files.wait_phase("r2", "Rejected")["status"]["message"]
    own = manifest("none.csv")
    own["source"]["s3"]["bucketAccessRoleArn"] = role(files)
    files.run("r3", manifestConfig=own)
    assert "s3://lists/none.csv does not exist" in files.wait_phase("r3", "Rejected")["status"]["message"]
    files.run("r4", overrideOptions={"preserveDeletedFiles": "REMOVE"})
    assert "must be PRESERVE with manifestConfig" in files.wait_phase("r4", "Rejected")["status"]["message"]
    assert files.emulator.journal(operation="StartTaskExecution") == []

    files.patch("DataMover", "m", {"spec": {"manifestConfig": manifest("right.csv")}})
    files.wait_ready()
    files.run("r5", verify={"compare": True})
    files.wait_phase("r5", "Succeeded")
    compared = eventually(lambda: (files.get("DataMoverRun", "r5") or {})["status"].get("comparison"))
    assert compared == {"compared": 1, "missing": 0, "different": 0, "extra": 0}
    assert set(files.objects("dst")) == {"in/b.csv"}
    files.patch("DataMover", "m", {"spec": {"manifestConfig": None}})
    files.wait_ready()
    files.run("r6")
    files.wait_phase("r6", "Succeeded")
    assert set(files.objects("dst")) == set(OBJECTS)


def test_buckets_and_roles_that_are_not_granted_are_refused(files: World) -> None:
    grants = [{"namespaces": [files.namespace], "locations": ["s3://src/", "s3://dst/"], "roleArns": []}]
    files.patch("DataMoverAccount", files.account, {"spec": {"grants": grants}})
    files.s3_mover("m1", taskReportConfig=report())
    stalled = files.wait_condition("DataMover", "m1", "Stalled", reason="NotGranted")
    assert "does not grant 's3://reports/nightly/'" in str(condition_of(stalled, "Stalled"))
    files.s3_mover("m2")
    files.wait_ready("m2")
    files.run("r1", "m2", manifestConfig=manifest("right.csv"))
    assert "does not grant 's3://lists/right.csv'" in files.wait_phase("r1", "Rejected")["status"]["message"]


def test_a_log_group_without_a_policy_is_explained(files: World) -> None:
    group = "arn:aws:logs:eu-central-1:123456789012:log-group:/mine"
    files.aws("logs").create_log_group(logGroupName="/mine")
    files.s3_mover(cloudWatchLogGroupArn=group, options={"logLevel": "TRANSFER"})
    told = str((condition_of(files.wait_ready(), "Ready") or {})["message"])
    assert "has no resource policy that lets DataSync write to it" in told
    document = told.rpartition("--policy-document '")[2].rstrip("'")
    assert json.loads(document)["Statement"][0]["Resource"] == f"{group}:*"
    files.aws("logs").put_resource_policy(policyName="DataSync", policyDocument=document)
    files.patch("DataMover", "m", {"spec": {"tags": [{"key": "a"}]}})
    eventually(lambda: _is_silent(files), what="the advice goes")
    files.run("r1")
    files.wait_phase("r1", "Succeeded")
    assert files.aws("logs").describe_log_streams(logGroupName="/mine")["logStreams"]


def _is_silent(world: World) -> bool:
    condition = condition_of(world.wait_ready(), "Ready") or {}
    assert condition["message"] == "the task matches the spec"
    return True


def role(world: World) -> str:
    """A role of the user's own, with which DataSync may do everything."""
    trust = {"Effect": "Allow", "Principal": {"Service": "datasync.amazonaws.com"}, "Action": "sts:AssumeRole"}
    rights = {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}
    iam = world.aws("iam")
    made = iam.create_role(RoleName="mine", AssumeRolePolicyDocument=_policy(trust))
    iam.put_role_policy(RoleName="mine", PolicyName="all", PolicyDocument=_policy(rights))
    arn: str = made["Role"]["Arn"]
    return arn


def _policy(statement: Json) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})
