"""Accounts on the whole stack: who we are there, whose credentials, who may use what, and when one may go."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.api import Api, ApiError
from tests.support.emulator import Json
from tests.support.movers import REGION, World, condition_of
from tests.support.operator_process import Operators
from tests.support.rights import withhold_storage_secrets
from tests.support.waiting import eventually


def secret(world: World, name: str, data: dict[str, str]) -> None:
    """Write a Secret into the operator's namespace."""
    encoded = {key: base64.b64encode(value.encode()).decode() for key, value in data.items()}
    body = {"metadata": {"name": name}, "data": encoded}
    path = f"/api/v1/namespaces/{world.namespace}/secrets"
    try:
        world.api.create(path, body)
    except ApiError:
        world.api.patch(f"{path}/{name}", body)


def keys(account_id: str) -> dict[str, str]:
    return {"aws_access_key_id": account_id, "aws_secret_access_key": "not-a-real-secret"}


def test_an_account_says_who_we_are_there(world: World, operator: Operators) -> None:
    world.grant_all()
    operator()
    found = world.wait_condition("DataMoverAccount", world.account, "Ready")
    assert found["status"]["callerAccountId"] == "123456789012"
    assert found["status"]["callerArn"].startswith("arn:aws:")


def test_credentials_of_another_account_are_not_used(world: World, operator: Operators) -> None:
    world.bucket("src")
    world.bucket("dst")
    world.grant_all(accountId="999999999999")
    operator()
    told = condition_of(world.wait_condition("DataMoverAccount", world.account, "Stalled"), "Stalled")
    assert told is not None
    assert told["reason"] == "WrongAccount"
    assert "spec.accountId" in told["message"]
    world.s3_mover()
    eventually(lambda: _reason(world) == "AccountNotReady")
    assert world.leftovers() == {"tasks": [], "locations": [], "roles": []}


def test_an_assumed_role_leads_into_the_account(world: World, operator: Operators) -> None:
    arn = "arn:aws:iam::222222222222:role/datamover"
    world.grant_all(accountId="222222222222", assumeRole={"arn": arn, "externalId": "abc"})
    operator()
    found = world.wait_condition("DataMoverAccount", world.account, "Ready")
    assert ":assumed-role/datamover/" in found["status"]["callerArn"]
    calls = world.emulator.journal(operation="AssumeRole")
    assert calls[-1]["params"]["ExternalId"] == "abc"


def test_a_secret_is_mended_and_rotated_without_a_restart(world: World, operator: Operators) -> None:
    secret(world, "aws", {"aws_access_key_id": "333333333333"})
    world.grant_all(accountId="333333333333", credentialsSecretRef={"name": "aws"})
    operator()
    told = condition_of(world.wait_condition("DataMoverAccount", world.account, "Stalled"), "Stalled")
    assert told is not None
    assert "aws_secret_access_key" in told["message"]
    secret(world, "aws", keys("333333333333"))
    world.wait_condition("DataMoverAccount", world.account, "Ready", timeout=60)


def test_a_secret_that_the_operator_may_not_read_is_told_with_the_value_to_set(
    world: World, operator: Operators
) -> None:
    withhold_storage_secrets(world.api, world.namespace)
    secret(world, "others", keys("123456789012"))
    world.grant_all(credentialsSecretRef={"name": "others"})
    operator()
    told = condition_of(world.wait_condition("DataMoverAccount", world.account, "Stalled"), "Stalled")
    assert told is not None
    assert told["message"] == (
        f"spec.credentialsSecretRef: Secret '{world.namespace}/others': may not be read; "
        "add 'others' to the chart's value operator.secretNames"
    )


def test_an_account_stays_while_a_mover_names_it(world: World, operator: Operators) -> None:
    world.bucket("src")
    world.bucket("dst")
    world.grant_all()
    operator()
    world.s3_mover()
    world.wait_ready()
    eventually(lambda: _movers(world) == 1)
    world.delete("DataMoverAccount", world.account)
    eventually(lambda: _told(world, "Reconciling").get("reason") == "InUse")
    world.delete("DataMover", "m")
    world.wait_gone("DataMover", "m")
    world.wait_gone("DataMoverAccount", world.account)


def test_nothing_is_allowed_that_is_not_granted(world: World, operator: Operators) -> None:
    world.bucket("src")
    world.bucket("dst")
    world.grant_all(grants=[{"namespaces": [world.namespace], "locations": ["s3://src/*"]}])
    operator()
    world.s3_mover()
    told = condition_of(world.wait_condition("DataMover", "m", "Stalled", reason="NotGranted"), "Stalled")
    assert told is not None
    assert "s3://dst/" in told["message"]
    assert world.calls(reads=False) == []
    grants = [{"namespaces": [world.namespace], "locations": ["s3://src/*", "s3://dst/*"]}]
    world.patch("DataMoverAccount", world.account, {"spec": {"grants": grants}})
    world.wait_ready()


def test_a_mover_waits_for_its_account(world: World, operator: Operators) -> None:
    world.bucket("src")
    world.bucket("dst")
    operator()
    world.s3_mover()
    world.wait_condition("DataMover", "m", "Stalled", reason="AccountNotFound")
    world.grant_all(region=REGION)
    world.wait_ready()


@pytest.fixture
def elsewhere(api: Api) -> Iterator[str]:
    """One more namespace."""
    name = f"elsewhere-{secrets.token_hex(4)}"
    api.create("/api/v1/namespaces", {"metadata": {"name": name}})
    yield name
    api.delete(f"/api/v1/namespaces/{name}")


def test_operators_for_different_namespaces_share_an_account(
    world: World, operator: Operators, elsewhere: str, kubeconfig: Path
) -> None:
    world.bucket("src")
    world.bucket("dst")
    world.grant_all()
    operator(kubeconfig=kubeconfig)
    operator(kubeconfig=kubeconfig, namespaces=elsewhere, operator_namespace=elsewhere)
    world.s3_mover()
    world.wait_ready()
    names = {f"{world.namespace}/datamover-operator", f"{elsewhere}/datamover-operator"}
    eventually(lambda: {each["operator"] for each in _verdicts(world)} == names)
    eventually(lambda: _movers(world) == 1)
    world.delete("DataMoverAccount", world.account)
    eventually(lambda: _told(world, "Reconciling").get("reason") == "InUse")
    assert _movers(world) == 1
    world.delete("DataMover", "m")
    world.wait_gone("DataMoverAccount", world.account)


def test_events_tell_how_it_is_with_an_account(world: World, operator: Operators, kubeconfig: Path) -> None:
    world.grant_all(credentialsSecretRef={"name": "keys"})
    operator(kubeconfig=kubeconfig)
    world.wait_condition("DataMoverAccount", world.account, "Stalled")
    secret(world, "keys", keys("123456789012"))
    world.wait_condition("DataMoverAccount", world.account, "Ready", timeout=60)
    eventually(lambda: _events(world) == ["InvalidCredentials", "Ready"])


def _events(world: World) -> list[str]:
    """Reasons, the oldest first; Events on what has no namespace are in namespace default."""
    found = world.api.get("/apis/events.k8s.io/v1/namespaces/default/events")["items"]
    ours = [each for each in found if each["regarding"].get("name") == world.account]
    return [each["reason"] for each in sorted(ours, key=lambda each: str(each["eventTime"]))]


def _verdicts(world: World) -> list[Json]:
    found = world.get("DataMoverAccount", world.account)
    verdicts: list[Json] = found.get("status", {}).get("operators", []) if found is not None else []
    return verdicts


def _told(world: World, kind: str) -> Json:
    found = world.get("DataMoverAccount", world.account)
    return (condition_of(found, kind) if found is not None else None) or {}


def _movers(world: World) -> int:
    found = world.get("DataMoverAccount", world.account)
    return found.get("status", {}).get("movers", 0) if found is not None else 0


def _reason(world: World) -> str | None:
    found = world.get("DataMover", "m")
    told = condition_of(found, "Ready") if found is not None else None
    return told["reason"] if told is not None else None
