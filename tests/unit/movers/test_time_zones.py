"""Schedules in a time zone start at the same local time all year, as DataSync is told in UTC."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datamover_crds import DataMoverSpec, Schedule, parse
from datamover_crds.schedules import Cron
from datamover_crds.schedules import parse as parse_schedule
from datamover_operator.movers.plan.time_zones import expression_in_utc, is_time_zone
from tests.support.specs import mover

WINTER = datetime(2026, 1, 15, 12, tzinfo=UTC)
SUMMER = datetime(2026, 7, 15, 12, tzinfo=UTC)
BERLIN, KOLKATA, AUCKLAND, LA = "Europe/Berlin", "Asia/Kolkata", "Pacific/Auckland", "America/Los_Angeles"


def spec(expression: str, zone: str | None) -> DataMoverSpec:
    schedule = Schedule(schedule_expression=expression, time_zone=zone)
    return parse(DataMoverSpec, mover()["spec"]).model_copy(update={"schedule": schedule})


@pytest.mark.parametrize(
    ("expression", "zone", "now", "expected"),
    [
        ("cron(0 3 * * ? *)", BERLIN, WINTER, "cron(0 2 * * ? *)"),
        ("cron(0 3 * * ? *)", BERLIN, SUMMER, "cron(0 1 * * ? *)"),
        ("cron(30 0 * * ? *)", BERLIN, WINTER, "cron(30 23 * * ? *)"),
        ("cron(0 */6 * * ? *)", BERLIN, SUMMER, "cron(0 4,10,16,22 * * ? *)"),
        ("cron(15 * * * ? *)", KOLKATA, WINTER, "cron(45 * * * ? *)"),
        ("cron(0 9 ? * MON-FRI *)", BERLIN, WINTER, "cron(0 8 ? * MON-FRI *)"),
        ("cron(0 0 ? * MON-FRI *)", BERLIN, WINTER, "cron(0 23 ? * 1,2,3,4,5 *)"),
        ("cron(0 0 ? * SUN *)", BERLIN, WINTER, "cron(0 23 ? * 7 *)"),
        ("cron(0 20 ? * SAT *)", LA, WINTER, "cron(0 4 ? * 1 *)"),
        ("cron(0 3 1 * ? *)", BERLIN, WINTER, "cron(0 2 1 * ? *)"),
        ("cron(0 0 1 * ? *)", BERLIN, WINTER, "cron(0 23 31 1 ? 2026)"),
        ("cron(0 0 L * ? *)", BERLIN, WINTER, "cron(0 23 30 1 ? 2026)"),
        ("cron(0 0 ? * 2#1 *)", BERLIN, WINTER, "cron(0 23 1 2 ? 2026)"),
        ("cron(0 1,13 ? * MON *)", AUCKLAND, WINTER, "cron(0 12 18 1 ? 2026)"),
        ("cron(0 3 * * ? *)", "UTC", WINTER, "cron(0 3 * * ? *)"),
        ("cron(0 3 * * ? *)", None, WINTER, None),
        ("cron(0 3 * * ? 2020)", BERLIN, WINTER, None),
        ("cron(0 3 * * ? *)", "Mars/Olympus", WINTER, None),
    ],
)
def test_what_datasync_is_told(expression: str, zone: str | None, now: datetime, expected: str | None) -> None:
    assert expression_in_utc(spec(expression, zone), now) == expected


@pytest.mark.parametrize("name", ["../etc/passwd", "/etc/localtime", "Europe", "", "Europe/Nowhere", "x" * 64])
def test_what_is_no_time_zone(name: str) -> None:
    assert not is_time_zone(name)


@pytest.mark.parametrize(
    ("expression", "first", "local"),
    [
        # Berlin: the clocks go from 02:00 to 03:00 on 29 March 2026, and from 03:00 to 02:00 on 25 October.
        ("cron(0 3 * * ? *)", datetime(2026, 3, 27, tzinfo=UTC), ["27 03:00", "28 03:00", "29 03:00", "30 03:00"]),
        ("cron(30 2 * * ? *)", datetime(2026, 3, 27, tzinfo=UTC), ["27 02:30", "28 02:30", "29 03:30", "30 02:30"]),
        ("cron(0 3 * * ? *)", datetime(2026, 10, 23, 3, tzinfo=UTC), ["24 03:00", "25 03:00", "26 03:00"]),
        ("cron(30 2 * * ? *)", datetime(2026, 10, 23, 3, tzinfo=UTC), ["24 02:30", "25 02:30", "26 02:30"]),
    ],
)
def test_the_starts_over_a_change_of_the_clocks(expression: str, first: datetime, local: list[str]) -> None:
    """DataSync fires what it was told after the start before."""
    now, starts = first, []
    for _ in local:
        cron = parse_schedule(str(expression_in_utc(spec(expression, BERLIN), now)))
        start = cron.after(now, now)
        assert start is not None
        starts.append(start.astimezone(ZoneInfo(BERLIN)).strftime("%d %H:%M"))
        now = start + timedelta(seconds=20)
    assert starts == local


ZONES = st.sampled_from([BERLIN, KOLKATA, AUCKLAND, LA, "America/St_Johns", "Australia/Lord_Howe", "UTC"])
EXPRESSIONS = st.sampled_from(
    ["cron(0 3 * * ? *)", "cron(30 0,12 ? * MON-FRI *)", "cron(15 23 1,15 * ? *)", "cron(0 0 ? * 6L *)"]
)


@given(ZONES, EXPRESSIONS, st.datetimes(datetime(2024, 1, 1), datetime(2035, 1, 1)))  # noqa: DTZ001 - made aware below
@settings(max_examples=300, deadline=None, database=None)
def test_the_next_start_is_the_one_that_the_zone_means(zone: str, expression: str, moment: datetime) -> None:
    now = moment.replace(tzinfo=UTC)
    told = expression_in_utc(spec(expression, zone), now)
    assert told is not None
    start = parse_schedule(told).after(now, now)
    assert start is not None
    local = start.astimezone(ZoneInfo(zone))
    cron = parse_schedule(expression)
    assert isinstance(cron, Cron)
    wall = local.replace(tzinfo=UTC)
    is_named = (wall.minute, wall.hour) in {(cron.minute, hour) for hour in cron.hours} and cron.is_due_on(wall.date())
    is_skipped = local.replace(tzinfo=ZoneInfo(zone)).utcoffset() != (local - timedelta(hours=2)).utcoffset()
    assert is_named or is_skipped
    assert local.date() - now.astimezone(ZoneInfo(zone)).date() <= timedelta(days=36)
