"""What an update is made of, where the properties' specs do not reach."""

from __future__ import annotations

import pytest

from datamover_crds import DataMover, DataMoverSpec, JsonObject, parse
from datamover_operator.movers.plan.diff import task_change
from tests.support.specs import mover
from tests.unit.movers.given import Spec

GROUP = "arn:aws:logs:eu-central-1:111122223333:log-group:/aws/datasync"
NIGHTLY = "cron(0 4 * * ? *)"
ENABLED: JsonObject = {"scheduleExpression": NIGHTLY, "status": "ENABLED"}
DISABLED: JsonObject = ENABLED | {"status": "DISABLED"}


def declared(**members: object) -> DataMoverSpec:
    return parse(DataMover, mover("m", **members)).spec


def change(spec: DataMoverSpec, described: JsonObject, *removed: str) -> JsonObject | None:
    """What is to be changed of a task that has the right name and no options, options apart."""
    named: JsonObject = {"name": "m", "options": {}}
    found = task_change(spec, "m", named | described, removed, "posix")
    return {key: value for key, value in found.items() if key != "options"} if found is not None else None


@pytest.mark.parametrize(
    ("members", "described", "removed", "expected"),
    [
        ({"cloudWatchLogGroupArn": GROUP}, {}, (), {"cloudWatchLogGroupArn": GROUP}),
        ({"cloudWatchLogGroupArn": GROUP}, {"cloudWatchLogGroupArn": f"{GROUP}:*"}, (), None),
        ({"cloudWatchLogGroupArn": f"{GROUP}:*"}, {"cloudWatchLogGroupArn": GROUP}, (), None),
        ({}, {"cloudWatchLogGroupArn": GROUP}, (), None),
        ({}, {"schedule": ENABLED}, (), None),
        ({}, {"schedule": ENABLED}, ("schedule",), {"schedule": {"scheduleExpression": ""}}),
        ({"suspend": True}, {"schedule": DISABLED}, ("schedule.status",), None),
        ({}, {"schedule": DISABLED}, (), None),
        ({}, {"schedule": DISABLED}, ("schedule.status",), {"schedule": ENABLED}),
        ({}, {}, ("schedule.status",), None),
        ({}, {"schedule": DISABLED, "scheduleDetails": {"disabledBy": "SERVICE"}}, ("schedule.status",), None),
        ({"suspend": True}, {"schedule": {"scheduleExpression": ""}}, ("schedule",), None),
        ({"schedule": {"scheduleExpression": NIGHTLY}}, {"schedule": {"scheduleExpression": NIGHTLY}}, (), None),
        ({"schedule": {"scheduleExpression": NIGHTLY}}, {}, (), {"schedule": ENABLED}),
        ({"schedule": {"scheduleExpression": NIGHTLY}}, {"schedule": DISABLED}, (), {"schedule": ENABLED}),
        (
            {"schedule": {"scheduleExpression": NIGHTLY}},
            {"schedule": DISABLED, "scheduleDetails": {"disabledBy": "SERVICE"}},
            (),
            None,
        ),
        (
            {"schedule": {"scheduleExpression": "rate(1 day)"}},
            {"schedule": DISABLED, "scheduleDetails": {"disabledBy": "SERVICE"}},
            (),
            {"schedule": {"scheduleExpression": "rate(1 day)", "status": "DISABLED"}},
        ),
        (
            {"schedule": {"scheduleExpression": NIGHTLY}},
            {"schedule": DISABLED, "scheduleDetails": {"disabledBy": "USER"}},
            (),
            {"schedule": ENABLED},
        ),
    ],
)
def test_what_is_changed_of_a_task(
    members: Spec, described: JsonObject, removed: tuple[str, ...], expected: JsonObject | None
) -> None:
    assert change(declared(**members), described, *removed) == expected


def test_an_update_carries_every_option() -> None:
    spec = declared(options={"logLevel": "BASIC"})
    described: JsonObject = {"name": "m", "options": {"logLevel": "OFF", "uid": "NONE"}}
    assert task_change(spec, "m", described, (), "posix") == {"options": {"logLevel": "BASIC", "uid": "NONE"}}
