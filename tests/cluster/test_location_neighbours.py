"""What locations depend on that is others': Secrets, agents, locations that exist, buckets elsewhere."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING

import pytest

from tests.support.location_lives import LIVES
from tests.support.location_worlds import LocationWorld, open_account
from tests.support.movers import NOTHING, REGION, World, condition_of
from tests.support.operator_process import Operators
from tests.support.rights import withhold_storage_secrets
from tests.support.waiting import eventually

if TYPE_CHECKING:
    from tests.support.emulator import Json

SMB = next(life for life in LIVES if life.name == "smb")
FIRST, SECOND = "first-and-secret", "second-and-secret"
FILES = {"a.txt": b"alpha"}


@pytest.fixture
def smb(world: World) -> LocationWorld:
    """The sample of an SMB share, not yet applied, beside its account; the share holds a file."""
    open_account(world)
    there = LocationWorld(world, SMB)
    there.put(SMB.folder, FILES)
    return there


def set_password(there: LocationWorld, password: str) -> None:
    path = f"/api/v1/namespaces/{there.world.namespace}/secrets/file-server"
    there.world.api.patch(path, {"data": {"password": base64.b64encode(password.encode()).decode()}})


def told(there: LocationWorld, kind: str) -> Json:
    """One condition of the mover, which stands."""
    found = there.world.get("DataMover", there.mover)
    condition = condition_of(found, kind) if found is not None else None
    assert condition is not None, found
    assert condition["status"] == "True", found
    return condition


def test_a_changed_secret_is_applied_and_shown_nowhere(smb: LocationWorld, operator: Operators) -> None:
    world = smb.world
    smb.apply()
    set_password(smb, FIRST)
    running = operator()
    before = world.wait_ready(smb.mover)["status"]
    since = world.emulator.journal()[-1]["seq"]
    set_password(smb, SECOND)
    eventually(lambda: "UpdateLocationSmb" in world.calls(since=since), 60, what="the new password is in AWS")
    eventually(lambda: smb.status()["bookkeeping"] != before["bookkeeping"], what="the status has the new hash")
    assert smb.arns(world.wait_ready(smb.mover)["status"]) == smb.arns(before)
    events = world.api.get(f"/apis/events.k8s.io/v1/namespaces/{world.namespace}/events")
    shown = json.dumps([world.get("DataMover", smb.mover), events, world.emulator.journal()]) + running.tail(10000)
    assert [each for each in (FIRST, SECOND) if each in shown] == []


def test_a_secret_that_may_not_be_read_says_which_value_of_the_chart_helps(
    smb: LocationWorld, operator: Operators
) -> None:
    withhold_storage_secrets(smb.world.api, smb.world.namespace)
    smb.apply()
    operator()
    stalled = smb.world.wait_condition("DataMover", smb.mover, "Stalled")
    message = str((condition_of(stalled, "Stalled") or {})["message"])
    assert message.startswith("spec.source.smb.password: ")
    assert "chart's value secretNamespaces" in message
    assert smb.world.namespace in message
    assert smb.world.leftovers()["locations"] == []


def test_an_agent_that_is_offline_is_named_and_awaited(world: World, operator: Operators) -> None:
    agent = open_account(world)
    there = LocationWorld(world, next(life for life in LIVES if life.name == "nfs"))
    there.put(there.life.folder, FILES)
    there.apply()
    operator()
    world.wait_ready(there.mover)
    world.emulator.control("POST", "agents", {"agentArn": agent, "status": "OFFLINE"})
    eventually(lambda: told(there, "Stalled")["reason"] == "AgentOffline", what="the mover says what is wrong")
    assert f"agent 'office' ({agent}) is OFFLINE" in told(there, "Stalled")["message"]
    world.emulator.control("POST", "agents", {"agentArn": agent, "status": "ONLINE"})
    world.wait_ready(there.mover, 60)
    there.run("first")
    assert there.moved(there.life.folder) == FILES


def test_somebody_elses_location_is_used_and_left_alone(smb: LocationWorld, operator: Operators) -> None:
    world, datasync = smb.world, smb.world.aws("datasync")
    agent = datasync.list_agents()["Agents"][0]["AgentArn"]
    theirs = [{"Key": "owner", "Value": "storage team"}]
    arn = datasync.create_location_smb(
        ServerHostname="files.example.com",
        Subdirectory="/reports",
        AgentArns=[agent],
        User="a",
        Password="b",
        Tags=theirs,
    )["LocationArn"]
    described = datasync.describe_location_smb(LocationArn=arn)
    operator(bulk_interval_seconds=1)
    smb.objects[-1]["spec"]["source"] = {"existingLocationArn": arn}
    smb.apply()
    made = world.wait_ready(smb.mover)["status"]
    assert made["sourceLocationArn"] == arn
    smb.run("first")
    assert smb.moved(SMB.folder) == FILES

    other = {"existingLocationArn": None, "smb": sample_of(smb)}
    world.patch("DataMover", smb.mover, {"spec": {"source": other}})
    assert world.wait_ready(smb.mover)["status"]["sourceLocationArn"] != arn
    back = {"existingLocationArn": arn, "smb": None}
    world.patch("DataMover", smb.mover, {"spec": {"source": back, "tags": [{"key": "mine", "value": "1"}]}})
    assert world.wait_ready(smb.mover)["status"]["sourceLocationArn"] == arn

    account = world.get("DataMoverAccount", "demo")
    assert account is not None
    (grant,) = account["spec"]["grants"]
    fewer = [grant | {"locations": ["s3://demo-*"]}]
    world.patch("DataMoverAccount", "demo", {"spec": {"grants": fewer}})
    eventually(lambda: told(smb, "Stalled")["reason"] == "NotGranted", what="it is no longer granted")

    world.delete("DataMover", smb.mover)
    world.wait_gone("DataMover", smb.mover)
    assert world.leftovers() == NOTHING | {"locations": [arn]}
    assert datasync.list_tags_for_resource(ResourceArn=arn)["Tags"] == theirs
    del described["ResponseMetadata"]
    assert described.items() <= datasync.describe_location_smb(LocationArn=arn).items()


def sample_of(there: LocationWorld) -> Json:
    """The declaration of the sample."""
    (declared,) = (each for each in LocationWorld(there.world, there.life).objects if each["kind"] == "DataMover")
    its: Json = declared["spec"][there.life.side][there.life.name]
    return its


def test_the_policy_that_is_told_opens_another_accounts_bucket(world: World, operator: Operators) -> None:
    theirs = world.emulator.client("s3", account="999988887777")
    theirs.create_bucket(Bucket="theirs", CreateBucketConfiguration={"LocationConstraint": REGION})
    world.bucket("src", FILES)
    world.grant_all()
    operator()
    world.s3_mover(destination="theirs")

    def policy() -> str:
        found = world.get("DataMover", "m")
        condition = condition_of(found, "Reconciling") if found is not None else None
        _, marker, text = str((condition or {}).get("message")).partition("its bucket policy must hold: ")
        assert marker, condition
        return text

    theirs.put_bucket_policy(Bucket="theirs", Policy=eventually(policy, what="the mover tells the policy"))
    world.wait_ready()
    world.run("r")
    world.wait_phase("r", "Succeeded")
    assert theirs.get_object(Bucket="theirs", Key="a.txt")["Body"].read() == FILES["a.txt"]


def test_a_bucket_of_another_region_is_told_with_the_region_to_use(world: World, operator: Operators) -> None:
    world.bucket("src", FILES)
    abroad = world.emulator.client("s3", region="us-west-2")
    abroad.create_bucket(Bucket="abroad", CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
    world.grant_all()
    operator()
    world.s3_mover(destination="abroad")
    stalled = world.wait_condition("DataMover", "m", "Stalled")
    message = str((condition_of(stalled, "Stalled") or {})["message"])
    assert message.startswith("spec.destination: CreateLocationS3: ")
    assert "us-west-2" in message
    assert f"is for Region '{REGION}'" in message
