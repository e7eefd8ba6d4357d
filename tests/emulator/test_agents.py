"""Agents: what they are, what they are needed for, and what happens while one is offline."""

from __future__ import annotations

import itertools
import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.emulator.location_cases import CASES, ENHANCED_KEY, KEY, agent, make
from tests.support.account import Account
from tests.support.waiting import eventually


def set_status(account: Account, arn: str, status: str) -> None:
    account.emulator.control("POST", "agents", {"agentArn": arn, "status": status})


@pytest.fixture
def helper(account: Account) -> str:
    return agent(account)


@pytest.fixture
def target(account: Account) -> str:
    """A location of a bucket to copy to."""
    return account.s3_location(account.bucket("target"))


def test_an_agent_lives_from_create_to_delete(account: Account) -> None:
    tags: Any = [{"Key": "a", "Value": "b"}]
    arn = account.datasync.create_agent(ActivationKey=KEY, AgentName="mine", Tags=tags)["AgentArn"]
    described = account.datasync.describe_agent(AgentArn=arn)
    assert (described["Name"], described["Status"], described["EndpointType"]) == ("mine", "ONLINE", "PUBLIC")
    assert described["Platform"]["Version"]
    account.datasync.update_agent(AgentArn=arn, Name="yours")
    listed = account.datasync.list_agents()["Agents"]
    assert [(each["AgentArn"], each["Name"], each["Status"]) for each in listed] == [(arn, "yours", "ONLINE")]
    assert account.datasync.list_tags_for_resource(ResourceArn=arn)["Tags"] == tags
    mapped = account.tagging.get_resources(ResourceTypeFilters=["datasync:agent"])["ResourceTagMappingList"]
    assert [each["ResourceARN"] for each in mapped] == [arn]
    account.datasync.delete_agent(AgentArn=arn)
    for call in (account.datasync.describe_agent, account.datasync.delete_agent):
        with pytest.raises(ClientError, match=r"Agent agent-.* is not found"):
            call(AgentArn=arn)


def test_an_agent_behind_a_vpc_endpoint_shows_it(account: Account) -> None:
    given = {
        "VpcEndpointId": "vpce-0123456789abcdef0",
        "SubnetArns": [f"arn:aws:ec2:{account.region}:{account.number}:subnet/subnet-0a1b2c3d"],
        "SecurityGroupArns": [f"arn:aws:ec2:{account.region}:{account.number}:security-group/sg-0a1b2c3d"],
    }
    create: Any = account.datasync.create_agent
    described = account.datasync.describe_agent(AgentArn=create(ActivationKey=KEY, **given)["AgentArn"])
    assert described["EndpointType"] == "PRIVATE_LINK"
    assert given.items() <= described["PrivateLinkConfig"].items()


def test_agents_are_listed_by_page(account: Account) -> None:
    made = [agent(account) for _ in range(5)]
    pages = list(account.datasync.get_paginator("list_agents").paginate(PaginationConfig={"PageSize": 2}))
    assert [each["AgentArn"] for page in pages for each in page["Agents"]] == made


def test_an_agent_in_use_is_not_deleted(account: Account, helper: str) -> None:
    location = make(account, CASES["nfs"], helper)
    with pytest.raises(ClientError, match="in use"):
        account.datasync.delete_agent(AgentArn=helper)
    account.datasync.delete_location(LocationArn=location)
    account.datasync.delete_agent(AgentArn=helper)


def test_a_location_takes_four_agents_of_a_mode(account: Account) -> None:
    agents = [agent(account) for _ in range(5)] + [agent(account, ENHANCED_KEY) for _ in range(4)]
    create: Any = account.datasync.create_location_nfs
    given = {"ServerHostname": "nfs.example.com", "Subdirectory": "/export"}
    create(**given, OnPremConfig={"AgentArns": agents[1:5]})
    with pytest.raises(ClientError, match="5 BASIC agents are more than a location can have"):
        create(**given, OnPremConfig={"AgentArns": agents[:5]})


# Offline


def test_a_task_is_unavailable_while_its_agent_is_offline(account: Account, helper: str, target: str) -> None:
    task = account.task(make(account, CASES["nfs"], helper), target)
    assert account.datasync.describe_task(TaskArn=task)["Status"] == "AVAILABLE"
    set_status(account, helper, "OFFLINE")
    assert account.datasync.describe_agent(AgentArn=helper)["Status"] == "OFFLINE"
    described = account.datasync.describe_task(TaskArn=task)
    assert described["Status"] == "UNAVAILABLE"
    assert described["ErrorCode"] == "AgentOffline"
    assert helper.rpartition("/")[2] in described["ErrorDetail"]
    with pytest.raises(ClientError, match=r"current status: UNAVAILABLE\. .* is offline"):
        account.start(task)
    set_status(account, helper, "ONLINE")
    assert account.ended(account.start(task))["Status"] == "SUCCESS"


def test_a_queued_execution_waits_in_launching_for_its_agent(account: Account, helper: str, target: str) -> None:
    task = account.task(make(account, CASES["nfs"], helper), target)
    with account.emulator.fault(state="TRANSFERRING", hold="before", account=account.number) as held:
        first, second = account.start(task), account.start(task)
        held.wait_held()
        set_status(account, helper, "OFFLINE")
    account.ended(first)
    eventually(lambda: account.execution(second)["Status"] == "LAUNCHING")
    set_status(account, helper, "ONLINE")
    assert account.ended(second)["Status"] == "SUCCESS"


def test_an_execution_that_waits_for_an_agent_can_be_cancelled(account: Account, helper: str, target: str) -> None:
    task = account.task(make(account, CASES["nfs"], helper), target)
    with account.emulator.fault(state="LAUNCHING", hold="before", account=account.number) as held:
        execution = account.start(task)
        held.wait_held()
        set_status(account, helper, "OFFLINE")
    account.datasync.cancel_task_execution(TaskExecutionArn=execution)
    assert account.ended(execution)["Status"] == "ERROR"


def test_events_tell_of_agents_and_of_the_tasks_that_use_them(account: Account, helper: str, target: str) -> None:
    sqs, events = account.client("sqs"), account.client("events")
    queue = sqs.create_queue(QueueName="agents")["QueueUrl"]
    arn = f"arn:aws:sqs:{account.region}:{account.number}:agents"
    events.put_rule(Name="all", EventPattern=json.dumps({"source": ["aws.datasync"]}))
    events.put_targets(Rule="all", Targets=[{"Id": "queue", "Arn": arn}])
    task = account.task(make(account, CASES["nfs"], helper), target)
    set_status(account, helper, "OFFLINE")
    seen: set[tuple[str, str]] = set()

    def both_seen() -> bool:
        for message in sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", []):
            event = json.loads(message["Body"])
            seen.add((event["resources"][0], event["detail"]["State"]))
        return {(helper, "OFFLINE"), (task, "UNAVAILABLE")} <= seen

    eventually(both_seen)


def test_unknown_agents_and_states_are_refused_by_the_control_port(account: Account, helper: str) -> None:
    for body, message in (
        ({"agentArn": helper, "status": "ASLEEP"}, "it must be ONLINE or OFFLINE"),
        ({"agentArn": "me", "status": "ONLINE"}, "it must be an agent's ARN"),
        ({"agentArn": helper[:-1] + "x", "status": "ONLINE"}, "is not found"),
    ):
        with pytest.raises(AssertionError, match=message):
            account.emulator.control("POST", "agents", body)


# One task at a time


def test_tasks_of_one_agent_run_in_turn(account: Account, helper: str, target: str) -> None:
    other = account.s3_location(account.bucket("other"))
    source = make(account, CASES["nfs"], helper)
    one, two = account.task(source, target), account.task(source, other)
    with account.emulator.fault(state="TRANSFERRING", hold="before", account=account.number) as held:
        first = account.start(one)
        held.wait_held()
        second, third = account.start(two), account.start(one)
        assert account.execution(second)["Status"] == account.execution(third)["Status"] == "QUEUED"
        assert account.datasync.describe_task(TaskArn=two)["Status"] == "QUEUED"
        assert account.datasync.describe_task(TaskArn=one)["Status"] == "RUNNING"
        with pytest.raises(ClientError, match="is busy with an execution in progress, and TaskQueueing is DISABLED"):
            account.start(account.task(source, target), OverrideOptions={"TaskQueueing": "DISABLED"})
    runs = [account.ended(each) for each in (first, second, third)]
    assert [run["Status"] for run in runs] == ["SUCCESS"] * 3
    for before, after in itertools.pairwise(runs):
        assert before["EndTime"] <= after["LaunchTime"]


def test_tasks_of_different_agents_run_side_by_side(account: Account, helper: str, target: str) -> None:
    other = agent(account)
    one = account.task(make(account, CASES["nfs"], helper), target)
    two = account.task(make(account, CASES["nfs"], other), account.s3_location(account.bucket("other")))
    with account.emulator.fault(state="TRANSFERRING", hold="before", count=2, account=account.number) as held:
        executions = [account.start(one), account.start(two)]
        held.wait_held(2)
    assert [account.ended(each)["Status"] for each in executions] == ["SUCCESS"] * 2


# Which pairs, in which mode, with which agents


def outposts(account: Account, helper: str) -> str:
    account.bucket("outpost")
    arn = f"arn:aws:s3-outposts:{account.region}:{account.number}:outpost/op-0a/accesspoint/outpost-{account.number}"
    role = account.role("outpost", actions=("s3-outposts:*",))
    created = account.datasync.create_location_s3(
        S3BucketArn=arn, AgentArns=[helper], S3Config={"BucketAccessRoleArn": role}
    )
    return created["LocationArn"]


@pytest.mark.parametrize(
    ("source", "destination", "mode", "refusal"),
    [
        ("nfs", "s3", "BASIC", None),
        ("s3", "smb", "BASIC", None),
        ("hdfs", "efs", "BASIC", None),
        ("efs", "fsx for lustre", "BASIC", None),
        ("azure blob", "s3", "BASIC", None),
        ("nfs", "outposts", "BASIC", None),
        ("outposts", "s3", "BASIC", None),
        ("nfs", "smb", "BASIC", "A transfer needs AWS storage on one side; found NFS and SMB."),
        ("azure blob", "object storage", "BASIC", "A transfer needs AWS storage on one side"),
        ("outposts", "efs", "BASIC", "S3 on Outposts transfers to and from S3 in a Region"),
        ("s3", "s3", "ENHANCED", None),
        ("efs", "s3", "ENHANCED", "TaskMode ENHANCED does not support this location of type EFS"),
        ("s3", "fsx for windows", "ENHANCED", "does not support this location of type FSX_WINDOWS"),
        ("hdfs", "s3", "ENHANCED", "does not support this location of type HDFS"),
        ("outposts", "s3", "ENHANCED", "does not support this location of type OUTPOST_S3"),
        ("nfs", "s3", "ENHANCED", "has no agent for TaskMode ENHANCED"),
        ("azure blob", "s3", "ENHANCED", "reaches a location of type AZURE_BLOB without agents"),
        ("object storage", "s3", "ENHANCED", "reaches a location of type OBJECT_STORAGE without agents"),
    ],
)
def test_which_locations_go_together(
    account: Account, helper: str, source: str, destination: str, mode: str, refusal: str | None
) -> None:
    buckets = itertools.count()

    def location(name: str) -> str:
        match name:
            case "s3":
                return account.s3_location(account.bucket(f"bucket{next(buckets)}"))
            case "outposts":
                return outposts(account, helper)
        return make(account, CASES[name], helper)

    both = location(source), location(destination)
    if refusal is None:
        account.task(*both, TaskMode=mode)
    else:
        with pytest.raises(account.datasync.exceptions.InvalidRequestException, match=refusal):
            account.task(*both, TaskMode=mode)


@pytest.mark.parametrize("name", ["object storage", "azure blob"])
def test_other_clouds_need_an_agent_in_basic_mode_alone(account: Account, target: str, name: str) -> None:
    case = CASES[name]
    create: Any = getattr(account.datasync, f"create_location_{case.operation}")
    source = create(**{member: value for member, value in case.create.items() if member != "AgentArns"})["LocationArn"]
    account.task(source, target, TaskMode="ENHANCED")
    with pytest.raises(ClientError, match="has no agent for TaskMode BASIC: give it one or use TaskMode ENHANCED"):
        account.task(source, target)


def test_a_task_uses_the_agents_of_its_mode(account: Account, target: str) -> None:
    basic, enhanced = agent(account), agent(account, ENHANCED_KEY)
    create: Any = account.datasync.create_location_nfs
    source = create(
        ServerHostname="both.example.com", Subdirectory="/export", OnPremConfig={"AgentArns": [basic, enhanced]}
    )["LocationArn"]
    in_basic, in_enhanced = account.task(source, target), account.task(source, target, TaskMode="ENHANCED")
    set_status(account, basic, "OFFLINE")
    assert account.datasync.describe_task(TaskArn=in_basic)["Status"] == "UNAVAILABLE"
    assert account.datasync.describe_task(TaskArn=in_enhanced)["Status"] == "AVAILABLE"


def test_nfs_4_2_needs_enhanced_mode(account: Account, target: str) -> None:
    enhanced = agent(account, ENHANCED_KEY)
    source = make(account, CASES["nfs"], enhanced, MountOptions={"Version": "NFS4_2"})
    with pytest.raises(ClientError, match=r"does not support this location of type NFS\. Use ENHANCED\."):
        account.task(source, target)
    account.task(source, target, TaskMode="ENHANCED")


# Other Regions


def test_one_of_two_buckets_may_be_in_another_region(account: Account) -> None:
    elsewhere = Account(account.emulator, account.number, region="us-west-2")
    there = elsewhere.bucket("there", file=b"content")
    with pytest.raises(ClientError, match=r"The bucket is in this region: us-west-2\. Please use"):
        account.s3_location(there)
    source = elsewhere.s3_location(there, S3Config={"BucketAccessRoleArn": account.any_role})
    here = account.bucket("here")
    assert account.ended(account.start(account.task(source, account.s3_location(here))))["Status"] == "SUCCESS"
    assert account.s3.get_object(Bucket=here, Key="file")["Body"].read() == b"content"
    with pytest.raises(ClientError, match="in use by"):
        elsewhere.datasync.delete_location(LocationArn=source)
    with pytest.raises(ClientError, match="One of the two locations must be in Region eu-central-1"):
        account.task(source, source)


def test_storage_outside_aws_is_not_reached_across_regions(account: Account, helper: str) -> None:
    elsewhere = Account(account.emulator, account.number, region="us-west-2")
    destination = elsewhere.s3_location(elsewhere.bucket("there"))
    with pytest.raises(ClientError, match="can't cross Regions"):
        account.task(make(account, CASES["nfs"], helper), destination)


# Outposts


def test_a_bucket_on_an_outpost_is_reached_through_its_access_point(account: Account, helper: str) -> None:
    location = outposts(account, helper)
    described = account.datasync.describe_location_s3(LocationArn=location)
    assert described["S3StorageClass"] == "OUTPOSTS"
    assert described["AgentArns"] == [helper]
    assert described["LocationUri"].startswith(
        f"s3://arn:aws:s3-outposts:{account.region}:{account.number}:outpost/op-0a/"
    )
    source = account.s3_location(account.bucket("source", file=b"content"))
    run = account.ended(account.start(account.task(source, location)))
    assert run["Status"] == "SUCCESS"
    assert account.s3.get_object(Bucket=f"outpost-{account.number}", Key="file")["Body"].read() == b"content"


def test_what_outposts_need(account: Account, helper: str) -> None:
    account.bucket("outpost")
    arn = f"arn:aws:s3-outposts:{account.region}:{account.number}:outpost/op-0a/accesspoint/outpost-{account.number}"
    create: Any = account.datasync.create_location_s3
    config = {"S3Config": {"BucketAccessRoleArn": account.any_role}}
    with pytest.raises(ClientError, match="needs AgentArns"):
        create(S3BucketArn=arn, **config)
    with pytest.raises(ClientError, match="STANDARD is not available on Outposts"):
        create(S3BucketArn=arn, AgentArns=[helper], S3StorageClass="STANDARD", **config)
    with pytest.raises(ClientError, match="Ensure bucket access role has s3-outposts:ListBucket permission"):
        create(S3BucketArn=arn, AgentArns=[helper], **config)
    with pytest.raises(ClientError, match="AgentArns is only for S3 on Outposts"):
        create(S3BucketArn=f"arn:aws:s3:::outpost-{account.number}", AgentArns=[helper], **config)
