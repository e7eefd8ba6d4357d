"""Movers that the older REST service made are imported: adopted as they are, and owned from then on."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import zlib
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Protocol

import pytest
from structlog.testing import capture_logs

from datamover_common import logs
from datamover_crds.legacy import object_names
from datamover_dev.paths import CHECKOUT
from datamover_operator.__main__ import main
from tests.support.api import Api, JsonDict
from tests.support.api_proxy import ApiProxy, Asked
from tests.support.kubectl import Kubectl
from tests.support.movers import ACCOUNT_ID, NOTHING, REGION, World
from tests.support.operator_process import Operators
from tests.support.rest import MOVERS, RestServices
from tests.support.rights import identity, in_one_namespace
from tests.support.waiting import eventually

GROUP, NAME = "abc-123", "best-effort-datasync-01"
TAGS = {"spinup:org": "spindev", "spinup:spaceid": GROUP, "spinup:type": "storage", "spinup:flavor": "datamover"}
TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "datasync.amazonaws.com"}, "Action": "sts:AssumeRole"},
    ],
}


def tag_list(**more: str) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in (TAGS | more).items()]


def legacy_location(world: World, bucket: str) -> str:
    """Make a bucket, and its role and location as the older service did."""
    arn = world.bucket(bucket, {"a.txt": b"alpha"} if bucket == "src" else {})
    iam = world.aws("iam")
    name = f"{NAME}-{zlib.crc32(bucket.encode()):08x}"
    role = iam.create_role(
        RoleName=name, Path=f"/spinup/spindev/{GROUP}/", AssumeRolePolicyDocument=json.dumps(TRUST), Tags=tag_list()
    )["Role"]
    actions = ["GetObject", "GetObjectTagging", "PutObjectTagging", "PutObject", "DeleteObject", "AbortMultipartUpload"]
    statements = [
        {"Effect": "Allow", "Action": ["s3:GetBucketLocation", "s3:ListBucket"], "Resource": arn},
        {"Effect": "Allow", "Action": [f"s3:{each}" for each in actions], "Resource": f"{arn}/*"},
    ]
    document = json.dumps({"Version": "2012-10-17", "Statement": statements})
    iam.put_role_policy(RoleName=name, PolicyName="DataSyncBucketAccessPolicy", PolicyDocument=document)
    location: str = world.aws("datasync").create_location_s3(
        S3BucketArn=arn, Subdirectory="/", S3Config={"BucketAccessRoleArn": role["Arn"]}, Tags=tag_list()
    )["LocationArn"]
    return location


@pytest.fixture
def legacy(world: World) -> str:
    """A mover of the older service; its task's ARN."""
    options = {"PreserveDeletedFiles": "PRESERVE", "TransferMode": "CHANGED", "VerifyMode": "ONLY_FILES_TRANSFERRED"}
    arn: str = world.aws("datasync").create_task(
        Name=NAME,
        SourceLocationArn=legacy_location(world, "src"),
        DestinationLocationArn=legacy_location(world, "dst"),
        Options=options,
        Tags=tag_list(),
    )["TaskArn"]
    world.grant_all(org="spindev", rest={"namespace": world.namespace})
    return arn


def same_task(world: World, legacy: str, name: str) -> str:
    """Make one more mover of the older service, between the same locations; return its task's ARN."""
    datasync = world.aws("datasync")
    described = datasync.describe_task(TaskArn=legacy)
    pair = {f"{side}LocationArn": described[f"{side}LocationArn"] for side in ("Source", "Destination")}
    arn: str = datasync.create_task(**pair, Name=name, Tags=tag_list())["TaskArn"]
    return arn


def _locations_of(world: World, task: str) -> list[str]:
    described = world.aws("datasync").describe_task(TaskArn=task)
    return [described["SourceLocationArn"], described["DestinationLocationArn"]]


@dataclass(frozen=True)
class Imported:
    """What an import ended with."""

    code: int
    said: str

    @property
    def lines(self) -> list[str]:
        return self.said.splitlines()


class Importing(Protocol):
    """Runs the command; `through` is the way to the API server."""

    def __call__(self, *arguments: str, account: str = ACCOUNT_ID, through: Path | None = None) -> Imported: ...


def environment(world: World, kubeconfig: Path) -> dict[str, str]:
    return world.emulator.environment() | {
        "KUBECONFIG": str(kubeconfig),
        "DATAMOVER_OPERATOR_NAMESPACE": world.namespace,
    }


@pytest.fixture
def importing(
    world: World, kubeconfig: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Importing:
    """Runs the command in this process: one of its own would spend more than a second on Python's imports."""

    def run(*arguments: str, account: str = ACCOUNT_ID, through: Path | None = None) -> Imported:
        for name, value in environment(world, through or kubeconfig).items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(sys, "argv", ["datamover-operator", "import", "--account", account, *arguments])
        with capture_logs(), pytest.raises(SystemExit) as ended:
            main()
        assert isinstance(ended.value.code, int)
        return Imported(ended.value.code, capsys.readouterr().out)

    monkeypatch.setattr(logs, "configure", lambda *_: None)
    return run


def test_the_operator_imports_where_it_is_given_the_documented_rights(
    world: World, api: Api, kubeconfig: Path, kubectl: Kubectl, tmp_path: Path, importing: Importing, legacy: str
) -> None:
    page = (CHECKOUT / "docs" / "rest.md").read_text()
    typed = re.findall(r"^kubectl --namespace datamovers (create .*)$", page, re.MULTILINE)
    with identity(api, kubeconfig, tmp_path, in_one_namespace(world.namespace)) as whose:
        refused = importing("--dry-run", through=whose)
        assert refused.code == 1
        assert "cannot create resource" in refused.said
        for line in typed:
            kubectl(*line.replace("datamover-system", world.namespace).split())

        def imported() -> Imported:
            done = importing(through=whose)
            assert done.code == 0, done.said
            return done

        done = eventually(imported, what="the API server knows the new rights")
    assert legacy in done.said
    assert len(typed) == 2
    assert len(world.list("DataMover")) == 1


def test_an_imported_mover_changes_nothing_but_owner_tags_and_is_deleted_over_rest_with_all_it_has(
    world: World,
    operator: Operators,
    rest_services: RestServices,
    kubeconfig: Path,
    legacy: str,
    importing: Importing,
) -> None:
    since = world.emulator.journal()[-1]["seq"]
    command = [sys.executable, "-m", "datamover_operator", "import", "--account", ACCOUNT_ID, "--group", GROUP]
    said = subprocess.check_output(command, env=os.environ | environment(world, kubeconfig), text=True, timeout=240)
    assert said.startswith("imported ")
    name = f"{GROUP}.{NAME}"
    operator()
    found = world.wait_ready(name)
    assert found["status"]["taskArn"] == legacy
    assert set(world.calls(reads=False, since=since)) <= {"TagResource", "TagRole"}
    assert set(found["status"]["bookkeeping"]["owned"]) == {
        "task",
        "source",
        "destination",
        "sourceRole",
        "destinationRole",
    }

    before = world.calls(reads=False)
    assert importing().said.startswith("unchanged ")
    assert world.calls(reads=False) == before
    assert importing("--group", "another").said.startswith("no movers of the older service found ")

    rest, path = rest_services(), f"{MOVERS}/{GROUP}/{NAME}"
    started = rest.set_state(NAME, "start", GROUP)
    assert started.status == 200
    eventually(lambda: rest.get(f"{path}/runs/{started.json}").json["Status"] == "SUCCESS")
    assert world.objects("dst") == {"a.txt": b"alpha"}
    assert rest.send("DELETE", path).status == 204
    assert rest.get(path).status == 404
    eventually(lambda: world.leftovers() == NOTHING)


def test_what_somebody_has_changed_in_the_console_since_stays_as_it_is(
    world: World, operator: Operators, legacy: str, importing: Importing
) -> None:
    datasync = world.aws("datasync")
    datasync.update_task(
        TaskArn=legacy,
        Excludes=[{"FilterType": "SIMPLE_PATTERN", "Value": "*.tmp"}],
        Schedule={"ScheduleExpression": "cron(0 3 * * ? *)"},
        Options={"VerifyMode": "NONE", "LogLevel": "BASIC"},
    )
    shown = ("Name", "Excludes", "Includes", "Schedule", "Options", "SourceLocationArn", "DestinationLocationArn")
    before = datasync.describe_task(TaskArn=legacy)
    since = world.emulator.journal()[-1]["seq"]
    assert importing().code == 0
    operator()
    world.wait_ready(f"{GROUP}.{NAME}")
    assert set(world.calls(reads=False, since=since)) <= {"TagResource", "TagRole"}
    after = datasync.describe_task(TaskArn=legacy)
    assert {name: after.get(name) for name in shown} == {name: before.get(name) for name in shown}


def test_movers_that_share_a_role_leave_its_tags_alone_but_for_one_owner(
    world: World, operator: Operators, legacy: str, importing: Importing
) -> None:
    iam = world.aws("iam")
    second = same_task(world, legacy, "second")
    for arn, env in ((legacy, "one"), (second, "two")):
        world.aws("datasync").tag_resource(ResourceArn=arn, Tags=[{"Key": "env", "Value": env}])
    role = f"{NAME}-{zlib.crc32(b'src'):08x}"
    iam.tag_role(RoleName=role, Tags=[{"Key": "env", "Value": "two"}, {"Key": "team", "Value": "x"}])
    assert importing().code == 0
    operator()
    movers = [world.wait_ready(f"{GROUP}.{name}") for name in (NAME, "second")]
    since = world.emulator.journal()[-1]["seq"]
    tags = {tag["Key"]: tag["Value"] for tag in iam.list_role_tags(RoleName=role)["Tags"]}
    assert {key: tags[key] for key in tags if not key.startswith("datamover.io/")} == TAGS | {"env": "two", "team": "x"}
    assert tags["datamover.io/uid"] in {each["metadata"]["uid"] for each in movers}
    for name in (NAME, "second"):  # a look at all there is in AWS
        world.patch("DataMover", f"{GROUP}.{name}", {"spec": {"options": {"logLevel": "BASIC"}}})
        world.wait_ready(f"{GROUP}.{name}")
    assert "TagRole" not in world.calls(reads=False, since=since)


def test_as_many_tags_as_leave_room_for_the_owner_s_are_imported(
    world: World, operator: Operators, rest_services: RestServices, legacy: str, importing: Importing
) -> None:
    more = [{"Key": f"tag-{number}", "Value": "v"} for number in range(42)]
    for arn in (legacy, *_locations_of(world, legacy)):
        world.aws("datasync").tag_resource(ResourceArn=arn, Tags=more)
    assert importing().said.startswith("imported ")
    operator()
    world.wait_ready(f"{GROUP}.{NAME}")
    assert len(rest_services().get(f"{MOVERS}/{GROUP}/{NAME}").json["Tags"]) == 46
    assert len(world.aws("datasync").list_tags_for_resource(ResourceArn=legacy)["Tags"]) == 49


def test_what_is_not_to_be_adopted_is_listed_and_left_alone(world: World, legacy: str, importing: Importing) -> None:
    datasync = world.aws("datasync")
    described = datasync.describe_task(TaskArn=legacy)
    pair = {f"{side}LocationArn": described[f"{side}LocationArn"] for side in ("Source", "Destination")}
    nameless = datasync.create_task(**pair, Tags=tag_list())["TaskArn"]
    managed = datasync.create_task(Name="managed", **pair, Tags=tag_list(**{"datamover.io/uid": "elsewhere"}))[
        "TaskArn"
    ]
    first, second = object_names(ACCOUNT_ID, GROUP, NAME)
    for name in (first, second):
        world.s3_mover(name)

    before = world.calls(reads=False)
    *lines, counted = importing().lines
    assert counted == f"3 found: 3 skipped; see: kubectl get dm -n {world.namespace}"
    assert sorted(line.split(maxsplit=1)[0] for line in lines) == ["skipped"] * 3
    said = "\n".join(lines)
    assert f"({nameless}): has no name" in said
    assert f"({managed}): is managed by elsewhere already" in said
    assert f"{GROUP}/{NAME} ({legacy}): other movers have its names" in said
    assert world.calls(reads=False) == before
    assert len(world.list("DataMover")) == 2


def test_a_dry_run_tells_what_the_import_then_does(
    world: World, kubeconfig: Path, legacy: str, tmp_path: Path, importing: Importing
) -> None:
    arns = sorted([legacy, same_task(world, legacy, NAME), same_task(world, legacy, NAME)])
    refused, last = same_task(world, legacy, "second"), same_task(world, legacy, "third")
    said = []
    for arguments in (["--dry-run"], []):
        assert world.list("DataMover") == []
        with ApiProxy(kubeconfig, tmp_path) as proxy:
            proxy.refuse(third_write(), 403)
            done = importing(*arguments, through=proxy.kubeconfig)
        assert done.code == 1
        said.append(done.said.replace("imported ", "to import").replace("imported", "to import"))
    assert said[0] == said[1]

    first, second = object_names(ACCOUNT_ID, GROUP, NAME)
    *lines, counted = said[0].splitlines()
    assert lines[0] == f"to import {GROUP}/{NAME} ({arns[0]}) as {world.namespace}/{first}"
    assert lines[1] == f"to import {GROUP}/{NAME} ({arns[1]}) as {world.namespace}/{second}"
    assert lines[2] == f"skipped   {GROUP}/{NAME} ({arns[2]}): other movers have its names"
    assert lines[3].startswith(f"refused   {GROUP}/second ({refused}): 403 ")
    assert lines[4] == f"to import {GROUP}/third ({last}) as {world.namespace}/{GROUP}.third"
    assert counted == f"5 found: 3 to import, 1 skipped, 1 refused; see: kubectl get dm -n {world.namespace}"
    assert {each["spec"]["adopt"]["taskArn"] for each in world.list("DataMover")} == {*arns[:2], last}


def third_write() -> Asked:
    """Holds of the third POST, counted from now on."""
    seen = count(1)
    return lambda request: request.method == "POST" and next(seen) == 3


def test_an_import_ends_where_kubernetes_fails(
    world: World, kubeconfig: Path, legacy: str, tmp_path: Path, importing: Importing
) -> None:
    same_task(world, legacy, "second")
    with ApiProxy(kubeconfig, tmp_path) as proxy:
        proxy.refuse(lambda request: request.method == "POST", 503)
        done = importing(through=proxy.kubeconfig)
    assert (done.code, len(done.lines)) == (1, 1)
    assert done.said.startswith("503 ")


def test_a_mover_whose_name_is_taken_gets_another(world: World, legacy: str, importing: Importing) -> None:
    first, second = object_names(ACCOUNT_ID, GROUP, NAME)
    world.s3_mover(first)
    assert f"as {world.namespace}/{second}" in importing().said
    found = world.get("DataMover", second)
    assert found is not None
    assert found["spec"]["adopt"]["taskArn"] == legacy
    assert f"is {world.namespace}/{second} already" in importing().said


def test_an_account_that_is_not_there_or_serves_no_rest_is_named(world: World, importing: Importing) -> None:
    world.grant_all()
    for account in ("nobody", ACCOUNT_ID):
        done = importing(account=account)
        assert done.code == 2
        assert done.said == f"no DataMoverAccount with a spec.rest section is, or has the accountId, '{account}'\n"


def test_an_account_is_told_by_the_name_of_any_of_its_objects(world: World, importing: Importing) -> None:
    world.grant_all()
    spec = {"accountId": ACCOUNT_ID, "region": REGION, "org": "spindev"}
    world.create("DataMoverAccount", f"{world.account}-rest", {**spec, "rest": {"namespace": world.namespace}})
    done = importing(account=world.account)
    assert done.code == 0
    assert done.said == f"no movers of the older service found (org: spindev, region: {REGION})\n"


def test_what_stands_in_the_way_is_told_in_a_line(world: World, tmp_path: Path, importing: Importing) -> None:
    done = importing(through=tmp_path / "no-kubeconfig")
    assert (done.code, len(done.lines)) == (1, 1)
    assert "no usable kubeconfig" in done.said

    secrets = f"/api/v1/namespaces/{world.namespace}/secrets"
    world.api.create(secrets, {"metadata": {"name": "keys"}, "data": {"aws_access_key_id": "/w=="}})
    world.grant_all(rest={"namespace": world.namespace}, credentialsSecretRef={"name": "keys"})
    done = importing()
    assert done.code == 1
    assert done.said == f"the value of key 'aws_access_key_id' in Secret '{world.namespace}/keys' is not text\n"

    world.api.delete(f"{secrets}/keys")
    done = importing()
    assert (done.code, len(done.lines)) == (1, 1)
    assert 'secrets "keys" not found' in done.said


def test_a_mover_whose_location_has_just_gone_is_listed(world: World, legacy: str, importing: Importing) -> None:
    gone = {"code": "InvalidRequestException", "message": "Location loc-0 is not found."}
    with world.emulator.fault("DescribeLocationS3", error=gone):
        done = importing()
    assert done.code == 0
    assert re.match(rf"skipped   {GROUP}/{NAME} \({legacy}\): its (source|destination) location is gone\n", done.said)


def test_a_refused_call_of_aws_ends_the_import(world: World, legacy: str, importing: Importing) -> None:
    denied = {"code": "AccessDeniedException", "message": "not authorized to perform: datasync:DescribeTask"}
    with world.emulator.fault("DescribeTask", error=denied, count=None):
        done = importing()
    assert done.code == 1
    assert denied["message"] in done.said


@pytest.mark.parametrize("kind", ["nfs", "smb"])
def test_a_mover_of_a_file_server_is_imported_without_its_password(
    world: World, operator: Operators, importing: Importing, kind: str
) -> None:
    datasync = world.aws("datasync")
    agent = datasync.create_agent(ActivationKey="AAAAA-BBBBB-CCCCC-DDDDD-EEEEE")["AgentArn"]
    of_kind: dict[str, JsonDict] = {
        "nfs": {"OnPremConfig": {"AgentArns": [agent]}},
        "smb": {"AgentArns": [agent], "User": "joe", "Password": "secret", "Domain": "corp"},
    }
    server = {"ServerHostname": "files.example.com", "Subdirectory": "/export"}
    source = getattr(datasync, f"create_location_{kind}")(**server, **of_kind[kind], Tags=tag_list())["LocationArn"]
    task = datasync.create_task(
        Name=NAME, SourceLocationArn=source, DestinationLocationArn=legacy_location(world, "dst"), Tags=tag_list()
    )["TaskArn"]
    grants = [{"namespaces": [world.namespace], "locations": ["*"], "roleArns": ["*"], "agentArns": ["*"]}]
    world.grant_all(org="spindev", rest={"namespace": world.namespace}, grants=grants)
    (world.emulator.data_root / kind / "files.example.com" / "export" / "a.txt").write_bytes(b"alpha")
    since = world.emulator.journal()[-1]["seq"]
    done = importing()
    assert done.code == 0, done.said
    operator()
    name = f"{GROUP}.{NAME}"
    status = world.wait_ready(name)["status"]
    assert (status["taskArn"], status["sourceLocationArn"]) == (task, source)
    assert set(world.calls(reads=False, since=since)) <= {"TagResource", "TagRole"}
    world.run("first", name)
    world.wait_phase("first", "Succeeded")
    assert world.objects("dst")["a.txt"] == b"alpha"
    world.delete("DataMover", name)
    world.wait_gone("DataMover", name)
    assert world.leftovers() == NOTHING
