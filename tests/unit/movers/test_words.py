"""What stands in kubectl's columns: short, with both ends of what is long."""

from __future__ import annotations

import pytest

from datamover_operator.movers.plan.words import WIDTH, short_uri
from tests.unit.movers.given import spec
from tests.unit.movers.world import World


@pytest.mark.parametrize(
    ("uri", "shown"),
    [
        ("s3://demo-source/library/", "s3://demo-source/library/"),
        ("s3://demo-source/library/2026/11/28/", "s3://demo-sou…y/2026/11/28/"),
        ("efs://eu-central-1.fs-0123456789abcdef0/", "efs://fs-0123456789abcdef0/"),
        ("fsxw://eu-central-1.fs-0123456789abcdef0/share/", "fsxw://fs-012…bcdef0/share/"),
        ("smb://files.example.com/reports/", "smb://files.e….com/reports/"),
        ("nonsense", "nonsense"),
    ],
)
def test_a_uri_is_cut_in_its_middle(uri: str, shown: str) -> None:
    assert short_uri(uri) == shown
    assert len(shown) <= WIDTH


@pytest.mark.parametrize(("suspend", "schedule"), [(False, "rate(1 hour)"), (True, "suspended")])
def test_columns_show_the_schedule_while_it_counts(suspend: bool, schedule: str) -> None:
    with World(spec(suspend=suspend, schedule={"scheduleExpression": "rate(1 hour)"})) as world:
        world.settle()
        words = world.mover.status.in_words
        assert words is not None
        assert words.schedule == schedule
