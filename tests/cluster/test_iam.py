"""docs/iam.md is true: what it allows is what the operator calls, no more and no less."""

from __future__ import annotations

import fnmatch
import json
import re
from collections.abc import Iterator
from pathlib import Path

import botocore.session
import pytest

import datamover_operator.aws
from datamover_api.legacy.creating import role_name, role_path
from datamover_crds import LOCATIONS, DataMoverSpec
from datamover_dev.paths import CHECKOUT
from datamover_operator.movers.plan.roles import trust_policy, wanted_roles
from tests.support.emulator import Json
from tests.support.movers import ACCOUNT_ID, REGION, World
from tests.support.operator_process import Operators
from tests.support.waiting import eventually

SECTIONS = {
    title: [json.loads(text) for text in re.findall(r"```json\n(.*?)```", body, re.DOTALL)]
    for title, _, body in (part.partition("\n") for part in (CHECKOUT / "docs" / "iam.md").read_text().split("\n## "))
}
"""The JSON documents of each section."""
(POLICY,) = SECTIONS["The operator"]
SERVICES = {"datasync": "datasync", "iam": "iam", "logs": "logs", "resourcegroupstaggingapi": "tag"}
"""The services that the operator calls, and their prefixes in policies. sts:GetCallerIdentity needs no permission."""
S3_ACTIONS = {
    "AbortMultipartUpload": {"AbortMultipartUpload"},
    "CompleteMultipartUpload": {"PutObject"},
    "CreateMultipartUpload": {"PutObject"},
    "DeleteObject": {"DeleteObject"},
    "GetObject": {"GetObject", "GetObjectVersion"},
    "ListObjectsV2": {"ListBucket"},
    "PutObject": {"PutObject"},
    "UploadPart": {"PutObject"},
}
"""What S3's operations need, by the S3 user guide ("Required permissions")."""


def allowed() -> set[str]:
    """The actions of ours in the operator's policy, less what others ask of it and what is no call of its own."""
    listed = {action for each in POLICY["Statement"] for action in as_list(each["Action"])}
    asked_by_others = {"iam:PassRole", "iam:CreateServiceLinkedRole"}
    return {action for action in listed - asked_by_others if action.split(":")[0] in SERVICES.values()}


def as_list(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def is_allowed(action: str, arn: str, path: str) -> bool:
    """Whether a statement allows the action on this role, in an account whose roles have this path."""
    return any(
        fnmatch.fnmatchcase(arn, resource.replace("ACCOUNT", ACCOUNT_ID).replace("PATH", path))
        for each in POLICY["Statement"]
        if action in as_list(each["Action"])
        for resource in as_list(each["Resource"])
    )


def uses_of_roles(journal: list[Json]) -> Iterator[tuple[str, str]]:
    """Each action on a role, and the role's ARN as IAM sees it then: one that is not there has no path."""
    paths: dict[str, str] = {}
    for each in journal:
        operation, params = each["operation"], each["params"]
        if each["service"] == "iam" and "RoleName" in params:
            name = params["RoleName"]
            if operation == "CreateRole":
                paths[name] = params["Path"]
            yield f"iam:{operation}", f"arn:aws:iam::{ACCOUNT_ID}:role{paths.get(name, '/')}{name}"
            if operation == "DeleteRole":
                paths.pop(name, None)
        if operation in {"CreateLocationS3", "UpdateLocationS3"} and "S3Config" in params:
            yield "iam:PassRole", params["S3Config"]["BucketAccessRoleArn"]


MODULES = {"datasync": "datasync", "iam": "iam", "logs": "logs", "resourcegroupstaggingapi": "tagging"}
"""Where each service's operations are named at the AWS edge: two services have some names in common."""


def called_in_code() -> set[str]:
    """Every operation that the AWS edge names."""
    folder = Path(datamover_operator.aws.__file__).parent
    types = [each.operation for each in LOCATIONS.values()]
    session = botocore.session.get_session()
    called = set()
    for service, module in MODULES.items():
        text = (folder / f"{module}.py").read_text()
        texts = [re.sub(r"Location\{[^}]*\}", f"Location{name}", text) for name in types]
        named = {name for each in texts for name in re.findall(r'"([A-Z][A-Za-z0-9]+)"', each)}
        operations = session.get_service_model(service).operation_names
        called |= {f"{SERVICES[service]}:{operation}" for operation in operations if operation in named}
    return called


def test_what_is_allowed_is_what_the_code_calls() -> None:
    called = called_in_code()
    assert {action for action in called if not matches_any(action)} == set()
    assert {each for each in allowed() if not any(fnmatch.fnmatchcase(action, each) for action in called)} == set()


def test_what_is_allowed_on_objects_is_what_the_code_calls() -> None:
    text = (Path(datamover_operator.aws.__file__).parent / "s3.py").read_text()
    called = set(re.findall(r'_call\(\s*"([A-Za-z0-9]+)"', text))
    assert called == S3_ACTIONS.keys()
    needed = {f"s3:{action}" for operation in called for action in S3_ACTIONS[operation]}
    listed = {action for each in POLICY["Statement"] for action in as_list(each["Action"])}
    assert {each for each in listed if each.startswith("s3:")} == needed | {"s3:GetBucketLocation"}


def test_what_is_allowed_on_the_queue_is_what_the_code_calls() -> None:
    text = (Path(datamover_operator.aws.__file__).parent / "sqs.py").read_text()
    called = set(re.findall(r'"sqs", "([A-Za-z0-9]+)"', text))
    listed = {action for each in POLICY["Statement"] for action in as_list(each["Action"])}
    assert {each for each in listed if each.startswith("sqs:")} == {
        f"sqs:{name.removesuffix('Batch')}"
        for name in called  # a batch needs the right to do it singly
    }


def matches_any(action: str) -> bool:
    return any(fnmatch.fnmatchcase(action, each) for each in allowed())


def test_a_movers_life_calls_nothing_else(world: World, operator: Operators) -> None:
    operator(drift_interval_seconds=10)
    world.bucket("src", {"a": b"alpha"})
    world.bucket("dst")
    world.grant_all()
    world.s3_mover(trigger={"manual": "first"}, tags=[{"key": "a", "value": "b"}])
    world.wait_ready()
    eventually(lambda: world.objects("dst") == {"a": b"alpha"}, what="the run moves the object")
    world.patch("DataMover", "m", {"spec": {"tags": [{"key": "c"}], "options": {"verifyMode": "NONE"}}})
    world.wait_ready()
    world.delete("DataMover", "m")
    world.wait_gone("DataMover", "m")
    services = {"tagging": "tag", "resourcegroupstaggingapi": "tag"}
    calls = {
        f"{services.get(each['service'], each['service'])}:{each['operation']}"
        for each in world.emulator.journal()
        if each["service"] not in {"s3", "sts"} and not each["operation"].startswith("AssumeRole")
    }
    assert {"datasync:CreateTask", "iam:CreateRole"} <= calls
    assert {call for call in calls if not matches_any(call)} == set()


@pytest.mark.parametrize("path", ["/", "/data/movers/"])
def test_the_roles_that_it_uses_are_those_of_the_policy(world: World, operator: Operators, path: str) -> None:
    operator(drift_interval_seconds=10)
    world.bucket("src")
    world.bucket("dst")
    world.grant_all(accessRoles={"path": path})
    world.s3_mover("plain")
    spec: dict[str, object] = {"accountRef": {"name": world.account}}
    for side, arn in (("source", "arn:aws:s3:::src"), ("destination", "arn:aws:s3:::dst")):
        role = {"name": role_name("m", arn), "path": role_path("org", "group")}
        spec[side] = {"s3": {"s3BucketArn": arn, "accessRole": role}}
    world.create("DataMover", "by-rest", spec)
    for name in ("plain", "by-rest"):
        world.wait_ready(name)
        world.patch("DataMover", name, {"spec": {"tags": [{"key": "a", "value": "b"}]}})
        world.wait_ready(name)
        world.delete("DataMover", name)
        world.wait_gone("DataMover", name)
    used = set(uses_of_roles(world.emulator.journal()))
    assert {"iam:CreateRole", "iam:GetRole", "iam:DeleteRole", "iam:PassRole"} <= {action for action, _ in used}
    assert {use for use in used if not is_allowed(*use, path)} == set()
    assert not is_allowed("iam:PassRole", f"arn:aws:iam::{ACCOUNT_ID}:role/admin", path)
    assert not is_allowed("iam:CreateRole", f"arn:aws:iam::{ACCOUNT_ID}:role/admin", path)


def test_a_role_may_use_the_keys_that_the_location_names(world: World, operator: Operators) -> None:
    key = f"arn:aws:kms:{REGION}:{ACCOUNT_ID}:key/01234567-89ab-cdef-0123-456789abcdef"
    for bucket in ("src", "dst"):
        world.bucket(bucket, {"a": b"alpha"})
    world.grant_all()
    operator()
    ends = {
        side: {"s3": {"s3BucketArn": f"arn:aws:s3:::{bucket}", "accessRole": {"kmsKeyArns": [key]}}}
        for side, bucket in (("source", "src"), ("destination", "dst"))
    }
    world.create("DataMover", "m", {"accountRef": {"name": world.account}, **ends})
    found = world.wait_ready()["status"]
    assert rights_to_keys(world, found["sourceRoleArn"]) == [(["kms:Decrypt"], [key])]
    assert rights_to_keys(world, found["destinationRoleArn"]) == [(["kms:Decrypt", "kms:GenerateDataKey"], [key])]
    plain = {"s3": {"s3BucketArn": "arn:aws:s3:::dst", "accessRole": None}}
    world.patch("DataMover", "m", {"spec": {"destination": plain}})
    eventually(lambda: rights_to_keys(world, found["destinationRoleArn"]) == [], what="the right is taken away")
    world.wait_ready()


def rights_to_keys(world: World, role: str) -> list[tuple[list[str], list[str]]]:
    """The actions and the resources of a role's statements on keys."""
    iam, name = world.aws("iam"), role.rpartition("/")[2]
    (policy,) = iam.list_role_policies(RoleName=name)["PolicyNames"]
    statements = iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"]["Statement"]
    return [(each["Action"], each["Resource"]) for each in statements if each["Action"][0].startswith("kms:")]


def test_the_roles_are_as_documented() -> None:
    ends = {side: {"s3": {"s3BucketArn": f"arn:aws:s3:::{side.upper()}"}} for side in ("source", "destination")}
    spec = DataMoverSpec.model_validate({"accountRef": {"name": "a"}} | ends)
    policies = [role.policy for role in wanted_roles(spec, "a", "/")]
    assert SECTIONS["The roles that the operator creates"] == [trust_policy(ACCOUNT_ID, REGION), *policies]
