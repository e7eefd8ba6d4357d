"""What a mover's status says in one word, which start was refused, and what its Events tell of changes in AWS."""

from __future__ import annotations

from typing import Any

import pytest

from datamover_crds import DataMoverRun, parse
from datamover_crds.contract import is_true
from datamover_operator.movers.plan.state import START_REFUSED, refused_start
from tests.support.specs import run
from tests.unit.movers.given import spec
from tests.unit.movers.world import World

Json = dict[str, Any]
STALLED = {
    "type": "Stalled",
    "status": "True",
    "reason": "R",
    "message": "m",
    "lastTransitionTime": "2026-01-31T12:00:05Z",
}


def made(name: str, **status: object) -> DataMoverRun:
    sample = run()
    return parse(DataMoverRun, sample | {"metadata": sample["metadata"] | {"name": name}, "status": status})


BUSY = made("busy", phase="Rejected", reason="AlreadyRunning", completionTime="2026-01-31T12:00:03Z")
REFUSED = made("refused", phase="Pending", conditions=[STALLED])
WAITS = made("waits", phase="Pending")
NEWER = made("newer", phase="Rejected", reason="Superseded", completionTime="2026-01-31T12:00:09Z")
BEFORE = made("before", phase="Succeeded", startTime="2026-01-31T12:00:01Z")
BUSY_THEN = made("busy then", phase="Rejected", reason="AlreadyRunning", completionTime="2026-01-31T12:00:03.293Z")
JUST_BEFORE = made("just before", phase="Launching", startTime="2026-01-31T12:00:03.292Z")
JUST_AFTER = made("just after", phase="Launching", startTime="2026-01-31T12:00:03.301Z")
SINCE = made("since", phase="Launching", startTime="2026-01-31T12:00:07Z")


@pytest.mark.parametrize(
    ("runs", "refused"),
    [
        ((), None),
        ((BUSY,), "busy"),
        ((BUSY, BEFORE), "busy"),
        ((BUSY, JUST_BEFORE), "busy"),
        ((BUSY_THEN, JUST_BEFORE), "busy then"),
        ((BUSY_THEN, JUST_BEFORE, JUST_AFTER), None),
        ((BUSY, REFUSED), "refused"),
        ((BUSY, REFUSED, SINCE), None),
        ((WAITS, NEWER, BEFORE), None),
    ],
)
def test_the_last_start_is_refused_until_there_is_another(runs: tuple[DataMoverRun, ...], refused: str | None) -> None:
    found = refused_start(runs)
    assert (found.metadata.name if found is not None else None) == refused


def test_status_shows_uris_and_the_state() -> None:
    with World(spec(suspend=True)) as world:
        world.settle()
        status = world.mover.status
        assert (status.state, status.source_uri) == ("Suspended", world.mover.spec.source.declared.uri)
        assert not is_true(status.conditions, START_REFUSED)


def test_events_tell_which_fields_were_applied_and_what_was_deleted() -> None:
    declared = spec()
    with World(declared) as world:
        world.settle()
        world.told.events.clear()
        world.change({**declared, "options": {"verifyMode": "NONE"}, "tags": [{"key": "team", "value": "data"}]})
        world.settle()
        applied = [note for reason, note in world.told.events if reason == "SpecApplied"]
        assert applied == ["changed in AWS: spec.options.verifyMode, spec.tags"]
        world.told.events.clear()
        world.delete()
        world.settle()
        deleted = [note.partition(" ")[0] for reason, note in world.told.events if reason == "Deleted"]
        assert deleted == ["task", "location", "location", "role", "role"]


def test_an_event_tells_what_others_have_changed() -> None:
    with World(spec(options={"verifyMode": "NONE"})) as world:
        world.settle()
        world.told.events.clear()
        options: Any = world.sky.of("task")[0].described["options"]
        options["verifyMode"] = "POINT_IN_TIME_CONSISTENT"
        world.look_closely()
        world.settle()
        assert ("DriftRepaired", "somebody else had changed spec.options.verifyMode") in world.told.events
