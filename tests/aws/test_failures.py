"""Throttles, lost replies, time-outs and cancellation: what is repeated, what is in doubt, what is never sent."""

from __future__ import annotations

import asyncio
import socket
import threading
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from structlog.contextvars import bound_contextvars, merge_contextvars
from structlog.testing import capture_logs

from datamover_common.fairness import Urgency
from datamover_common.turns import urgency
from datamover_operator.aws import calls
from datamover_operator.aws.access import Credentials
from datamover_operator.aws.failure import AwsError, Failure, FailureKind
from tests.aws.canned import Answer, Request
from tests.aws.conftest import LIMITS, REGION
from tests.support.waiting import eventually_async

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine

    from datamover_crds import JsonObject
    from datamover_operator.aws.access import AccountAccess
    from datamover_operator.aws.ports import DataSync
    from datamover_operator.aws.sessions import BotoAccounts
    from datamover_operator.process.metrics import Metrics
    from tests.aws.canned import Canned
    from tests.support.emulator import Emulator

THROTTLE = {"code": "ThrottlingException", "message": "Rate exceeded", "status": 400}
BROKEN = {"code": "InternalException", "message": "oops", "status": 500}
NO_TASK = "arn:aws:datasync:eu-central-1:{}:task/task-0123456789abcdef0"
# Long enough for a request to go out on a busy machine.
IMPATIENT = replace(LIMITS, call_timeout=3)
DEAD_AT_ONCE = 2
"""Calls of one account that are no run's, of LIMITS.threads."""


async def warm(datasync: DataSync) -> None:
    """Have the SDK's client made: on a busy machine that alone takes longer than IMPATIENT waits for a call."""
    for _ in range(20):
        with suppress(AwsError):
            await datasync.list_tasks()
            return


@pytest.fixture
def datasync(accounts: BotoAccounts, access: AccountAccess) -> DataSync:
    return accounts.connect(access).datasync


@pytest.fixture
def location(account: str) -> JsonObject:
    ec2 = f"arn:aws:ec2:{REGION}:{account}"
    return {
        "efsFilesystemArn": f"arn:aws:elasticfilesystem:{REGION}:{account}:file-system/fs-0123456789abcdef0",
        "ec2Config": {
            "subnetArn": f"{ec2}:subnet/subnet-0123456789abcdef0",
            "securityGroupArns": [f"{ec2}:security-group/sg-0123456789abcdef0"],
        },
    }


async def failure_of(call: Awaitable[object]) -> Failure:
    with pytest.raises(AwsError) as failed:
        await call
    return failed.value.failure


def locations_in(client: Callable[[str], Any]) -> int:
    return len(client("datasync").list_locations()["Locations"])


async def test_a_throttled_reading_is_sent_again_and_slows_the_account(
    datasync: DataSync, emulator: Emulator, account: str, metrics: Metrics
) -> None:
    with emulator.fault("ListTasks", error=THROTTLE, count=2, account=account):
        assert await datasync.list_tasks() == []
    assert len(emulator.journal(account=account, operation="ListTasks")) == 3
    labels = {"service": "datasync", "operation": "ListTasks"}
    sample, counted = metrics.registry.get_sample_value, {**labels, "account_id": account}
    assert sample("datamover_aws_calls_total", {**counted, "result": "Throttled"}) == 2
    assert sample("datamover_aws_calls_total", {**counted, "result": "ok"}) == 1
    assert sample("datamover_aws_call_duration_seconds_count", labels) == 3


async def test_three_attempts_are_the_most(datasync: DataSync, emulator: Emulator, account: str) -> None:
    with emulator.fault("ListTasks", error=BROKEN, count=None, account=account):
        assert (await failure_of(datasync.list_tasks())).kind is FailureKind.UNAVAILABLE
    assert len(emulator.journal(account=account, operation="ListTasks")) == 3


@pytest.mark.parametrize("drop", ["before", "after"])
async def test_a_reading_whose_reply_was_lost_is_sent_again(
    datasync: DataSync, emulator: Emulator, account: str, drop: str
) -> None:
    with emulator.fault("ListTasks", drop=drop, account=account):
        assert await datasync.list_tasks() == []


@pytest.mark.parametrize(("drop", "made"), [("before", 0), ("after", 1)])
async def test_a_creation_whose_reply_was_lost_is_in_doubt_and_sent_once(
    datasync: DataSync,
    emulator: Emulator,
    account: str,
    location: JsonObject,
    client: Callable[[str], Any],
    drop: str,
    made: int,
) -> None:
    with emulator.fault("CreateLocationEfs", drop=drop, account=account):
        failure = await failure_of(datasync.create_location("efs", location))
    assert failure.kind is FailureKind.UNKNOWN_OUTCOME
    assert failure.operation == "CreateLocationEfs"
    assert len(emulator.journal(account=account, operation="CreateLocationEfs")) == 1
    assert locations_in(client) == made


@pytest.mark.parametrize(("error", "kind"), [(THROTTLE, FailureKind.THROTTLED), (BROKEN, FailureKind.UNKNOWN_OUTCOME)])
async def test_a_creation_that_failed_is_never_sent_again_by_itself(
    datasync: DataSync, emulator: Emulator, account: str, location: JsonObject, error: object, kind: FailureKind
) -> None:
    with emulator.fault("CreateLocationEfs", error=error, count=None, account=account):
        assert (await failure_of(datasync.create_location("efs", location))).kind is kind
    assert len(emulator.journal(account=account, operation="CreateLocationEfs")) == 1


async def test_the_failure_bears_awss_words_and_request_id(
    datasync: DataSync, emulator: Emulator, account: str
) -> None:
    denied = {"code": "AccessDeniedException", "message": "not authorized to perform: datasync:ListTasks"}
    with emulator.fault("ListTasks", error=denied, account=account):
        failure = await failure_of(datasync.list_tasks())
    (entry,) = emulator.journal(account=account, operation="ListTasks")
    assert failure == Failure(
        FailureKind.DENIED, "ListTasks", "AccessDeniedException", denied["message"], entry["requestId"]
    )


async def test_changes_and_refusals_are_logged_for_all_to_see_with_their_request_ids(
    datasync: DataSync, emulator: Emulator, account: str, location: JsonObject
) -> None:
    denied = {"code": "AccessDeniedException", "message": "not authorized"}
    with capture_logs() as logged:
        await datasync.create_location("efs", location)
        with emulator.fault("DescribeTask", error=denied, account=account):
            await failure_of(datasync.describe_task(NO_TASK.format(account)))
        await failure_of(datasync.delete_task(NO_TASK.format(account)))
        await failure_of(datasync.describe_task(NO_TASK.format(account)))
        await datasync.list_tasks()
    journal = {each["requestId"]: each["operation"] for each in emulator.journal(account=account)}
    seen = [(each["log_level"], each["event"], journal[each["aws_request_id"]]) for each in logged]
    assert seen == [
        ("info", "AWS call", "CreateLocationEfs"),
        ("info", "AWS call failed", "DescribeTask"),
        ("info", "AWS call failed", "DeleteTask"),
        ("debug", "AWS call failed", "DescribeTask"),
        ("debug", "AWS call", "ListTasks"),
    ]
    assert "not authorized" in logged[1]["message"]


async def test_nobody_listening_means_that_nothing_was_sent(
    surroundings: pytest.MonkeyPatch, datasync: DataSync, location: JsonObject
) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        surroundings.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{unused.getsockname()[1]}")
        assert (await failure_of(datasync.create_location("efs", location))).kind is FailureKind.UNAVAILABLE


async def test_a_silent_server_is_given_up_by_the_read_time_out(
    make_accounts: Callable[..., BotoAccounts],
    access: AccountAccess,
    emulator: Emulator,
    account: str,
    location: JsonObject,
) -> None:
    datasync = make_accounts(replace(LIMITS, read_timeout=0.3)).connect(access).datasync
    with emulator.fault("CreateLocationEfs", hold="before", account=account):
        failure = await failure_of(datasync.create_location("efs", location))
    assert (failure.kind, failure.code) == (FailureKind.UNKNOWN_OUTCOME, "ReadTimeoutError")


async def test_a_call_that_takes_too_long_in_all_is_given_up_and_its_late_success_logged(
    make_accounts: Callable[..., BotoAccounts],
    access: AccountAccess,
    emulator: Emulator,
    account: str,
    location: JsonObject,
) -> None:
    datasync = make_accounts(IMPATIENT).connect(access).datasync
    await warm(datasync)
    with capture_logs() as logged, emulator.fault("CreateLocationEfs", hold="before", account=account) as held:
        failure = await failure_of(datasync.create_location("efs", location))
        assert (failure.kind, failure.code) == (FailureKind.UNKNOWN_OUTCOME, "Timeout")
        await asyncio.to_thread(held.wait_held)
        held.release()
        late = await eventually_async(lambda: found(logged, "abandoned AWS call succeeded"))
    assert late["operation"] == "CreateLocationEfs"
    assert str(late["made"]["LocationArn"]).startswith("arn:aws:datasync:")


async def test_a_reading_that_takes_too_long_in_all_may_simply_be_tried_later(
    make_accounts: Callable[..., BotoAccounts], access: AccountAccess, emulator: Emulator, account: str
) -> None:
    datasync = make_accounts(replace(LIMITS, call_timeout=0.2)).connect(access).datasync
    with capture_logs() as logged, emulator.fault("ListTasks", hold="before", count=None, account=account):
        assert (await failure_of(datasync.list_tasks())).kind is FailureKind.UNAVAILABLE
    assert not [event for event in logged if event["log_level"] == "warning"]


@pytest.mark.parametrize(
    ("drop", "event"), [(False, "abandoned AWS call succeeded"), (True, "abandoned AWS call failed")]
)
async def test_the_end_of_a_creation_whose_caller_has_gone_is_logged(
    datasync: DataSync, emulator: Emulator, account: str, location: JsonObject, drop: bool, event: str
) -> None:
    held = emulator.fault("CreateLocationEfs", hold="after", account=account)
    with capture_logs([merge_contextvars]) as logged, held:
        with bound_contextvars(namespace="team", name="nightly"):
            task = asyncio.create_task(datasync.create_location("efs", location))
        await asyncio.to_thread(held.wait_held)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        held.release(drop=drop)
        line = await eventually_async(lambda: found(logged, event))
        assert (line["namespace"], line["name"]) == ("team", "nightly"), "though it comes in another thread"


async def test_a_creation_whose_caller_has_gone_before_it_was_sent_is_not_sent(
    make_accounts: Callable[..., BotoAccounts],
    access: AccountAccess,
    emulator: Emulator,
    account: str,
    location: JsonObject,
) -> None:
    datasync = make_accounts(replace(LIMITS, threads=1)).connect(access).datasync
    with emulator.fault("ListTasks", hold="before", account=account) as held:
        first = asyncio.create_task(datasync.list_tasks())
        await asyncio.to_thread(held.wait_held)
        second = asyncio.create_task(datasync.create_location("efs", location))
        await asyncio.sleep(0)
        second.cancel()
        held.release()
        assert await first == []
    with pytest.raises(asyncio.CancelledError):
        await second
    await datasync.list_tasks()
    assert emulator.journal(account=account, operation="CreateLocationEfs") == []


async def test_a_creation_still_unsent_when_its_time_is_over_is_not_sent_later(
    make_accounts: Callable[..., BotoAccounts], access: AccountAccess, canned: Canned, location: JsonObject
) -> None:
    """It waits for credentials: the answer of AssumeRole comes too late."""
    late, answered = threading.Event(), threading.Event()

    def script(request: Request) -> Answer:
        if request.operation == "AssumeRole":
            late.wait(30)
            answered.set()
            return ASSUMED
        return Answer()

    canned.script = script
    access = replace(access, assume_role_arn=f"arn:aws:iam::{access.account_id}:role/operator")
    datasync = make_accounts(IMPATIENT).connect(access).datasync
    failure = await failure_of(datasync.create_location("efs", location))
    assert (failure.kind, failure.code) == (FailureKind.UNAVAILABLE, "Timeout")
    late.set()
    assert await asyncio.to_thread(answered.wait, 30)
    # Once the credentials are there, calls go out: the second, but never the first.
    with pytest.raises(AwsError, match="MalformedReply"):
        await datasync.create_location("s3", {"s3BucketArn": "arn:aws:s3:::bucket", "s3Config": ROLE})
    assert [request.operation for request in canned.seen] == ["AssumeRole", "CreateLocationS3"]


ROLE: JsonObject = {"bucketAccessRoleArn": "arn:aws:iam::123456789012:role/r"}
ASSUMED = Answer(
    content_type="text/xml",
    body=b"""<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials>
<AccessKeyId>ASIAEXAMPLE</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken>
<Expiration>2999-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>""",
)


@pytest.mark.parametrize(
    ("answer", "reading", "creating"),
    [
        (
            Answer(404, b"<html>no such page</html>", "text/html"),
            FailureKind.UNAVAILABLE,
            FailureKind.UNKNOWN_OUTCOME,
        ),
        (Answer(502, b"<html>bad gateway</html>", "text/html"), FailureKind.UNAVAILABLE, FailureKind.UNKNOWN_OUTCOME),
        (Answer(200, b'{"TaskArn": "arn:aws', cut=10), None, FailureKind.UNKNOWN_OUTCOME),
        (Answer(200, b"{}"), None, FailureKind.UNKNOWN_OUTCOME),
        (Answer(200, b'{"TaskArn": ""}'), None, FailureKind.UNKNOWN_OUTCOME),
    ],
    ids=["a proxy's 404", "a proxy's 502", "a reply cut short", "an empty reply", "an empty ARN"],
)
async def test_answers_that_are_not_datasyncs(
    datasync: DataSync, canned: Canned, answer: Answer, reading: FailureKind | None, creating: FailureKind
) -> None:
    canned.script = lambda _request: answer
    task: JsonObject = {"sourceLocationArn": "arn:aws:s3:::a", "destinationLocationArn": "arn:aws:s3:::b"}
    assert (await failure_of(datasync.create_task(task))).kind is creating
    assert len(canned.seen) == 1
    if reading is not None:
        assert (await failure_of(datasync.describe_task("arn:aws:datasync:eu-central-1:1:task/t"))).kind is reading


async def test_a_listing_that_turns_in_circles_is_given_up(
    datasync: DataSync, canned: Canned, monkeypatch: pytest.MonkeyPatch
) -> None:
    canned.script = lambda _request: Answer(body=b'{"Tasks": [], "NextToken": "again"}')
    monkeypatch.setattr("datamover_operator.aws.replies._MOST_PAGES", 5)
    assert (await failure_of(datasync.list_tasks())).code == "EndlessListing"
    assert len(canned.seen) == 5


async def test_iam_replies_without_a_role_are_no_role(
    accounts: BotoAccounts, access: AccountAccess, canned: Canned
) -> None:
    iam = accounts.connect(access).iam
    canned.script = lambda request: Answer(
        content_type="text/xml",
        body=f"<{request.operation}Response><{request.operation}Result/></{request.operation}Response>".encode(),
    )
    created = iam.create_role("r", path="/", trust={}, tags={}, permissions_boundary=None)
    assert (await failure_of(created)).kind is FailureKind.UNKNOWN_OUTCOME
    assert (await failure_of(iam.get_role("r", "p"))).kind is FailureKind.UNAVAILABLE
    canned.script = lambda _request: Answer(
        content_type="text/xml",
        body=b"<CreateRoleResponse><CreateRoleResult><Role><Arn>a</Arn></Role></CreateRoleResult></CreateRoleResponse>",
    )
    created = iam.create_role("r", path="/", trust={}, tags={}, permissions_boundary=None)
    assert (await failure_of(created)).kind is FailureKind.UNKNOWN_OUTCOME


async def test_a_defect_of_ours_is_not_disguised_as_awss(datasync: DataSync, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_operation: str) -> str:
        raise ZeroDivisionError

    monkeypatch.setattr(calls, "xform_name", broken)
    with pytest.raises(ZeroDivisionError):
        await datasync.list_tasks()


async def test_calls_of_one_account_never_hold_all_threads(
    make_accounts: Callable[..., BotoAccounts], access: AccountAccess, emulator: Emulator, account: str
) -> None:
    accounts = make_accounts(LIMITS)
    hanging = accounts.connect(access).datasync
    other = accounts.connect(replace(access, key="other", account_id="999999999999", region="eu-west-1")).datasync
    urgency.set(Urgency.RUN)
    with emulator.fault("ListTasks", hold="before", count=None, account=account, region=REGION) as held:
        stuck = [asyncio.create_task(hanging.list_tasks()) for _ in range(20)]
        await asyncio.to_thread(held.wait_held, LIMITS.per_account)
        assert await other.list_tasks() == []
        assert held.state["held"] == LIMITS.per_account
        held.release()
        assert await asyncio.gather(*stuck) == [[]] * 20


@asynccontextmanager
async def waiting(call: Coroutine[Any, Any, object]) -> AsyncIterator[None]:
    """Let a call wait for its turn while the context is open."""
    task = asyncio.create_task(call)
    await asyncio.sleep(0)
    yield
    assert not task.done()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_whoever_is_over_the_rate_waits_as_long_as_the_bucket_says(
    make_accounts: Callable[..., BotoAccounts], access: AccountAccess
) -> None:
    aws = make_accounts(replace(LIMITS, rate=0.001, burst=2)).connect(access)
    for _ in range(2):
        await aws.datasync.list_tasks()
    assert aws.backlog() == 0
    async with waiting(aws.datasync.list_tasks()), waiting(aws.datasync.list_tasks()):
        assert aws.backlog() == pytest.approx(2000)


async def test_the_pace_is_the_accounts_whatever_credentials_are_used(
    make_accounts: Callable[..., BotoAccounts], access: AccountAccess
) -> None:
    accounts = make_accounts(replace(LIMITS, rate=0.001, burst=1))
    await accounts.connect(access).datasync.list_tasks()
    aws = accounts.connect(replace(access, credentials=None))
    async with waiting(aws.datasync.list_tasks()):
        assert aws.backlog() == pytest.approx(1000)
        await accounts.connect(replace(access, key="other", region="eu-west-1")).datasync.list_tasks()


async def test_after_a_throttle_calls_are_spaced_out_at_half_the_rate(
    make_accounts: Callable[..., BotoAccounts], access: AccountAccess, emulator: Emulator, account: str
) -> None:
    aws = make_accounts(replace(LIMITS, rate=0.001, burst=100, retry_delay=0.0)).connect(access)
    with emulator.fault("ListTasks", error=THROTTLE, account=account):
        call = asyncio.create_task(aws.datasync.list_tasks())

        async def is_spaced_out() -> bool:
            return 1000 < aws.backlog() <= 2000

        await eventually_async(is_spaced_out, what="the repetition waits")
    call.cancel()
    await asyncio.gather(call, return_exceptions=True)


async def found(logged: list[Any], event: str) -> Any:  # noqa: ANN401 - an event of any members
    return next((one for one in logged if one["event"] == event), None)


async def test_an_endpoint_that_holds_threads_after_its_callers_have_given_up_keeps_none_from_others(
    make_accounts: Callable[..., BotoAccounts], access: AccountAccess, canned: Canned
) -> None:
    """A thread can't be ended. While an account's are held, its further calls wait, and no other's."""
    dies, release = threading.Event(), threading.Event()

    def script(request: Request) -> Answer:
        if dies.is_set() and "dead" in request.headers["Authorization"]:
            release.wait(60)
        return Answer(body=b'{"Tasks": []}')

    canned.script = script
    accounts = make_accounts(IMPATIENT)
    dead, healthy = (
        accounts.connect(replace(access, key=key, credentials=Credentials(key, "s"))).datasync
        for key in ("dead", "healthy")
    )
    await warm(dead)
    await warm(healthy)
    dies.set()
    waiting = [asyncio.create_task(dead.list_tasks()) for _ in range(12)]
    try:
        while sum(call.done() for call in waiting) < DEAD_AT_ONCE:
            await asyncio.wait([call for call in waiting if not call.done()], return_when=asyncio.FIRST_COMPLETED)
        await warm(healthy)
        assert sum(call.done() for call in waiting) == DEAD_AT_ONCE, "the others wait for a thread"
    finally:
        release.set()
        for call in waiting:
            call.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
