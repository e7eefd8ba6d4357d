"""Which hosts may be connected to."""

from __future__ import annotations

import asyncio
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datamover_common.hosts import (
    ForbiddenHostError,
    HostPolicy,
    UnknownHostError,
    embedded,
    resolve,
)


def allows(patterns: list[str], host: str, *addresses: str) -> bool:
    """Whether a host with these addresses (none: it is an address itself) may be connected to."""
    policy = HostPolicy(patterns)
    try:
        policy.check_name(host)
        policy.check_addresses(host, [ip_address(each) for each in addresses or (host,)])
    except ForbiddenHostError:
        return False
    return True


@pytest.mark.parametrize(
    ("patterns", "host", "addresses", "allowed"),
    [
        ([], "db", ("10.0.0.1",), False),
        (["*"], "db", ("10.0.0.1",), True),
        (["db"], "db", ("10.0.0.1",), True),
        (["DB"], "db", ("10.0.0.1",), True),
        (["db"], "db.", ("10.0.0.1",), True),
        (["db"], "db2", ("10.0.0.1",), False),
        (["*.example.com"], "a.b.example.com", ("10.0.0.1",), True),
        (["*.example.com"], "example.com", ("10.0.0.1",), False),
        (["*.example.com"], "a.example.com.evil.org", ("10.0.0.1",), False),
        (["db-*-rw.team-*"], "db-1-rw.team-a", ("10.0.0.1",), True),
        (["db-*-rw.team-*"], "db-1-ro.team-a", ("10.0.0.1",), False),
        (["10.0.0.0/8"], "db", ("10.9.9.9",), True),
        (["10.0.0.0/8"], "db", ("10.9.9.9", "11.0.0.1"), False),
        (["10.0.0.1"], "10.0.0.1", (), True),
        (["10.0.0.1"], "10.0.0.2", (), False),
        (["fd00::/8"], "fd00::7", (), True),
        (["*"], "db", ("127.0.0.1",), False),
        (["db"], "db", ("127.0.0.1",), True),
        (["d*"], "db", ("127.0.0.1",), False),
        (["127.0.0.0/8"], "127.0.0.1", (), False),
        (["127.0.0.1"], "127.0.0.1", (), True),
        (["*"], "rebound", ("10.0.0.1", "169.254.169.254"), False),
        (["rebound"], "rebound", ("169.254.169.254",), False),
        (["*"], "mapped", ("::ffff:169.254.169.254",), False),
        (["*"], "sixtofour", ("2002:a9fe:a9fe::",), False),
        (["*"], "alibaba", ("100.100.100.200",), False),
        (["*"], "azure", ("168.63.129.16",), False),
        (["*"], "everybody", ("224.0.0.1",), False),
        (["*"], "nobody", ("::",), False),
        (["*"], "link", ("fe80::1",), False),
    ],
)
def test_allowed_is_what_a_pattern_names_and_no_reserved_address(
    patterns: list[str], host: str, addresses: tuple[str, ...], allowed: bool
) -> None:
    assert allows(patterns, host, *addresses) is allowed


@given(st.ip_addresses(v=4))
def test_an_address_in_other_clothes_is_the_same_address(address: object) -> None:
    for form in (f"::ffff:{address}", f"64:ff9b::{address}"):
        assert embedded(ip_address(form)) == address


@pytest.mark.parametrize(
    "host", ["1", "0", "2130706433", "0x7f000001", "0x", "127.1", "10.0.0.1.", "a.0x1f", "1.2.3.4.5"]
)
def test_a_number_is_no_name(host: str) -> None:
    """getaddrinfo would read it as an address."""
    with pytest.raises(ForbiddenHostError, match="neither a host name nor an IP address"):
        HostPolicy(["*"]).check_name(host)


def test_many_stars_cost_no_time() -> None:
    assert not allows(["*a" * 120 + "b"], "a" * 250, "10.0.0.1")


async def test_names_are_resolved_once_and_literals_not_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def getaddrinfo(host: str, port: int, **_: object) -> list[tuple[object, ...]]:
        asked.append(host)
        if host == "gone":
            raise socket.gaierror
        return [(0, 0, 0, "", ("10.0.0.1", port)), (0, 0, 0, "", ("fe80::1%eth0", port, 0, 2))]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    assert await resolve("10.0.0.9", 1) == (ip_address("10.0.0.9"),)
    assert asked == []
    assert await resolve("db", 1) == (ip_address("10.0.0.1"), ip_address("fe80::1"))
    with pytest.raises(UnknownHostError):
        await resolve("gone", 1)


async def test_names_that_nobody_answers_for_keep_no_thread_from_other_work(monkeypatch: pytest.MonkeyPatch) -> None:
    asked, over = threading.Semaphore(0), threading.Event()

    def getaddrinfo(*_: object, **__: object) -> list[tuple[object, ...]]:
        asked.release()
        over.wait(60)
        return [(0, 0, 0, "", ("10.0.0.1", 1))]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(1))
    waiting = [asyncio.create_task(resolve(f"dead-{number}", 1)) for number in range(3)]
    try:
        async with asyncio.timeout(30):
            for _ in waiting:  # each has a thread by now, and this needs one, too
                assert await asyncio.to_thread(asked.acquire, timeout=30)
    finally:
        over.set()
    for each in waiting:
        assert await each == (ip_address("10.0.0.1"),)


def test_a_name_that_only_others_resolve_needs_a_pattern_of_its_own() -> None:
    HostPolicy(["*.internal"]).check_unresolved("db.internal")
    with pytest.raises(ForbiddenHostError):
        HostPolicy(["10.0.0.0/8"]).check_unresolved("db.internal")
