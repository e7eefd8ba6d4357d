"""How an account is reached: its own keys, the surroundings', or a role; and how changes of these are picked up."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from botocore.session import Session

from datamover_operator.aws.access import AccountAccess, Credentials
from datamover_operator.aws.calls import departure
from datamover_operator.aws.clients import Ambient, Clients
from datamover_operator.aws.failure import AwsError, FailureKind
from tests.aws.canned import Answer
from tests.aws.conftest import LIMITS, REGION

if TYPE_CHECKING:
    from pathlib import Path

    from datamover_operator.aws.sessions import BotoAccounts
    from tests.aws.canned import Canned, Request
    from tests.support.emulator import Emulator

OTHER = "222222222222"
EXPIRED = b"<ErrorResponse><Error><Code>ExpiredToken</Code><Message>expired</Message></Error></ErrorResponse>"
CALLER = f"""<GetCallerIdentityResponse><GetCallerIdentityResult><Account>{OTHER}</Account>
    <Arn>arn:aws:iam::{OTHER}:user/x</Arn></GetCallerIdentityResult></GetCallerIdentityResponse>""".encode()


async def test_a_secrets_keys_are_used(accounts: BotoAccounts) -> None:
    aws = accounts.connect(AccountAccess("a", OTHER, REGION, credentials=Credentials(OTHER, "none")))
    assert (await aws.sts.caller_identity())[0] == OTHER


async def test_without_any_the_surroundings_credentials_are_used(accounts: BotoAccounts, account: str) -> None:
    aws = accounts.connect(AccountAccess("a", account, REGION))
    assert (await aws.sts.caller_identity())[0] == account
    second = accounts.connect(AccountAccess("b", account, "us-east-1"))
    assert (await second.sts.caller_identity())[0] == account


async def test_a_role_is_assumed_with_the_external_id_and_once(
    accounts: BotoAccounts, emulator: Emulator, account: str
) -> None:
    role = f"arn:aws:iam::{OTHER}:role/operator"
    aws = accounts.connect(AccountAccess("a", OTHER, REGION, assume_role_arn=role, external_id="shared"))
    found, arn = await aws.sts.caller_identity()
    assert (found, arn) == (OTHER, f"arn:aws:sts::{OTHER}:assumed-role/operator/datamover-operator")
    await asyncio.gather(*(aws.datasync.list_tasks() for _ in range(10)))
    (assumed,) = emulator.journal(account=account, operation="AssumeRole")
    assert assumed["params"]["ExternalId"] == "shared"
    assert assumed["region"] == REGION


async def test_equal_access_shares_one_connection_and_changed_access_gets_a_new_one(accounts: BotoAccounts) -> None:
    first = AccountAccess("a", "111111111111", REGION, credentials=Credentials("111111111111", "none"))
    aws = accounts.connect(first)
    assert (await aws.sts.caller_identity())[0] == "111111111111"
    assert accounts.connect(replace(first)) is aws
    changed = accounts.connect(replace(first, credentials=Credentials(OTHER, "none")))
    assert changed is not aws
    assert (await changed.sts.caller_identity())[0] == OTHER
    # Whoever still holds the old one can end what it has begun.
    assert (await aws.sts.caller_identity())[0] == "111111111111"


async def test_a_forgotten_account_is_connected_anew(accounts: BotoAccounts, access: AccountAccess) -> None:
    aws = accounts.connect(access)
    await aws.sts.caller_identity()
    accounts.forget(access.key)
    accounts.forget("never seen")
    assert accounts.connect(access) is not aws


async def test_the_region_of_the_account_is_used_whatever_the_surroundings_say(
    accounts: BotoAccounts, access: AccountAccess, emulator: Emulator, account: str
) -> None:
    await accounts.connect(replace(access, region="us-west-2")).datasync.list_tasks()
    assert [entry["region"] for entry in emulator.journal(account=account)] == ["us-west-2"]


async def test_requests_say_who_sends_them(accounts: BotoAccounts, access: AccountAccess, canned: Canned) -> None:
    canned.script = lambda _request: Answer(body=b'{"Tasks": []}')
    await accounts.connect(access).datasync.list_tasks()
    assert canned.seen[0].headers["User-Agent"].startswith("datamover-operator/")


async def test_no_credentials_at_all_is_the_accounts_trouble(
    surroundings: pytest.MonkeyPatch, accounts: BotoAccounts
) -> None:
    surroundings.delenv("AWS_ACCESS_KEY_ID")
    surroundings.delenv("AWS_SECRET_ACCESS_KEY")
    datasync = accounts.connect(AccountAccess("a", "111111111111", REGION)).datasync
    with pytest.raises(AwsError) as failed:
        await datasync.create_task({})
    assert (failed.value.failure.kind, failed.value.failure.code) == (FailureKind.DENIED, "NoCredentialsError")
    surroundings.setenv("AWS_ACCESS_KEY_ID", "111111111111")
    surroundings.setenv("AWS_SECRET_ACCESS_KEY", "none")
    assert await datasync.list_tasks() == []


async def test_a_role_that_may_not_be_assumed_is_the_accounts_trouble(
    accounts: BotoAccounts, emulator: Emulator, account: str
) -> None:
    denied = {"code": "AccessDenied", "message": "not authorized to perform: sts:AssumeRole", "status": 403}
    role = f"arn:aws:iam::{OTHER}:role/operator"
    datasync = accounts.connect(AccountAccess("a", OTHER, REGION, assume_role_arn=role)).datasync
    with emulator.fault("AssumeRole", error=denied, account=account), pytest.raises(AwsError) as failed:
        await datasync.create_task({"sourceLocationArn": "a" * 20, "destinationLocationArn": "b" * 20})
    assert (failed.value.failure.kind, failed.value.failure.operation) == (FailureKind.DENIED, "AssumeRole")
    assert await datasync.list_tasks() == []


async def test_a_credentials_file_that_changed_is_read_again_after_a_denial(
    surroundings: pytest.MonkeyPatch, accounts: BotoAccounts, emulator: Emulator, tmp_path: Path
) -> None:
    file = tmp_path / "credentials"
    file.write_text("[default]\naws_access_key_id = 111111111111\naws_secret_access_key = old\n")
    surroundings.delenv("AWS_ACCESS_KEY_ID")
    surroundings.setenv("AWS_SHARED_CREDENTIALS_FILE", str(file))
    aws = accounts.connect(AccountAccess("a", "111111111111", REGION))
    assert (await aws.sts.caller_identity())[0] == "111111111111"
    file.write_text(f"[default]\naws_access_key_id = {OTHER}\naws_secret_access_key = new\n")
    assert (await aws.sts.caller_identity())[0] == "111111111111"
    expired = {"code": "ExpiredTokenException", "message": "expired"}
    with emulator.fault("ListTasks", error=expired), pytest.raises(AwsError, match="ExpiredToken"):
        await aws.datasync.list_tasks()
    assert (await aws.sts.caller_identity())[0] == OTHER
    with pytest.raises(AwsError, match="WrongAccount") as failed:
        await aws.datasync.list_tasks()
    assert failed.value.failure.kind is FailureKind.DENIED
    assert emulator.journal()[-1]["operation"] == "GetCallerIdentity"
    file.write_text("[default]\naws_access_key_id = 111111111111\naws_secret_access_key = new\n")
    accounts.forget("a")
    again = accounts.connect(AccountAccess("a", "111111111111", REGION))
    assert (await again.sts.caller_identity())[0] == "111111111111"
    assert await again.datasync.list_tasks() == []


async def test_keys_that_are_renewed_too_late_are_found_by_any_call(
    surroundings: pytest.MonkeyPatch, accounts: BotoAccounts, canned: Canned, tmp_path: Path
) -> None:
    def answer(request: Request) -> Answer:
        is_stale = "OLDKEY" in request.headers["Authorization"]
        if request.operation == "ListTasks":
            return Answer(400, b'{"__type": "ExpiredTokenException"}') if is_stale else Answer()
        return Answer(403, EXPIRED, "text/xml") if is_stale else Answer(body=CALLER, content_type="text/xml")

    file = tmp_path / "credentials"
    file.write_text("[default]\naws_access_key_id = OLDKEY\naws_secret_access_key = s\n")
    surroundings.delenv("AWS_ACCESS_KEY_ID")
    surroundings.setenv("AWS_SHARED_CREDENTIALS_FILE", str(file))
    canned.script = answer
    datasync = accounts.connect(AccountAccess("a", OTHER, REGION)).datasync
    for _ in range(3):
        with pytest.raises(AwsError, match="ExpiredToken"):
            await datasync.list_tasks()
    file.write_text("[default]\naws_access_key_id = NEWKEY\naws_secret_access_key = s\n")
    assert await datasync.list_tasks() == []


async def test_a_token_file_that_is_missing_is_the_accounts_trouble_and_is_looked_for_again(
    surroundings: pytest.MonkeyPatch, accounts: BotoAccounts, tmp_path: Path
) -> None:
    surroundings.delenv("AWS_ACCESS_KEY_ID")
    surroundings.setenv("AWS_ROLE_ARN", f"arn:aws:iam::{OTHER}:role/operator")
    surroundings.setenv("AWS_WEB_IDENTITY_TOKEN_FILE", str(tmp_path / "token"))
    aws = accounts.connect(AccountAccess("a", OTHER, REGION))
    for call in (aws.sts.caller_identity, aws.datasync.list_tasks):
        with pytest.raises(AwsError, match="token") as failed:
            await call()
        assert (failed.value.failure.kind, failed.value.failure.code) == (FailureKind.DENIED, "FileNotFoundError")
    (tmp_path / "token").write_text("token")
    assert (await aws.sts.caller_identity())[0] == OTHER


def test_calls_that_are_denied_together_renew_the_clients_once(access: AccountAccess) -> None:
    loader = Session().get_component("data_loader")
    clients = Clients(access, LIMITS, ambient=Ambient(), loader=loader, departure=departure)
    old = clients.get("sts")
    clients.renew(old)
    new = clients.get("sts")
    assert new is not old
    clients.renew(old)
    assert clients.get("sts") is new
    clients.close()


def session(key: str, lasts: timedelta) -> Answer:
    expiration = (datetime.now(UTC) + lasts).strftime("%Y-%m-%dT%H:%M:%SZ")
    body = f"""<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials>
    <AccessKeyId>{key}</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken>
    <Expiration>{expiration}</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>"""
    return Answer(content_type="text/xml", body=body.encode())


async def test_assumed_credentials_are_renewed_before_they_end(accounts: BotoAccounts, canned: Canned) -> None:
    sessions = iter([session("ASIAFIRST", timedelta(minutes=11)), session("ASIASECOND", timedelta(hours=1))])
    canned.script = lambda request: next(sessions) if request.operation == "AssumeRole" else Answer()
    role = f"arn:aws:iam::{OTHER}:role/operator"
    datasync = accounts.connect(AccountAccess("a", OTHER, REGION, assume_role_arn=role)).datasync
    for _ in range(3):
        await datasync.list_tasks()
    assert [described(request) for request in canned.seen] == [
        "AssumeRole",
        "ListTasks ASIAFIRST",
        "AssumeRole",
        "ListTasks ASIASECOND",
        "ListTasks ASIASECOND",
    ]


def described(request: Request) -> str:
    if request.operation == "AssumeRole":
        return request.operation
    return f"{request.operation} {request.headers['Authorization'].partition('Credential=')[2].partition('/')[0]}"


def test_keys_are_not_shown_by_repr() -> None:
    assert "hidden" not in repr(
        AccountAccess("a", OTHER, REGION, credentials=Credentials("hidden", "hidden", "hidden"))
    )


def test_a_process_that_has_called_aws_exits_at_once_while_a_call_hangs(
    surroundings: pytest.MonkeyPatch, emulator: Emulator, account: str
) -> None:
    program = f"""
import asyncio
from datamover_operator.aws.pacing import Limits
from datamover_operator.aws.sessions import BotoAccounts
from datamover_operator.process.metrics import Metrics
from datamover_operator.aws.access import AccountAccess

async def main():
    accounts = BotoAccounts(Limits(call_timeout=600), Metrics())
    datasync = accounts.connect(AccountAccess("a", "{account}", "{REGION}")).datasync
    task = asyncio.create_task(datasync.list_tasks())
    await asyncio.to_thread(input)
    task.cancel()
    await accounts.close()

asyncio.run(main())
"""
    with (
        emulator.fault("ListTasks", hold="before", account=account) as held,
        subprocess.Popen(
            [sys.executable, "-c", program], stdin=subprocess.PIPE, env=dict(os.environ), text=True
        ) as process,
    ):
        held.wait_held()
        process.communicate("stop\n", timeout=60)
        assert process.returncode == 0
