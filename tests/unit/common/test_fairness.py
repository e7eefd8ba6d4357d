"""Who comes next where many wait for few places."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from datamover_common.fairness import FairQueue, Lane, Shares, Taken, Urgency


def anybody(_: Lane) -> bool:
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
    assert queue.take(lambda lane: lane.share == "b") == ("b", Lane(Urgency.CHANGE, "b"))
    assert queue.take(lambda lane: lane.share == "b") is None
    assert "a" in queue


SLOW = 5.0


def of(capacity: int) -> Shares:
    return Shares(capacity, SLOW)


def filled(shares: Shares, *lanes: Lane, now: float = 0.0) -> list[int]:
    """Take all places that each lane may have, one lane after the other; return how many those were."""
    taken = [0] * len(lanes)
    for number, lane in enumerate(lanes):
        while shares.may_take(lane, now):
            shares.take(lane, now)
            taken[number] += 1
    return taken


DEAD = [Lane(Urgency.RUN, f"dead-{number}") for number in range(30)]
HEALTHY = Lane(Urgency.RUN, "healthy")


def test_all_that_have_kept_a_place_for_long_share_three_quarters() -> None:
    shares = of(64)
    for lane in DEAD:
        shares.give_back(shares.take(lane, 0.0), SLOW + 1)
    assert sum(filled(shares, *DEAD)) == 48
    assert filled(shares, HEALTHY) == [12]


def test_who_keeps_a_place_for_long_is_slow_before_he_leaves_it() -> None:
    shares = of(64)
    for lane in DEAD:
        shares.take(lane, 0.0)
    later = SLOW + 1
    assert sum(filled(shares, *DEAD, now=later)) == 48 - len(DEAD)
    assert filled(shares, HEALTHY, now=later) == [12]


def test_who_leaves_a_place_soon_is_slow_no_longer() -> None:
    shares = of(64)
    for lane in DEAD:
        shares.give_back(shares.take(lane, 0.0), SLOW + 1)
    shares.give_back(shares.take(DEAD[0], 10.0), 10.1)
    assert sum(filled(shares, *DEAD[1:], now=10.2)) == 48
    assert filled(shares, DEAD[0], now=10.2) == [12]


def test_a_share_takes_three_quarters_of_what_others_leave() -> None:
    lanes = [Lane(Urgency.RUN, share) for share in ("dead-1", "dead-2", "dead-3", "healthy")]
    assert filled(of(64), *lanes) == [48, 12, 3, 1]


def test_what_is_no_run_leaves_a_quarter_to_runs() -> None:
    movers = [Lane(Urgency.CHANGE, share) for share in ("dead-1", "dead-2", "healthy")]
    runs = [Lane(Urgency.RUN, share) for share in ("dead-1", "dead-2", "healthy", "other")]
    assert filled(of(64), *movers, *runs) == [36, 9, 2, 3, 8, 4, 1]


def test_a_single_place_is_everybodys() -> None:
    for urgency in Urgency:
        assert filled(of(1), Lane(urgency, "account")) == [1]


@given(
    st.integers(1, 40),
    st.lists(st.tuples(st.sampled_from("abcdef"), st.sampled_from(Urgency), st.booleans(), st.integers(0, 9))),
)
def test_no_more_is_taken_than_there_is_and_all_comes_back(
    capacity: int, acts: list[tuple[str, Urgency, bool, int]]
) -> None:
    shares, held, now = of(capacity), list[Taken](), 0.0
    for share, urgency, takes, passes in acts:
        lane, now = Lane(urgency, share), now + passes
        if takes and shares.may_take(lane, now):
            held.append(shares.take(lane, now))
        elif not takes and held:
            shares.give_back(held.pop(0), now)
        assert len(held) <= capacity
    for taken in held:
        shares.give_back(taken, now)
    lanes = [Lane(Urgency.RUN, share) for share in "abcdef"]
    assert all(shares.may_take(lane, now) for lane in lanes)
    assert filled(shares, Lane(Urgency.RUN, "new")) == [max(1, capacity * 3 // 4)], "nothing is left behind"
