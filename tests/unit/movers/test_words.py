"""What stands in kubectl's columns: short, with both ends of what is long."""

from __future__ import annotations

import pytest

from datamover_operator.movers.plan.words import SCHEDULE_WIDTH, WIDTH, short_schedule, short_uri
from tests.unit.movers.given import spec
from tests.unit.movers.world import World


@pytest.mark.parametrize(
    ("uri", "shown"),
    [
        ("s3://demo-source/library/", "s3://demo-source/library/"),
        ("s3://demo-source/library/2026/11/28/", "s3://demo-so…y/2026/11/28/"),
        ("efs://eu-central-1.fs-0123456789abcdef0/", "efs://fs-0123456789abcdef0"),
        ("fsxw://eu-central-1.fs-0123456789abcdef0/share/", "fsxw://fs-01…abcdef0/share"),
        ("smb://files.example.com/reports/", "smb://files.….com/reports/"),
        ("nonsense", "nonsense"),
    ],
)
def test_a_uri_is_cut_in_its_middle(uri: str, shown: str) -> None:
    assert short_uri(uri) == shown
    assert len(shown) <= WIDTH


@pytest.mark.parametrize(
    ("expression", "shown"),
    [
        ("cron(0 2 * * ? *)", "0 2 * * ? *"),
        ("cron(0 8,20 ? * MON-FRI *)", "0 8,2…-FRI *"),
        ("rate(1 hour)", "every 1h"),
        ("rate(12 hours)", "every 12h"),
        ("rate(90 minutes)", "every 90m"),
        ("rate(7 days)", "every 7d"),
        ("rate(100000000 minutes)", "every…00000m"),
        ("nonsense", "nonsense"),
    ],
)
def test_a_schedule_is_shown_as_those_of_cron_jobs_are(expression: str, shown: str) -> None:
    assert short_schedule(expression) == shown
    assert len(shown) <= SCHEDULE_WIDTH


@pytest.mark.parametrize("suspend", [False, True])
def test_a_suspended_mover_shows_its_schedule_and_no_next_start(suspend: bool) -> None:
    with World(spec(suspend=suspend, schedule={"scheduleExpression": "rate(1 hour)"})) as world:
        world.settle()
        words = world.mover.status.in_words
        assert words is not None
        assert words.schedule == "every 1h"
        assert (words.next is None) == suspend
