"""Who comes next where many wait for few places."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable

from hypothesis import given
from hypothesis import strategies as st

from datamover_common.fairness import FairQueue, Lane, Shares, Urgency


def anybody(_: Hashable) -> bool:
    return True


def drained(queue: FairQueue[str]) -> list[str]:
    taken = []
    while (found := queue.take(anybody)) is not None:
        taken.append(found[0])
    return taken


def test_the_urgent_come_first_and_those_of_one_share_in_order() -> None:
    queue: FairQueue[str] = FairQueue()
    for key, urgency in (("check", Urgency.CHECK), ("a", Urgency.CHANGE), ("b", Urgency.CHANGE), ("run", Urgency.RUN)):
        queue.add(key, Lane(urgency, "account"))
    assert drained(queue) == ["run", "a", "b", "check"]


def test_shares_have_turns() -> None:
    queue: FairQueue[str] = FairQueue()
    for key in ("a1", "a2", "a3", "b1", "c1"):
        queue.add(key, Lane(Urgency.CHANGE, key[0]))
    assert drained(queue) == ["a1", "b1", "c1", "a2", "a3"]


def test_what_is_least_urgent_is_not_starved() -> None:
    queue: FairQueue[str] = FairQueue()
    queue.add("check", Lane(Urgency.CHECK, "account"))
    for number in range(20):
        queue.add(f"run-{number}", Lane(Urgency.RUN, "account"))
    assert drained(queue).index("check") == 7


def test_a_key_waits_once_and_moves_to_a_more_urgent_lane() -> None:
    queue: FairQueue[str] = FairQueue()
    queue.add("x", Lane(Urgency.CHECK, "account"))
    queue.add("y", Lane(Urgency.CHANGE, "account"))
    queue.add("x", Lane(Urgency.RUN, "account"))
    assert (len(queue), queue.waiting("account")) == (2, 2)
    assert drained(queue) == ["x", "y"]


def test_a_share_that_may_not_is_passed_over() -> None:
    queue: FairQueue[str] = FairQueue()
    for key in ("a", "b"):
        queue.add(key, Lane(Urgency.CHANGE, key))
    assert queue.take(lambda share: share == "b") == ("b", Lane(Urgency.CHANGE, "b"))
    assert queue.take(lambda share: share == "b") is None
    assert "a" in queue


def test_a_share_takes_three_quarters_of_what_others_leave() -> None:
    shares = Shares(64)
    taken: Counter[str] = Counter()
    for share in ("dead-1", "dead-2", "dead-3", "healthy"):
        while shares.may_take(share):
            shares.take(share)
            taken[share] += 1
    assert taken == {"dead-1": 48, "dead-2": 12, "dead-3": 3, "healthy": 1}


@given(st.integers(1, 40), st.lists(st.tuples(st.sampled_from("abcdef"), st.booleans()), max_size=200))
def test_no_more_is_taken_than_there_is_and_all_comes_back(capacity: int, acts: list[tuple[str, bool]]) -> None:
    shares, taken = Shares(capacity), Counter[str]()
    for share, takes in acts:
        if takes and shares.may_take(share):
            shares.take(share)
            taken[share] += 1
        elif not takes and taken[share]:
            shares.give_back(share)
            taken[share] -= 1
        assert taken.total() <= capacity
    for share in list(taken.elements()):
        shares.give_back(share)
    assert shares.may_take("a")
