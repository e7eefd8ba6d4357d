"""Each port's every operation, against the emulator."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeAlias

import pytest

from datamover_operator.aws.failure import AwsError, FailureKind
from tests.support.waiting import eventually_async

if TYPE_CHECKING:
    from collections.abc import Callable

    from datamover_crds import JsonObject
    from datamover_operator.aws.access import AccountAccess
    from datamover_operator.aws.ports import Aws, DataSync, Iam, Role
    from datamover_operator.aws.sessions import BotoAccounts
    from tests.support.emulator import Emulator

    Client: TypeAlias = Callable[[str], Any]

REGION = "eu-central-1"
TRUST: JsonObject = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "datasync.amazonaws.com"}, "Action": "sts:AssumeRole"},
    ],
}
POLICY: JsonObject = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}],
}


@pytest.fixture
def aws(accounts: BotoAccounts, access: AccountAccess) -> Aws:
    return accounts.connect(access)


@pytest.fixture
def datasync(aws: Aws) -> DataSync:
    return aws.datasync


@pytest.fixture
async def role_arn(aws: Aws) -> str:
    return (await new_role(aws.iam, "bucket-access")).arn


async def new_role(iam: Iam, name: str, **tags: str) -> Role:
    role = await iam.create_role(name, path="/dm/", trust=TRUST, tags=tags, permissions_boundary=None)
    await iam.put_role_policy(name, "access", POLICY)
    return role


async def new_s3(datasync: DataSync, client: Client, role_arn: str, bucket: str) -> str:
    client("s3").create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
    return await datasync.create_location(
        "s3",
        {
            "s3BucketArn": f"arn:aws:s3:::{bucket}",
            "subdirectory": "/in",
            "s3Config": {"bucketAccessRoleArn": role_arn},
            "tags": [{"key": "datamover.io/part", "value": "source"}],
        },
    )


async def new_efs(datasync: DataSync, account: str) -> str:
    ec2 = f"arn:aws:ec2:{REGION}:{account}"
    return await datasync.create_location(
        "efs",
        {
            "efsFilesystemArn": f"arn:aws:elasticfilesystem:{REGION}:{account}:file-system/fs-0123456789abcdef0",
            "ec2Config": {
                "subnetArn": f"{ec2}:subnet/subnet-0123456789abcdef0",
                "securityGroupArns": [f"{ec2}:security-group/sg-0123456789abcdef0"],
            },
        },
    )


@pytest.fixture
async def task(datasync: DataSync, client: Client, role_arn: str, account: str) -> str:
    source = await new_s3(datasync, client, role_arn, f"data-{account}")
    destination = await new_efs(datasync, account)
    arn = await datasync.create_task(
        {"sourceLocationArn": source, "destinationLocationArn": destination, "name": "nightly"}
    )

    async def available() -> bool:
        return (await datasync.describe_task(arn))["status"] == "AVAILABLE"

    await eventually_async(available)
    return arn


async def kind_of(call: Any) -> FailureKind:  # noqa: ANN401 - any awaitable
    with pytest.raises(AwsError) as failed:
        await call
    return failed.value.failure.kind


async def test_an_s3_location_is_made_described_updated_and_deleted(
    datasync: DataSync, client: Client, role_arn: str, account: str
) -> None:
    arn = await new_s3(datasync, client, role_arn, f"data-{account}")
    await datasync.update_location("s3", arn, {"subdirectory": "/out", "s3StorageClass": "STANDARD_IA"})
    shown = await datasync.describe_location("s3", arn)
    assert shown["locationUri"] == f"s3://data-{account}/out/"
    assert shown["s3StorageClass"] == "STANDARD_IA"
    assert shown["s3Config"] == {"bucketAccessRoleArn": role_arn}
    made = datetime.fromisoformat(str(shown["creationTime"]))
    assert abs(made - datetime.now(UTC)) < timedelta(hours=1)
    assert await datasync.list_tags(arn) == {"datamover.io/part": "source"}
    await datasync.delete_location(arn)
    assert await kind_of(datasync.describe_location("s3", arn)) is FailureKind.NOT_FOUND
    assert await kind_of(datasync.delete_location(arn)) is FailureKind.NOT_FOUND


async def test_an_efs_location_is_made_described_and_updated(datasync: DataSync, account: str) -> None:
    arn = await new_efs(datasync, account)
    await datasync.update_location("efs", arn, {"subdirectory": "/sub"})
    shown = await datasync.describe_location("efs", arn)
    assert str(shown["locationUri"]).endswith("/sub/")
    assert isinstance(shown["ec2Config"], dict)
    assert str(shown["ec2Config"]["subnetArn"]).endswith("subnet/subnet-0123456789abcdef0")


async def test_locations_are_listed_from_a_time_on_and_over_all_pages(datasync: DataSync, account: str) -> None:
    begun = datetime.now(UTC) - timedelta(seconds=5)
    made = {await new_efs(datasync, account) for _ in range(105)}
    assert {one["locationArn"] for one in await datasync.list_locations(begun)} == made
    assert await datasync.list_locations(datetime.now(UTC) + timedelta(hours=1)) == []


async def test_a_task_is_listed_updated_tagged_and_deleted(datasync: DataSync, task: str) -> None:
    await datasync.update_task(task, {"name": "hourly", "options": {"verifyMode": "NONE"}})
    await datasync.tag(task, {"team": "a", "cost": "b"})
    await datasync.untag(task, ["cost"])
    shown = await datasync.describe_task(task)
    assert isinstance(shown["options"], dict)
    assert (shown["name"], shown["options"]["verifyMode"]) == ("hourly", "NONE")
    assert await datasync.list_tags(task) == {"team": "a"}
    now = datetime.now(UTC)
    assert [one["taskArn"] for one in await datasync.list_tasks()] == [task]
    assert [one["taskArn"] for one in await datasync.list_tasks(now - timedelta(hours=1))] == [task]
    assert await datasync.list_tasks(now + timedelta(hours=1)) == []
    await datasync.delete_task(task)
    assert await datasync.list_tasks() == []


async def test_an_execution_is_started_slowed_cancelled_and_recorded(
    datasync: DataSync, task: str, emulator: Emulator, account: str
) -> None:
    with emulator.fault(state="TRANSFERRING", hold="before", account=account) as held:
        unqueued: JsonObject = {"taskArn": task, "overrideOptions": {"taskQueueing": "DISABLED"}}
        arn = await datasync.start_task_execution(unqueued)
        held.wait_held()
        await datasync.update_task_execution(arn, 1_000_000)
        refusals = {FailureKind.REFUSED, FailureKind.CONFLICT}
        assert await kind_of(datasync.start_task_execution(unqueued)) in refusals
        await datasync.cancel_task_execution(arn)
        held.release()

    async def ended() -> bool:
        return (await datasync.describe_task_execution(arn))["status"] == "ERROR"

    await eventually_async(ended)
    assert [one["taskExecutionArn"] for one in await datasync.list_task_executions(task)] == [arn]
    assert await kind_of(datasync.cancel_task_execution(arn)) is FailureKind.CONFLICT
    assert await kind_of(datasync.update_task_execution(arn, 5)) in refusals


async def test_a_role_costs_two_calls_and_reads_back_whole(aws: Aws, emulator: Emulator, account: str) -> None:
    made = await new_role(aws.iam, "dm-role", **{"datamover.io/uid": "u"})
    calls = [entry["operation"] for entry in emulator.journal(account=account)]
    assert calls == ["CreateRole", "PutRolePolicy"]
    assert made.arn == f"arn:aws:iam::{account}:role/dm/dm-role"
    assert made.policy is None
    read = await aws.iam.get_role("dm-role", "access")
    assert read.policy == POLICY
    assert (read.arn, read.name, dict(read.tags)) == (made.arn, "dm-role", {"datamover.io/uid": "u"})
    assert read.created_at.tzinfo is not None
    assert (await aws.iam.get_role("dm-role", "other")).policy is None
    await aws.iam.tag_role("dm-role", {"datamover.io/uid": "v"})
    assert (await aws.iam.get_role("dm-role", "access")).tags == {"datamover.io/uid": "v"}


async def test_the_trust_and_the_boundary_of_a_role_are_sent(aws: Aws, client: Client, account: str) -> None:
    iam = client("iam")
    boundary = iam.create_policy(PolicyName="limit", PolicyDocument=json.dumps(POLICY))["Policy"]["Arn"]
    await aws.iam.create_role("bounded", path="/", trust=TRUST, tags={}, permissions_boundary=boundary)
    role = iam.get_role(RoleName="bounded")["Role"]
    assert role["AssumeRolePolicyDocument"] == TRUST
    assert role["PermissionsBoundary"]["PermissionsBoundaryArn"] == boundary
    other = iam.create_policy(PolicyName="other", PolicyDocument=json.dumps(POLICY))["Policy"]["Arn"]
    await aws.iam.put_role_permissions_boundary("bounded", other)
    assert (await aws.iam.get_role("bounded", "access")).permissions_boundary == other


async def test_a_role_that_exists_is_a_conflict_and_one_that_does_not_is_not_found(aws: Aws) -> None:
    await new_role(aws.iam, "twice")
    assert await kind_of(new_role(aws.iam, "twice")) is FailureKind.CONFLICT
    assert await kind_of(aws.iam.get_role("nobody", "access")) is FailureKind.NOT_FOUND
    assert await kind_of(aws.iam.delete_role("nobody", "access")) is FailureKind.NOT_FOUND


async def test_all_roles_are_listed_with_who_may_assume_them(aws: Aws) -> None:
    arns = [
        (await aws.iam.create_role(name, path=path, trust=TRUST, tags={}, permissions_boundary=None)).arn
        for name, path in (("one", "/"), ("two", "/data/movers/"))
    ]
    assert await aws.iam.list_roles() == dict.fromkeys(arns, TRUST)


async def test_a_role_is_deleted_with_its_policy_or_without_one(aws: Aws) -> None:
    await new_role(aws.iam, "full")
    await aws.iam.create_role("bare", path="/", trust=TRUST, tags={}, permissions_boundary=None)
    for name in ("full", "bare"):
        await aws.iam.delete_role(name, "access")
        assert await kind_of(aws.iam.get_role(name, "access")) is FailureKind.NOT_FOUND


async def test_what_iam_refuses_to_read_or_delete_is_not_taken_for_an_absent_policy(
    aws: Aws, emulator: Emulator, account: str
) -> None:
    await new_role(aws.iam, "full")
    denied = {"code": "AccessDenied", "message": "no", "status": 403}
    with emulator.fault("GetRolePolicy", error=denied, account=account):
        assert await kind_of(aws.iam.get_role("full", "access")) is FailureKind.DENIED
    with emulator.fault("DeleteRolePolicy", error=denied, account=account):
        assert await kind_of(aws.iam.delete_role("full", "access")) is FailureKind.DENIED
    assert (await aws.iam.get_role("full", "access")).policy == POLICY


async def test_resources_are_found_by_all_their_tags(aws: Aws, account: str) -> None:
    arns = [await new_efs(aws.datasync, account) for _ in range(2)]
    for arn in arns:
        await aws.datasync.tag(arn, {"datamover.io/uid": "u", "datamover.io/nonce": arn[-4:]})
    assert set(await aws.tagging.find({"datamover.io/uid": "u"})) == set(arns)
    wanted = {"datamover.io/uid": "u", "datamover.io/nonce": arns[0][-4:]}
    assert await aws.tagging.find(wanted) == {arns[0]: wanted}
    assert await aws.tagging.find({"datamover.io/uid": "nobody"}) == {}


async def test_who_we_are_there(aws: Aws, account: str) -> None:
    found, arn = await aws.sts.caller_identity()
    assert found == account
    assert arn.startswith("arn:aws:")


async def test_a_wrong_request_is_refused_before_it_is_sent(aws: Aws, emulator: Emulator, account: str) -> None:
    assert await kind_of(aws.datasync.create_task({"surprise": 1})) is FailureKind.REFUSED
    assert emulator.journal(account=account) == []
