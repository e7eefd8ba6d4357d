"""A changed spec on the whole stack: in place where DataSync can, by replacement where it can't."""

from __future__ import annotations

import pytest

from tests.support.emulator import Json
from tests.support.movers import NOTHING, REGION, World, condition_of
from tests.support.operator_process import Operators
from tests.support.waiting import eventually

FILE_SYSTEM = f"arn:aws:elasticfilesystem:{REGION}:123456789012:file-system/fs-0123456789abcdef0"
EFS = {
    "efsFilesystemArn": FILE_SYSTEM,
    "ec2Config": {
        "subnetArn": f"arn:aws:ec2:{REGION}:123456789012:subnet/subnet-0123456789abcdef0",
        "securityGroupArns": [f"arn:aws:ec2:{REGION}:123456789012:security-group/sg-0123456789abcdef0"],
    },
}


@pytest.fixture
def ready(world: World, operator: Operators) -> World:
    """A world with a Ready mover `m` from bucket src to bucket dst."""
    for bucket in ("src", "dst", "other"):
        world.bucket(bucket, {"a.txt": b"alpha"} if bucket == "src" else {})
    world.grant_all()
    operator()
    world.s3_mover(options={"verifyMode": "NONE"}, tags=[{"key": "team", "value": "data"}])
    world.wait_ready()
    return world


def change(world: World, spec: dict[str, object]) -> list[str]:
    """Change the mover, wait until it is Ready again, and return the writes that reached AWS for it."""
    since = len(world.emulator.journal())
    last = world.emulator.journal()[since - 1]["seq"]
    world.patch("DataMover", "m", {"spec": spec})
    world.wait_ready()
    return world.calls(reads=False, since=last)


def task(world: World) -> Json:
    found = world.get("DataMover", "m")
    assert found is not None
    described: Json = world.aws("datasync").describe_task(TaskArn=found["status"]["taskArn"])
    return described


def test_options_filters_schedule_and_name_are_updated_in_place(ready: World) -> None:
    before = task(ready)["TaskArn"]
    spec: dict[str, object] = {
        "name": "a new name",
        "options": {"verifyMode": "ONLY_FILES_TRANSFERRED", "logLevel": "BASIC"},
        "excludes": [{"value": "*.tmp"}],
        "schedule": {"scheduleExpression": "cron(0 3 * * ? *)"},
    }
    assert change(ready, spec) == ["UpdateTask"]
    after = task(ready)
    assert after["TaskArn"] == before
    assert after["Name"] == "a new name"
    assert (after["Options"]["VerifyMode"], after["Options"]["LogLevel"]) == ("ONLY_FILES_TRANSFERRED", "BASIC")
    assert after["Excludes"] == [{"FilterType": "SIMPLE_PATTERN", "Value": "*.tmp"}]
    assert after["Schedule"]["Status"] == "ENABLED"
    found = ready.get("DataMover", "m")
    assert found is not None
    assert "nextScheduledTime" in found["status"]


def test_a_field_that_leaves_the_spec_goes_back_to_its_default(ready: World) -> None:
    change(ready, {"excludes": [{"value": "*.tmp"}], "schedule": {"scheduleExpression": "rate(1 day)"}})
    assert change(ready, {"options": {"verifyMode": None}, "excludes": None, "schedule": None}) == ["UpdateTask"]
    after = task(ready)
    assert after["Options"]["VerifyMode"] == "POINT_IN_TIME_CONSISTENT"
    assert after["Excludes"] == []
    assert not after.get("Schedule", {}).get("ScheduleExpression")


def test_suspending_disables_the_schedule_and_starts_nothing(ready: World) -> None:
    change(ready, {"schedule": {"scheduleExpression": "rate(1 day)"}})
    change(ready, {"suspend": True, "trigger": {"manual": "now"}})
    assert task(ready)["Schedule"]["Status"] == "DISABLED"
    ready.run("r1")
    assert ready.wait_phase("r1", "Pending")["status"]["reason"] == "Suspended"
    change(ready, {"suspend": False})
    ready.wait_phase("r1", "Succeeded", "Rejected")
    assert task(ready)["Schedule"]["Status"] == "ENABLED"


def test_a_grant_that_is_taken_back_stops_the_schedule_and_changes_nothing_else(ready: World) -> None:
    change(ready, {"schedule": {"scheduleExpression": "rate(1 day)"}})
    account = ready.get("DataMoverAccount", ready.account)
    assert account is not None
    before = len(ready.calls(reads=False))
    ready.patch("DataMoverAccount", ready.account, {"spec": {"grants": None}})
    ready.wait_condition("DataMover", "m", "Stalled", reason="NotGranted")
    assert task(ready)["Schedule"]["Status"] == "DISABLED"
    assert ready.calls(reads=False)[before:] == ["UpdateTask"]
    ready.patch("DataMoverAccount", ready.account, {"spec": {"grants": account["spec"]["grants"]}})
    ready.wait_ready()
    assert task(ready)["Schedule"]["Status"] == "ENABLED"


def test_tags_follow_the_spec_and_foreign_ones_stay(ready: World) -> None:
    datasync, arn = ready.aws("datasync"), task(ready)["TaskArn"]
    datasync.tag_resource(ResourceArn=arn, Tags=[{"Key": "cost", "Value": "42"}])
    writes = change(ready, {"tags": [{"key": "stage", "value": "prod"}]})
    assert set(writes) == {"TagResource", "UntagResource", "TagRole", "UntagRole"} & set(writes)
    found = {each["Key"]: each["Value"] for each in datasync.list_tags_for_resource(ResourceArn=arn)["Tags"]}
    assert found["stage"] == "prod"
    assert found["cost"] == "42"
    assert "team" not in found


def test_a_locations_subdirectory_is_updated_in_place(ready: World) -> None:
    before = ready.leftovers()
    assert change(ready, {"source": {"s3": {"subdirectory": "/only/this"}}}) == ["UpdateLocationS3"]
    assert ready.leftovers() == before


def test_another_bucket_means_a_new_location_and_task_and_the_old_ones_go(ready: World) -> None:
    before = ready.leftovers()
    writes = change(ready, {"destination": {"s3": {"s3BucketArn": "arn:aws:s3:::other"}}})
    rights = "PutRolePolicy"  # both buckets', and then the new one's alone
    assert writes == [rights, "CreateLocationS3", "CreateTask", "DeleteTask", "DeleteLocation", rights]
    after = ready.leftovers()
    assert {kind: len(found) for kind, found in after.items()} == {"tasks": 1, "locations": 2, "roles": 2}
    assert set(after["tasks"]).isdisjoint(before["tasks"])
    ready.run("r1")
    ready.wait_phase("r1", "Succeeded")
    assert ready.objects("other") == {"a.txt": b"alpha"}


def test_from_bucket_to_file_system_and_gone(ready: World) -> None:
    ready.emulator.file_system("fs-0123456789abcdef0")
    change(ready, {"destination": {"s3": None, "efs": EFS}})
    assert {kind: len(found) for kind, found in ready.leftovers().items()} == {"tasks": 1, "locations": 2, "roles": 1}
    ready.run("r1")
    ready.wait_phase("r1", "Succeeded")
    assert (ready.emulator.file_system("fs-0123456789abcdef0") / "a.txt").read_bytes() == b"alpha"
    ready.delete("DataMover", "m")
    ready.wait_gone("DataMover", "m")
    assert ready.leftovers() == NOTHING


def test_a_change_waits_for_the_active_run(ready: World) -> None:
    with ready.emulator.fault(state="TRANSFERRING", hold="before"):
        ready.run("r1")
        ready.wait_phase("r1", "Launching", "Preparing", "Transferring")
        ready.patch("DataMover", "m", {"spec": {"options": {"logLevel": "BASIC"}}})
        eventually(lambda: _reason(ready) == "WaitingForRun")
        assert ready.emulator.journal(operation="UpdateTask") == []
    ready.wait_phase("r1", "Succeeded")
    ready.wait_ready()
    assert task(ready)["Options"]["LogLevel"] == "BASIC"


def test_what_aws_refuses_is_stalled_with_its_words_and_heals_with_the_spec(world: World, operator: Operators) -> None:
    world.bucket("src")
    world.grant_all()
    operator()
    world.s3_mover(destination="missing")
    found = world.wait_condition("DataMover", "m", "Stalled", reason="Refused")
    message = condition_of(found, "Stalled")
    assert message is not None
    assert "spec.destination" in message["message"]
    assert "CreateLocationS3" in message["message"]
    world.bucket("dst")
    world.patch("DataMover", "m", {"spec": {"destination": {"s3": {"s3BucketArn": "arn:aws:s3:::dst"}}}})
    world.wait_ready()
    assert {kind: len(each) for kind, each in world.leftovers().items()} == {"tasks": 1, "locations": 2, "roles": 2}


def _reason(world: World) -> str | None:
    found = world.get("DataMover", "m")
    told = condition_of(found, "Ready") if found is not None else None
    return told["reason"] if told is not None else None
