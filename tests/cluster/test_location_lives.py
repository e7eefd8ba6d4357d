"""Each type's sample on the whole stack: created, run, edited, replaced, drifted, deleted, with nothing left over."""

from __future__ import annotations

import pytest

from datamover_crds import LOCATIONS
from tests.support.location_lives import LIVES, Life
from tests.support.location_worlds import LocationWorld, open_account
from tests.support.movers import NOTHING, World
from tests.support.operator_process import Operators

BYTES = {"a.dat": b"alpha", "deep/b.bin": bytes(range(256)) * 40}


def test_there_is_a_life_for_every_type() -> None:
    assert [life.name for life in LIVES] == list(LOCATIONS)


@pytest.mark.parametrize("life", LIVES, ids=str)
def test_the_sample_lives_from_its_creation_to_its_deletion(world: World, operator: Operators, life: Life) -> None:
    open_account(world)
    there = LocationWorld(world, life)
    there.put(life.folder, BYTES)
    operator(bulk_interval_seconds=1)
    there.apply()
    made = world.wait_ready(there.mover)["status"]
    there.run("first")
    assert there.moved(life.folder) == BYTES

    more = BYTES | {"c.dat": b"charlie"}
    there.put(life.edited, more)
    there.change(life.edit)
    edited = world.wait_ready(there.mover)["status"]
    assert there.arns(edited) == there.arns(made), "in place"
    there.run("second")
    assert there.moved(life.edited) == more

    uri = there.uri()
    there.stray()
    there.wait_uri(uri)

    there.replace()
    replaced = world.wait_ready(there.mover)["status"]
    assert there.arns(replaced).isdisjoint({edited["taskArn"], edited[f"{life.side}LocationArn"]})
    assert len(world.leftovers()["tasks"]) == 1
    assert len(world.leftovers()["locations"]) == 2

    world.delete("DataMover", there.mover)
    world.wait_gone("DataMover", there.mover)
    assert world.leftovers() == NOTHING
