"""Who is let in, and who has to give way, where there is no room for all."""

from __future__ import annotations

import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datamover_api.auth.turns import CrowdedError, Turns
from datamover_api.http.crowd import Crowd
from datamover_api.http.peers import is_within, networks, peer_of
from datamover_api.http.quiet import Sparse


class Someone:
    """A connection."""

    def __init__(self, *, is_idle: bool = True) -> None:
        self.is_idle = is_idle
        self.is_dismissed = False

    def look(self, now: float) -> None:
        """Nothing to see."""

    def dismiss(self) -> None:
        self.is_dismissed = True


def crowd(most: int = 6, most_of_one: int = 3) -> Crowd:
    return Crowd(most, most_of_one, lambda host: host == "10.0.0.1")


def test_an_address_has_so_many_connections_and_a_proxy_as_many_as_there_are() -> None:
    it = crowd()
    assert [it.admit(Someone(), "192.0.2.1") for _ in range(4)] == [True, True, True, False]
    assert [it.admit(Someone(), "10.0.0.1") for _ in range(3)] == [True, True, True]


def test_the_oldest_idle_connection_of_the_most_crowded_address_gives_way() -> None:
    it = crowd()
    busy, idle = Someone(is_idle=False), Someone()
    crowded = [busy, idle, Someone()]
    others = [Someone() for _ in range(3)]
    assert all(it.admit(each, "192.0.2.1") for each in crowded)
    assert all(it.admit(each, f"192.0.2.{number}") for number, each in enumerate(others, start=10))
    assert it.admit(Someone(), "192.0.2.99")
    assert [each.is_dismissed for each in (*crowded, *others)] == [False, True, False, False, False, False]
    it.leave(idle)  # as its end is told of later
    assert len(it) == 6


def test_nobody_gives_way_to_one_of_its_own_or_where_all_are_at_work() -> None:
    it = crowd(most=2)
    assert all(it.admit(Someone(is_idle=False), "192.0.2.1") for _ in range(2))
    assert not it.admit(Someone(), "192.0.2.2")
    assert not it.admit(Someone(), "192.0.2.1")


@given(st.lists(st.tuples(st.integers(0, 3), st.booleans()), max_size=60))
def test_there_are_never_more_than_may_be(steps: list[tuple[int, bool]]) -> None:
    it, inside = crowd(), list[Someone]()
    for host, leaves in steps:
        if leaves and inside:
            it.leave(inside.pop(0))
        else:
            guest = Someone()
            inside += [guest] if it.admit(guest, f"192.0.2.{host}") else []
        inside = [each for each in inside if not each.is_dismissed]
        assert len(it) == len(inside) <= 6


async def test_turns_go_round_and_the_newest_of_the_most_crowded_gives_way() -> None:
    turns: Turns[str] = Turns(4, 3)
    assert [turns.add("a", each) for each in ("a1", "a2", "a3")] == [None, None, None]
    with pytest.raises(CrowdedError):
        turns.add("a", "a4")
    assert turns.add("b", "b1") is None
    assert turns.add("c", "c1") == "a3"
    assert turns.add("c", "c2") == "a2"
    with pytest.raises(CrowdedError):
        turns.add("c", "c3")
    assert [await turns.next() for _ in range(4)] == ["a1", "b1", "c1", "c2"]


@pytest.mark.parametrize(
    ("host", "peer"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::7", "2001:db8:1:2::/64"),
        ("", ""),
        ("x" * 100, "x" * 45),
    ],
)
def test_what_one_subscriber_has_is_one_peer(host: str, peer: str) -> None:
    assert peer_of(host) == peer


def test_proxies_are_believed_by_address_and_network() -> None:
    trusted = networks("10.0.0.0/8, 2001:db8::1,192.0.2.1")
    known = ["10.1.2.3", "::ffff:10.1.2.3", "2001:db8::1", "192.0.2.1"]
    assert [is_within(each, trusted) for each in known] == [True] * 4
    assert [is_within(each, trusted) for each in ("11.0.0.1", "2001:db8::2", "", "10.0.0.0/8")] == [False] * 4
    assert networks("") == ()


def test_few_logs_of_a_kind_are_written_in_a_minute_and_the_others_counted() -> None:
    now = 0.0
    sparse = Sparse(lambda: now)

    def written(text: str, times: int) -> list[str]:
        records = [logging.makeLogRecord({"msg": text}) for _ in range(times)]
        return [record.msg for record in records if sparse.filter(record)]

    assert written("strange", 100) == ["strange"] * 5
    assert written("another", 1) == ["another"]
    now = 60.0
    assert written("strange", 2) == ["strange (95 more were left out)", "strange"]
    now = 120.0
    assert written("strange", 1) == ["strange"]
