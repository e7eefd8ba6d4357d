"""What holds of a table sync's life, whatever happens in it (I1 to I5): crashes, and hands in the databases.

The worlds check at every statement that what is written can be found again, that no rows are removed or mixed that may
not be, and that no change is missed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import count

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from datamover_crds import dump
from datamover_operator.postgres.state import Publication
from tests.unit.movers.sky import CrashError
from tests.unit.tablesyncs.servers import gone
from tests.unit.tablesyncs.world import World, database

LONG = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
NOTHING = {"old": (0, 0, 0), "new": (0, 0, 0), "old2": (0, 0, 0), "new2": (0, 0, 0)}
Deed = Callable[[World], None]
_tokens = count()


@dataclass(frozen=True)
class Fault:
    """What happens at one of the next statements, counted from 0."""

    at: int
    is_after: bool
    is_crash: bool


def _named(name: str, deed: Deed) -> Deed:
    deed.__name__ = name
    return deed


def _change(**members: object) -> Deed:
    return _named(f"change {members}", lambda world: world.change(**members))


def _resync(world: World) -> None:
    world.change(resync=f"token-{next(_tokens)}")


def _write(world: World) -> None:
    for each in world.servers.databases.values():
        each.position += 100


def _up(host: str, *, is_up: bool) -> Deed:
    def switch(world: World) -> None:
        world.servers.databases[host].is_up = is_up

    return _named(f"{host} {'up' if is_up else 'down'}", switch)


def _conflict(world: World) -> None:
    world.servers.databases["new"].has_conflict = True
    _write(world)


def _disable(world: World) -> None:
    for each in world.servers.databases["new"].subscriptions.values():
        each.state = replace(each.state, enabled=False)


def _drop_subscription(world: World) -> None:
    there = world.servers.databases["new"]
    for name in list(there.subscriptions):
        there.left |= there.subscriptions.pop(name).state.tables.keys()


def _drop_slot(world: World) -> None:
    world.servers.databases["old"].slots.clear()


def _alter_publication(world: World) -> None:
    there = world.servers.databases["old"]
    for name, each in there.publications.items():
        there.publications[name] = Publication(name, each.comment, "altered")


def _wipe(world: World) -> None:
    world.wipe_status()


def _forge(world: World) -> None:
    """Somebody else writes the status: other databases, none that is to be cleaned, a copy that never began."""
    status = world.sync.status
    if status.source is None or status.destination is None:
        return
    ends = {"source": dump(status.source) | {"id": "9/9"}, "destination": dump(status.destination) | {"id": "8/8"}}
    world.write_status(ends | {"copyStartTime": "2025-01-01T00:00:00Z", "subscriptionId": 1, "observedGeneration": 1})


DEEDS = st.sampled_from(
    [
        _change(tables=[{"name": "orders"}]),
        _change(tables=[{"name": "orders"}, {"name": "items"}, {"name": "extra"}]),
        _change(suspend=True),
        _change(suspend=False),
        _change(mode="Interval"),
        _change(mode="Continuous"),
        _change(source=database("old2")),
        _change(source=database("old")),
        _change(destination=database("new2")),
        _change(destination=database("new")),
        *(_up(host, is_up=is_up) for host in ("old", "new", "old2", "new2") for is_up in (True, False)),
        _resync,
        _write,
        _conflict,
        _disable,
        _drop_subscription,
        _drop_slot,
        _alter_publication,
        _wipe,
        _forge,
    ]
)
FAULTS = st.lists(st.builds(Fault, st.integers(0, 12), st.booleans(), st.booleans()), max_size=3)
STORIES = st.lists(st.tuples(DEEDS, FAULTS), max_size=6)
Story = list[tuple[Deed, list[Fault]]]


@contextmanager
def disturbed(world: World, faults: list[Fault]) -> Iterator[None]:
    """Have the faults happen, each once."""
    left, seen, check = list(faults), count(), world.servers.before

    def strike(*, is_after: bool, number: int, action: str) -> None:
        for fault in left:
            if (fault.at, fault.is_after) == (number, is_after):
                left.remove(fault)
                raise CrashError if fault.is_crash else gone("source", action)

    numbers = [0]

    def before(action: str) -> None:
        check(action)
        numbers[0] = next(seen)
        strike(is_after=False, number=numbers[0], action=action)

    world.servers.before = before
    world.servers.after = lambda action: strike(is_after=True, number=numbers[0], action=action)
    try:
        yield
    finally:
        world.servers.before, world.servers.after = check, lambda _: None


def settle(world: World, faults: list[Fault]) -> str:
    with disturbed(world, faults):
        return world.settle()


def live(world: World, story: Story) -> None:
    for deed, faults in story:
        deed(world)
        settle(world, faults)


def calm(world: World) -> None:
    """Nothing stands in the way any more."""
    for each in world.servers.databases.values():
        each.is_up, each.has_conflict = True, False
    for _ in range(3):
        world.pass_time(700)
        world.settle()


def come_to_rest(world: World) -> str:
    calm(world)
    if world.reason in {"SlotLost", "SubscriptionLost", "RowsExist"}:
        world.change(resync=f"token-{next(_tokens)}", existingRows="Truncate")
        calm(world)
    return world.settle()


@LONG
@given(FAULTS, STORIES)
def test_it_ends_as_declared_and_stays_silent_then(faults: list[Fault], story: Story) -> None:
    with World() as world:
        settle(world, faults)
        live(world, story)
        world.change(suspend=False)  # while suspended, which tables there are is not asked of the source
        assert come_to_rest(world) == "Ready", world.sync.status.conditions

        spec = world.sync.spec
        assert spec.source.postgresql is not None
        assert spec.destination.postgresql is not None
        source, destination = spec.source.postgresql.host, spec.destination.postgresql.host
        assert world.counts() == NOTHING | {source: (2, 1, 0), destination: (0, 0, 1)}
        (subscribed,) = world.servers.databases[destination].subscriptions.values()
        assert subscribed.source == source
        assert set(subscribed.state.tables) == {table.key for table in spec.tables}
        assert world.servers.most_connections <= 2

        if spec.mode == "Continuous":
            changes, writes, status = len(world.servers.changes), len(world.kube.writes), world.sync.status
            for _ in range(4):
                world.pass_time(60)
                world.settle()
            world.restart()
            world.settle()
            assert world.servers.changes[changes:] == []
            assert world.kube.writes[writes:] == []
            assert world.sync.status == status


@LONG
@given(FAULTS, STORIES, FAULTS)
def test_deletion_leaves_nothing(faults: list[Fault], story: Story, last: list[Fault]) -> None:
    with World() as world:
        settle(world, faults)
        live(world, story)
        world.delete()
        if settle(world, last) != "Gone":
            calm(world)
        assert world.settle() == "Gone"
        assert world.counts() == NOTHING


@LONG
@given(FAULTS, STORIES, FAULTS, st.booleans())
def test_a_migration_ends_completed_and_leaves_nothing_but_rows(
    faults: list[Fault], story: Story, last: list[Fault], is_promoted: bool
) -> None:
    with World() as world:
        settle(world, faults)
        live(world, story)
        come_to_rest(world)
        world.change(suspend=False, **({"promote": True} if is_promoted else {"mode": "Once"}))
        settle(world, last)
        calm(world)
        assert (world.settle(), world.sync.status.phase) == ("Ready", "Completed"), world.sync.status.conditions
        assert world.counts() == NOTHING
        assert {each.verified for each in world.sync.status.tables} <= {"Equal", None}
        assert "set 2 sequences" in " ".join(world.servers.changes) or len(world.sync.spec.tables) != 2

        changes, writes = len(world.servers.changes), len(world.kube.writes)
        world.pass_time(700)
        world.settle()
        assert (world.servers.changes[changes:], world.kube.writes[writes:]) == ([], [])


@LONG
@given(FAULTS, st.sampled_from(["Refuse", "Keep", "Truncate"]))
def test_rows_that_exist_are_the_users(faults: list[Fault], policy: str) -> None:
    """Servers checks what happens to the rows; here, that a refusal writes nothing at all."""
    with World() as world:
        world.servers.databases["new"].tables = dict(world.servers.databases["old"].tables)
        world.servers.databases["new"].theirs = {("public", "orders")}
        world.change(existingRows=policy)
        settle(world, faults)
        calm(world)
        if policy == "Refuse":
            assert (world.settle(), world.reason) == ("Stalled", "RowsExist")
            assert world.servers.changes == []
            assert world.counts() == NOTHING
        else:
            assert world.settle() == "Ready"
