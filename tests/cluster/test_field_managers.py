"""metadata.managedFields tells who wrote what."""

from __future__ import annotations

from tests.support.movers import World
from tests.support.rest import Client, s3_body
from tests.support.waiting import eventually


def managers(world: World, kind: str, name: str) -> set[str]:
    found = world.get(kind, name)
    return {each["manager"] for each in found["metadata"]["managedFields"]} if found is not None else set()


def test_each_program_writes_under_its_own_name(world: World, rest: Client) -> None:
    rest.created(s3_body("nightly"))
    (mover,) = [each["metadata"]["name"] for each in world.list("DataMover")]
    world.wait_ready(mover)
    assert managers(world, "DataMover", mover) == {"datamover-api", "datamover-operator"}
    assert rest.set_state("nightly", "start").status == 200
    (run,) = [each["metadata"]["name"] for each in world.list("DataMoverRun")]
    world.wait_phase(run, "Succeeded")
    assert managers(world, "DataMoverRun", run) == {"datamover-api", "datamover-operator"}
    eventually(lambda: "datamover-operator" in managers(world, "DataMoverAccount", world.account))
