"""Movers over REST: what is made for them, how they are named, replaced, deleted, and told from others'."""

from __future__ import annotations

import zlib
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest

from tests.support.api_proxy import ApiProxy
from tests.support.movers import NOTHING, World
from tests.support.operator_process import Operators
from tests.support.rest import MOVERS, Client, RestServices, s3_body
from tests.support.waiting import eventually

EXISTS = (409, "datasync mover already exists")
LONG_AGO = "2026-01-31T12:00:00Z"
LEGACY_TAGS = {
    "spinup:org": "spindev",
    "spinup:spaceid": "abc-123",
    "spinup:type": "storage",
    "spinup:flavor": "datamover",
    "env": "sbx",
}

# As they stand in the older service's README, tabs and all.
S3_TO_S3 = b"""{
    "Name": "best-effort-datasync-01",
    "Source": {
        "Type": "S3",
        "S3": {
            "S3BucketArn": "arn:aws:s3:::tester1234567890.example.com",
            "Subdirectory": "/"
        }
    },
	"Destination": {
        "Type": "S3",
        "S3": {
            "S3BucketArn": "arn:aws:s3:::receiver1234567890.example.com",
            "S3StorageClass": "STANDARD",
            "Subdirectory": "/"
        }
    },
	"Tags": [
        {
            "Key": "env",
            "Value": "sbx"
        }
    ]
}"""
S3_TO_EFS = b"""{
    "Name": "best-effort-datasync-02",
    "Source": {
        "Type": "S3",
        "S3": {
            "S3BucketArn": "arn:aws:s3:::tester1234567890.example.com",
            "Subdirectory": "/"
        }
    },
	"Destination": {
        "Type": "EFS",
        "EFS": {
            "EfsFilesystemArn": "arn:aws:elasticfilesystem:us-east-1:1234567890:file-system/fs-01234567890123456",
            "SecurityGroupArns": ["arn:aws:ec2:us-east-1:1234567890:security-group/sg-01234567890123456"],
            "SubnetArn": "arn:aws:ec2:us-east-1:1234567890:subnet/subnet-01234567890123456",
            "Subdirectory": "/"
        }
    }
}"""


def test_the_documented_examples_as_they_stand(world: World, rest: Client) -> None:
    world.bucket("tester1234567890.example.com", {"a.txt": b"alpha"})
    world.bucket("receiver1234567890.example.com")
    rest.created(S3_TO_S3)
    started = rest.send("PUT", f"{MOVERS}/abc-123/best-effort-datasync-01", b'{\n    "State": "start"\n}')
    assert started.status == 200
    assert started.json.startswith("exec-")

    refused = rest.create(S3_TO_EFS)
    assert refused.status == 202
    task = rest.wait_flywheel(refused.headers["x-flywheel-task"], "failed")
    assert "spec.destination.efs.efsFilesystemArn" in task["failure"]
    assert set(task) == {"id", "status", "created_at", "checkin_at", "failed_at", "failure", "events"}
    assert rest.get(f"{MOVERS}/abc-123").json == ["best-effort-datasync-01"]


def test_role_names_paths_and_tags_are_the_older_service_s(world: World, rest: Client) -> None:
    rest.created(s3_body("nightly"))
    iam = world.aws("iam")
    roles = {role["RoleName"]: role["Path"] for role in iam.list_roles()["Roles"]}
    names = {bucket: f"nightly-{zlib.crc32(bucket.encode()):08x}" for bucket in ("src", "dst")}
    assert roles == dict.fromkeys(names.values(), "/spinup/spindev/abc-123/")
    for name in roles:
        assert LEGACY_TAGS.items() <= _pairs(iam.list_role_tags(RoleName=name)["Tags"]).items()
        assert iam.list_role_policies(RoleName=name)["PolicyNames"] == ["DataSyncBucketAccessPolicy"]
    found = world.aws("resourcegroupstaggingapi").get_resources(
        TagFilters=[{"Key": "spinup:spaceid", "Values": ["abc-123"]}, {"Key": "spinup:org", "Values": ["spindev"]}]
    )
    kinds = sorted(each["ResourceARN"].split(":")[5].partition("/")[0] for each in found["ResourceTagMappingList"])
    assert kinds == ["location", "location", "task"]


def test_every_name_of_the_older_service_stays_a_mover_of_its_own(world: World, rest: Client) -> None:
    keys = [
        ("abc-123", "nightly"),
        ("abc-123", "Nightly"),
        ("ABC-123", "nightly"),
        ("abc-123", "-"),
        ("abc-123", "--a--"),
        ("abc-123", "x" * 40),
        ("abc-123", "0"),
        ("a.b", "c"),
        ("a@b:c=d+e_f", "c"),
        ("g" * 100, "c"),
    ]
    for group, name in keys:
        answer = rest.create(s3_body(name), group)
        assert answer.status == 202, (group, name, answer)
        rest.wait_flywheel(answer.headers["x-flywheel-task"], "completed")
    for group, name in keys:
        assert rest.get(f"{MOVERS}/{group}/{name}").json["Task"]["Name"] == name
        assert name in rest.get(f"{MOVERS}/{group}").json
    assert rest.get(MOVERS).headers["x-items"] == str(len(keys))
    names = [each["metadata"]["name"] for each in world.list("DataMover")]
    assert "abc-123.nightly" in names
    assert all(len(name) <= 63 for name in names)


def test_a_mover_made_with_kubectl_is_served_too(world: World, rest: Client) -> None:
    world.s3_mover("plain")
    world.s3_mover("tagged", tags=[{"key": "spinup:spaceid", "value": "abc-123"}])
    for name, group in (("plain", world.namespace), ("tagged", "abc-123")):
        world.wait_ready(name)
        eventually(partial(_lists, rest, group, name))
        assert rest.get(f"{MOVERS}/{group}/{name}").json["Task"]["Status"] == "AVAILABLE"
    assert rest.get(MOVERS).json == ["plain", "tagged"]
    assert rest.set_state("plain", "start", group=world.namespace).status == 200
    assert rest.create(s3_body("tagged")).status == 409


def test_a_mover_is_seen_only_when_its_task_is_there(world: World, rest: Client) -> None:
    with world.emulator.fault("CreateTask", hold="before") as fault:
        task = rest.create(s3_body()).headers["x-flywheel-task"]
        assert rest.get(f"/v1/datasync/flywheel?task={task}").json[task]["status"] in {"created", "running"}
        fault.wait_held()
        rest.wait_flywheel(task, "running")
        assert rest.get(f"{MOVERS}/abc-123").json == []
        assert rest.get(f"{MOVERS}/abc-123/best-effort-datasync-01").status == 404
        again = rest.create(s3_body())
        assert (again.status, again.text) == EXISTS
    rest.wait_flywheel(task, "completed")
    assert rest.get(f"{MOVERS}/abc-123").json == ["best-effort-datasync-01"]


def test_of_many_creations_of_one_name_exactly_one_wins(
    world: World, rest: Client, rest_services: RestServices
) -> None:
    clients = [rest, rest_services()]
    with ThreadPoolExecutor(10) as threads:
        answers = list(threads.map(lambda number: clients[number % 2].create(s3_body()), range(10)))
    assert sorted(answer.status for answer in answers) == [202] + [409] * 9
    assert {(answer.status, answer.text) for answer in answers if answer.status != 202} == {EXISTS}
    assert len(world.list("DataMover")) == 1


def test_a_creation_whose_answer_from_kubernetes_is_lost_is_one_all_the_same(
    rest: Client, rest_services: RestServices, rest_proxy: ApiProxy
) -> None:
    cut_off = Client(rest_services.start(kubeconfig=rest_proxy.kubeconfig).url)
    hold = rest_proxy.hold(lambda write: write.method == "POST" and write.path.endswith("/datamovers"), "after")
    with ThreadPoolExecutor(1) as threads:
        answer = threads.submit(cut_off.create, s3_body())
        hold.wait_held()
        hold.release(drop=True)
    made = answer.result()
    assert made.status == 202, made
    cut_off.wait_flywheel(made.headers["x-flywheel-task"], "completed")


def test_a_mover_that_never_worked_is_replaced_by_the_next_try(world: World, rest: Client) -> None:
    wrong = rest.create(s3_body(source="missing")).headers["x-flywheel-task"]
    rest.wait_flywheel(wrong, "failed")
    right = rest.create(s3_body())
    assert right.status == 202
    rest.wait_flywheel(right.headers["x-flywheel-task"], "completed")
    rest.wait_flywheel(wrong, "failed")
    again = rest.create(s3_body())
    assert (again.status, again.text) == EXISTS


@pytest.mark.parametrize("side", ["source", "destination"])
def test_a_creation_that_aws_refuses_leaves_nothing(
    world: World, rest: Client, rest_services: RestServices, side: str
) -> None:
    other_replica = rest_services()
    failed = rest.create(s3_body(**{side: "missing"})).headers["x-flywheel-task"]
    task = rest.wait_flywheel(failed, "failed")
    assert task["failure"].startswith(f"failed to create {side} location: spec.{side}")
    assert "missing" in task["failure"]
    assert f"requested creation of {side} location" in task["events"][-1]
    eventually(lambda: world.list("DataMover") == [])
    assert world.leftovers() == NOTHING
    for client in (rest, other_replica):
        eventually(partial(_tells, client, failed, task))
        assert client.get(f"{MOVERS}/abc-123/best-effort-datasync-01").status == 404
    assert rest.created(s3_body()) != failed


def test_a_task_that_aws_refuses_takes_its_locations_and_roles_along(world: World, rest: Client) -> None:
    error = {"code": "InvalidRequestException", "message": "The task is on strike"}
    with world.emulator.fault("CreateTask", error=error):
        failed = rest.create(s3_body()).headers["x-flywheel-task"]
        task = rest.wait_flywheel(failed, "failed")
    assert task["failure"].startswith("failed to create datasync task: ")
    assert "The task is on strike" in task["failure"]
    assert [event.partition(" ")[2] for event in task["events"]] == [
        f"starting task {failed}",
        "requested creation of source location",
        "requested creation of destination location",
        "requested creation of datasync task best-effort-datasync-01",
    ]
    eventually(lambda: world.list("DataMover") == [])
    assert world.leftovers() == NOTHING


def test_a_service_that_starts_later_takes_back_what_has_failed(
    world: World, rest: Client, rest_services: RestServices
) -> None:
    rest_services.started[0].kill()
    world.s3_mover("m", source="missing")
    world.wait_condition("DataMover", "m", "Stalled")
    world.patch("DataMover", "m", {"metadata": {"labels": {"datamover.io/origin": "rest"}}})
    rest_services()
    world.wait_gone("DataMover", "m")


def test_a_mover_that_worked_is_not_replaced_though_its_status_was_lost(
    world: World, rest: Client, operator: Operators
) -> None:
    rest.created(s3_body("nightly"))
    before = eventually(lambda: _annotated(world, "abc-123.nightly"))
    operator.started[0].kill()
    stalled = {"type": "Stalled", "status": "True", "reason": "Denied", "message": "", "lastTransitionTime": LONG_AGO}
    lost = dict.fromkeys(before["status"]) | {"conditions": [stalled]}
    world.patch("DataMover", "abc-123.nightly", {"status": lost}, subresource="/status")
    eventually(lambda: rest.get(f"{MOVERS}/abc-123/nightly").status == 404)
    again = rest.create(s3_body("nightly"))
    assert (again.status, again.text) == EXISTS
    after = world.get("DataMover", "abc-123.nightly")
    assert after is not None
    assert (after["metadata"]["uid"], "deletionTimestamp" in after["metadata"]) == (before["metadata"]["uid"], False)


def test_a_stalled_mover_that_rest_did_not_make_is_left_alone(world: World, rest: Client) -> None:
    world.s3_mover("m", source="missing", tags=[{"key": "spinup:spaceid", "value": "abc-123"}])
    uid = world.wait_condition("DataMover", "m", "Stalled")["metadata"]["uid"]
    rest.wait_flywheel(uid, "failed")
    assert rest.create(s3_body("m")).status == 409
    assert world.get("DataMover", "m") is not None


def test_a_deleted_mover_is_gone_for_every_reader_and_can_be_made_again(world: World, rest: Client) -> None:
    first = rest.created(s3_body())
    mover = f"{MOVERS}/abc-123/best-effort-datasync-01"
    with world.emulator.fault("DeleteTask", hold="before") as fault, ThreadPoolExecutor(2) as threads:
        deletion = threads.submit(rest.send, "DELETE", mover)
        fault.wait_held()
        for path in (mover, f"{mover}/runs", f"{mover}/runs/exec-1"):
            assert rest.get(path).status == 404
        assert rest.set_state("best-effort-datasync-01", "start").status == 404
        assert rest.send("DELETE", mover).status == 404
        assert rest.get(MOVERS).json == []
        assert rest.get(f"/v1/datasync/flywheel?task={first}").json == {}
        again = threads.submit(rest.create, s3_body())  # waits until the name is free
        fault.release()
        assert deletion.result().status == 204
        made = again.result()
    assert made.status == 202
    assert made.headers["x-flywheel-task"] != first
    rest.wait_flywheel(made.headers["x-flywheel-task"], "completed")


def test_a_deletion_that_does_not_end_is_waited_for_a_while_only(
    world: World, rest: Client, rest_services: RestServices
) -> None:
    rest.created(s3_body())
    hasty = rest_services(delete_timeout_seconds=0.5)
    with world.emulator.fault("DeleteTask", hold="before"):
        assert hasty.send("DELETE", f"{MOVERS}/abc-123/best-effort-datasync-01").status == 204
        answer = hasty.create(s3_body())
        assert (answer.status, answer.text) == EXISTS
    eventually(lambda: world.leftovers() == NOTHING)


def test_a_mover_that_runs_is_cancelled_and_deleted(world: World, rest: Client) -> None:
    rest.created(s3_body())
    with world.emulator.fault(state="TRANSFERRING", hold="before"):
        assert rest.set_state("best-effort-datasync-01", "start").status == 200
        with ThreadPoolExecutor(1) as threads:
            deletion = threads.submit(rest.send, "DELETE", f"{MOVERS}/abc-123/best-effort-datasync-01")
            eventually(lambda: world.emulator.journal(operation="CancelTaskExecution"))
    assert deletion.result().status == 204
    eventually(lambda: world.leftovers() == NOTHING)


def test_of_two_accounts_the_older_one_s_rest_section_is_in_force(world: World, rest: Client) -> None:
    rest.created(s3_body("here"))
    spec = world.api.get(f"/apis/datamover.io/v1alpha1/datamoveraccounts/{world.account}")["spec"]
    other = f"{world.namespace}-younger"
    world.create("DataMoverAccount", other, spec | {"rest": {"namespace": "default"}})
    world.wait_condition("DataMoverAccount", other, "Ready")
    assert rest.get(MOVERS).json == ["here"]
    world.patch("DataMoverAccount", world.account, {"spec": {"rest": None}})
    eventually(lambda: "the movers of namespace 'default'" in rest.get(MOVERS).text)  # that it may not read
    world.delete("DataMoverAccount", other)
    eventually(lambda: rest.get(MOVERS).status == 404)


def test_movers_made_by_rest_keep_their_history_and_look_natural(world: World, rest: Client) -> None:
    rest.created(s3_body("nightly"))
    made = world.get("DataMover", "abc-123.nightly")
    assert made is not None
    assert made["spec"]["runHistory"] == {"limit": 500, "maxAge": "30d"}
    assert made["spec"]["name"] == "nightly"
    assert made["metadata"]["labels"]["datamover.io/origin"] == "rest"


def _tells(rest: Client, task_id: str, task: Any) -> bool:  # noqa: ANN401 - JSON
    return bool(rest.get(f"/v1/datasync/flywheel?task={task_id}").json == {task_id: task})


def _lists(rest: Client, group: str, name: str) -> bool:
    return bool(rest.get(f"{MOVERS}/{group}").json == [name])


def _annotated(world: World, name: str) -> dict[str, Any]:
    """The mover, once the operator has noted its task."""
    found = world.get("DataMover", name)
    assert found is not None
    assert "datamover.io/task-arn" in found["metadata"]["annotations"]
    return found


def _pairs(tags: list[dict[str, Any]]) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in tags}
