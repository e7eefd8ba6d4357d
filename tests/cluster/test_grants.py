"""What a namespace is not granted it can neither keep nor reach, whatever it writes into specs and statuses (I6)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.emulator import Json
from tests.support.movers import NOTHING, World, condition_of
from tests.support.operator_process import Operators
from tests.support.waiting import eventually

NIGHTLY = {"scheduleExpression": "cron(0 3 * * ? *)"}
EFS: Json = {
    "efsFilesystemArn": "arn:aws:elasticfilesystem:eu-central-1:123456789012:file-system/fs-0123456789abcdef0",
    "ec2Config": {
        "subnetArn": "arn:aws:ec2:eu-central-1:123456789012:subnet/subnet-0123456789abcdef0",
        "securityGroupArns": ["arn:aws:ec2:eu-central-1:123456789012:security-group/sg-0123456789abcdef0"],
    },
}
INVALID: Json = {"efs": EFS | {"efsFilesystemArn": "arn:aws:elasticfilesystem:eu:1:fs"}}
NOT_THERE: Json = {"s3": {"s3BucketArn": "arn:aws:s3:::mine"}}


def grant(world: World, **grants: list[str]) -> None:
    """The account grants this namespace these things alone."""
    spec: dict[str, object] = {"grants": [{"namespaces": [world.namespace], **grants}]}
    world.patch("DataMoverAccount", world.account, {"spec": spec})


def task_of(world: World, name: str = "m") -> str:
    arn: str = world.wait_ready(name)["status"]["taskArn"]
    return arn


def schedule_status(world: World, task: str) -> Any:  # noqa: ANN401 - boto3's answer
    return world.aws("datasync").describe_task(TaskArn=task)["Schedule"]["Status"]


@pytest.mark.parametrize("source", [INVALID, NOT_THERE], ids=["invalid spec", "no such bucket"])
def test_a_schedule_stops_with_its_grant_whatever_the_spec_has_become(ready: World, source: Json) -> None:
    ready.patch("DataMover", "m", {"spec": {"schedule": NIGHTLY}})
    task = task_of(ready)
    assert schedule_status(ready, task) == "ENABLED"
    ready.patch("DataMover", "m", {"spec": {"source": {"s3": None} | source}})
    ready.wait_condition("DataMover", "m", "Stalled")
    grant(ready, locations=["s3://dst/*", "s3://mine/*", "efs://*"])
    eventually(lambda: schedule_status(ready, task) == "DISABLED")

    def says_why() -> bool:
        stalled = condition_of(ready.get("DataMover", "m") or {}, "Stalled")
        assert stalled is not None
        return "what the task has as its source in AWS is not granted" in stalled["message"]

    eventually(says_why)


def test_a_status_that_names_anothers_task_neither_deletes_nor_starts_it(ready: World) -> None:
    ready.bucket("payroll", {"secret.txt": b"s"})
    ready.bucket("theirs")
    ready.s3_mover("victim", source="payroll", destination="theirs", deletionPolicy="Retain")
    theirs = ready.wait_ready("victim")["status"]
    own = task_of(ready)
    victims = {"taskArn": theirs["taskArn"], "sourceLocationArn": theirs["sourceLocationArn"]}
    before = len(ready.emulator.journal())

    retired = [{"arn": theirs["taskArn"], "kind": "task"}, {"arn": theirs["sourceLocationArn"], "kind": "location"}]
    ready.patch("DataMover", "m", {"status": {"bookkeeping": {"retired": retired}}}, subresource="/status")
    ready.patch("DataMover", "m", {"spec": {"tags": [{"key": "a", "value": "b"}]}})
    eventually(lambda: not ready.wait_ready()["status"].get("bookkeeping", {}).get("retired"))
    assert {own, theirs["taskArn"]} == set(ready.leftovers()["tasks"])

    ready.patch("DataMover", "m", {"status": victims}, subresource="/status")
    ready.run("r1")
    eventually(lambda: (ready.get("DataMoverRun", "r1") or {}).get("status"), what="the operator has seen the run")
    ready.delete("DataMover", "m")
    ready.wait_gone("DataMover", "m")
    ready.wait_gone("DataMoverRun", "r1")
    assert theirs["taskArn"] in ready.leftovers()["tasks"]
    assert ready.aws("datasync").list_task_executions(TaskArn=theirs["taskArn"])["TaskExecutions"] == []
    touched = [each for each in ready.emulator.journal(before) if each["operation"].startswith(("Update", "Untag"))]
    assert all(theirs["taskArn"] not in str(each["params"]) for each in touched)
    ready.wait_ready("victim")


def test_roles_are_made_in_the_folder_that_is_granted(world: World, operator: Operators) -> None:
    world.bucket("src")
    world.bucket("dst")
    world.grant_all()
    grant(world, locations=["*"], roleArns=["arn:aws:iam::123456789012:role/team-a/*"])
    operator()
    outside = {"s3BucketArn": "arn:aws:s3:::src", "accessRole": {"name": "admin", "path": "/team-b/"}}
    world.s3_mover()
    world.wait_ready()
    world.s3_mover("named", source="src")
    world.wait_ready("named")
    roles = world.leftovers()["roles"]
    world.patch("DataMover", "named", {"spec": {"source": {"s3": outside}}})
    message = condition_of(world.wait_condition("DataMover", "named", "Stalled", reason="NotGranted"), "Stalled")[
        "message"
    ]  # type: ignore[index]
    assert message.startswith("spec.source.s3.accessRole.path: ")
    assert "arn:aws:iam::123456789012:role/team-b/admin" in message
    assert world.leftovers()["roles"] == roles
    world.patch("DataMover", "named", {"spec": {"source": {"s3": {"accessRole": {"path": "/team-a/"}}}}})
    assert world.wait_ready("named")["status"]["sourceRoleArn"] == "arn:aws:iam::123456789012:role/team-a/admin"


OTHER_ACCOUNT = "333333333333"
OTHERS_KEYS = {"aws_access_key_id": OTHER_ACCOUNT, "aws_secret_access_key": "none"}


@pytest.mark.parametrize(
    ("account", "region"),
    [("123456789012", "us-east-1"), (OTHER_ACCOUNT, "eu-central-1")],
    ids=["another Region", "another AWS account"],
)
def test_an_account_made_anew_for_elsewhere_makes_nothing_and_says_so(ready: World, account: str, region: str) -> None:
    task = task_of(ready)
    ready.api.create(
        f"/api/v1/namespaces/{ready.namespace}/secrets", {"metadata": {"name": "others"}, "stringData": OTHERS_KEYS}
    )
    ready.delete("DataMoverAccount", ready.account)
    ready.patch("DataMoverAccount", ready.account, {"metadata": {"finalizers": []}})
    ready.wait_gone("DataMoverAccount", ready.account)
    credentials = {"credentialsSecretRef": {"name": "others"}} if account == OTHER_ACCOUNT else {}
    ready.grant_all(accountId=account, region=region, **credentials)
    found = ready.wait_condition("DataMover", "m", "Stalled", reason="AccountChanged")
    message = condition_of(found, "Stalled")["message"]  # type: ignore[index]
    assert message.startswith(f"status.taskArn: '{task}' is not in AWS account '{account}', Region '{region}'")
    there = {name: ready.emulator.client(name, account=account, region=region) for name in ("datasync", "iam")}
    assert there["datasync"].list_tasks()["Tasks"] == there["datasync"].list_locations()["Locations"] == []
    assert account != OTHER_ACCOUNT or there["iam"].list_roles()["Roles"] == []
    ready.delete("DataMover", "m")
    ready.wait_condition("DataMover", "m", "Stalled", reason="DeletionBlocked")
    assert ready.leftovers()["tasks"] == [task]
    ready.patch("DataMover", "m", {"spec": {"deletionPolicy": "Retain"}})
    ready.wait_gone("DataMover", "m")
    assert ready.leftovers() != NOTHING
