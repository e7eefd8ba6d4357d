"""Where notifications may go: what the setting allows, at checked addresses, without redirects."""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Iterator

import pytest

from datamover_common.hosts import HostPolicy
from datamover_operator.notifications import sending
from datamover_operator.notifications.plan.deliveries import Outcome
from datamover_operator.notifications.sending import WebhookSender
from tests.support.receiver import ReceiverServer, receiving


@pytest.fixture
def server() -> Iterator[ReceiverServer]:
    with receiving() as running:
        yield running


async def post(url: str, *patterns: str, seconds: float = 20) -> Outcome:
    async with WebhookSender(HostPolicy(patterns, "webhookHosts")) as sender:
        return await sender.post(url, '{"a":1}', {"webhook-id": "msg_1"}, seconds)


@pytest.mark.parametrize(
    ("status", "problem", "is_final"),
    [
        (204, None, False),
        (200, None, False),
        (500, "HTTP 500", False),
        (404, "HTTP 404", False),
        (410, "gone for good", True),
        (307, "redirects are not followed", False),
    ],
)
async def test_the_answer_tells_whether_it_was_taken(
    server: ReceiverServer, status: int, problem: str | None, is_final: bool
) -> None:
    server.answers["/a"] = [status]
    outcome = await post(f"{server.url}/a", "127.0.0.1")
    assert (outcome.problem is None) is (problem is None)
    assert (problem or "") in (outcome.problem or "")
    assert outcome.is_final is is_final
    assert [(call.path, call.body, call.headers["webhook-id"]) for call in server.calls] == [("/a", '{"a":1}', "msg_1")]


@pytest.mark.parametrize(
    ("url", "patterns"),
    [
        ("http://127.0.0.1:1/", ()),
        ("http://127.0.0.1:1/", ("*",)),
        ("http://localhost:1/", ("*",)),
        ("http://[::1]:1/", ("*",)),
        ("http://169.254.169.254/latest", ("*", "169.254.169.254", "169.254.0.0/16")),
        ("http://[fd00:ec2::254]/", ("*", "fd00:ec2::254")),
        ("http://[::ffff:169.254.169.254]/", ("*",)),
        ("http://2852039166/", ("*",)),
        ("http://0x7f.1/", ("*",)),
        ("http://10.0.0.1/", ("*.example.com",)),
        ("https://evil.com/", ("*.example.com",)),
        ("ftp://example.com/", ("*",)),
        ("http:///nothing", ("*",)),
    ],
)
async def test_other_addresses_are_refused_for_good(url: str, patterns: tuple[str, ...]) -> None:
    outcome = await post(url, *patterns)
    assert outcome.problem is not None
    assert outcome.is_final, outcome


async def test_a_name_is_checked_by_where_it_leads_at_the_moment_of_connecting(
    server: ReceiverServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name that led to a public address a moment ago may lead to the metadata service now."""
    answers = iter(["127.0.0.1", "169.254.169.254"])

    async def resolve(_host: str, _port: int) -> tuple[ipaddress.IPv4Address, ...]:
        return (ipaddress.IPv4Address(next(answers)),)

    monkeypatch.setattr(sending, "resolve", resolve)
    url = f"{server.url.replace('127.0.0.1', 'hooks.example.com')}/a"
    async with WebhookSender(HostPolicy(("hooks.example.com", "127.0.0.1"), "webhookHosts")) as sender:
        assert await sender.post(url, "{}", {}, 20) == Outcome()
        second = await sender.post(url, "{}", {}, 20)
    assert second.is_final
    assert "169.254.169.254" in str(second.problem)
    assert len(server.calls) == 1


async def test_a_receiver_that_hangs_is_given_up_and_delays_no_other(server: ReceiverServer) -> None:
    async with WebhookSender(HostPolicy(("127.0.0.1",), "webhookHosts")) as sender:
        hanging = [asyncio.create_task(sender.post(f"{server.url}/hang", "{}", {}, 300)) for _ in range(3)]
        assert await sender.post(f"{server.url}/a", "{}", {}, 60) == Outcome()
        assert not any(task.done() for task in hanging)
        late = await sender.post(f"{server.url}/hang", "{}", {}, 0.05)
        assert late.problem == "the receiver did not answer within 0.05 s"
        for task in hanging:
            task.cancel()
        await asyncio.gather(*hanging, return_exceptions=True)


async def test_what_can_not_be_reached_is_told_without_the_url(server: ReceiverServer) -> None:
    outcome = await post("http://127.0.0.1:9/secret-path", "127.0.0.1")
    assert "secret-path" not in str(outcome.problem)
    assert not outcome.is_final
