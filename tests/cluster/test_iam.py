"""docs/iam.md is true: what it allows is what the operator calls, no more and no less."""

from __future__ import annotations

import json
import re
from pathlib import Path

import botocore.session

import datamover_operator.aws
from datamover_crds import DataMoverSpec
from datamover_dev.paths import CHECKOUT
from datamover_operator.planning.roles import trust_policy, wanted_roles
from tests.support.movers import ACCOUNT_ID, REGION, World
from tests.support.operator_process import Operators
from tests.support.waiting import eventually

DOCUMENTED = [
    json.loads(text) for text in re.findall(r"```json\n(.*?)```", (CHECKOUT / "docs" / "iam.md").read_text(), re.DOTALL)
]
SERVICES = {"datasync": "datasync", "iam": "iam", "resourcegroupstaggingapi": "tag"}
"""The services that the operator calls, and their prefixes in policies. sts:GetCallerIdentity needs no permission."""


def allowed() -> set[str]:
    """The actions of ours in the operator's policy, less what others ask of it and what is no call of its own."""
    statements = DOCUMENTED[0]["Statement"]
    listed = {action for each in statements if isinstance(each["Action"], list) for action in each["Action"]}
    return {action for action in listed if action.split(":")[0] in SERVICES.values()}


def called_in_code() -> set[str]:
    """Every operation that the AWS edge names."""
    folder = Path(datamover_operator.aws.__file__).parent
    text = "\n".join((folder / name).read_text() for name in ("datasync.py", "iam.py", "tagging.py"))
    kinds = [re.sub(r"Location\{[^}]*\}", f"Location{kind}", text) for kind in ("S3", "Efs")]
    named = {name for each in kinds for name in re.findall(r'"([A-Z][A-Za-z0-9]+)"', each)}
    session = botocore.session.get_session()
    return {
        f"{prefix}:{operation}"
        for service, prefix in SERVICES.items()
        for operation in session.get_service_model(service).operation_names
        if operation in named
    }


def test_what_is_allowed_is_what_the_code_calls() -> None:
    assert called_in_code() == allowed()


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
    assert calls <= allowed()


def test_the_roles_are_as_documented() -> None:
    ends = {side: {"s3": {"s3BucketArn": f"arn:aws:s3:::{side.upper()}"}} for side in ("source", "destination")}
    spec = DataMoverSpec.model_validate({"accountRef": {"name": "a"}} | ends)
    policies = [role.policy for role in wanted_roles(spec, "a", "/")]
    assert DOCUMENTED[1:] == [trust_policy(ACCOUNT_ID, REGION), *policies]
