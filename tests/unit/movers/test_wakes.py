"""What is asked for while a pass reads AWS is read by the next one: this pass may have read that part before."""

from __future__ import annotations

from itertools import count

import pytest

from datamover_operator.movers.memory import MoverMemory, Request
from tests.unit.movers.given import SPEC
from tests.unit.movers.world import World


def requests(memory: MoverMemory) -> dict[str, Request]:
    return {"everything": memory.everything, "description": memory.description}


@pytest.mark.parametrize("asked", ["everything", "description"])
@pytest.mark.parametrize("reads", ["everything", "description"])
def test_what_is_asked_for_during_a_pass_is_read_by_the_next_one(asked: str, reads: str) -> None:
    with World(SPEC) as world:
        world.settle()
        for moment in count():
            wanted = requests(world.memory)[asked]
            requests(world.memory)[reads].request()
            seen: list[str] = []

            def ask(operation: str, moment: int = moment, seen: list[str] = seen, wanted: Request = wanted) -> None:
                if len(seen) == moment:
                    wanted.request()
                seen.append(operation)

            world.sky.on_read = ask
            world.reconcile()
            if len(seen) <= moment:
                break  # every moment of a pass has been tried
            assert wanted.is_open, f"asked at {seen[moment]}, the read number {moment}"
            again: list[str] = []
            world.sky.on_read = again.append
            world.reconcile()
            assert "DescribeTask" in again
            assert not wanted.is_open
        assert moment >= (6 if reads == "everything" else 3), "a pass reads something"
