"""The filters of the listings."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from datasync_emulator.catalogue.filters import matcher
from datasync_emulator.errors import ApiError

RECORD = {
    "LocationUri": "s3://data/in/",
    "LocationId": ("loc-1", "loc-2"),
    "CreationTime": datetime(2024, 5, 1, 12, tzinfo=UTC),
}


@pytest.mark.parametrize(
    ("name", "operator", "values", "matches"),
    [
        ("LocationUri", "Equals", ["s3://data/in/"], True),
        ("LocationUri", "Equals", ["s3://data/"], False),
        ("LocationUri", "NotEquals", ["s3://data/"], True),
        ("LocationUri", "NotEquals", ["s3://data/", "s3://data/in/"], False),
        ("LocationUri", "In", ["x", "s3://data/in/"], True),
        ("LocationUri", "Contains", ["data"], True),
        ("LocationUri", "NotContains", ["data"], False),
        ("LocationUri", "BeginsWith", ["s3://"], True),
        ("LocationUri", "BeginsWith", ["data"], False),
        ("LocationUri", "GreaterThan", ["s2"], True),
        ("LocationId", "Equals", ["loc-2"], True),
        ("LocationId", "Equals", ["loc-3"], False),
        ("LocationId", "NotEquals", ["loc-2"], False),
        ("LocationId", "NotEquals", ["loc-3"], True),
        ("CreationTime", "Equals", ["2024-05-01T12:00:00Z"], True),
        ("CreationTime", "Equals", ["2024-05-01T14:00:00+02:00"], True),
        ("CreationTime", "NotEquals", ["2024-05-01T12:00:00Z"], False),
        ("CreationTime", "LessThan", ["2024-05-01T12:00:00Z"], False),
        ("CreationTime", "LessThanOrEqual", ["2024-05-01T12:00:00"], True),
        ("CreationTime", "GreaterThan", ["2024-05-01"], True),
        ("CreationTime", "GreaterThanOrEqual", ["2024-05-02"], False),
    ],
)
def test_one_filter(name: str, operator: str, values: list[str], *, matches: bool) -> None:
    assert matcher([{"Name": name, "Operator": operator, "Values": values}])(RECORD) is matches


def test_all_filters_must_hold() -> None:
    yes = {"Name": "LocationUri", "Operator": "Contains", "Values": ["data"]}
    no = {"Name": "LocationUri", "Operator": "Contains", "Values": ["other"]}
    assert matcher([])(RECORD)
    assert matcher([yes, yes])(RECORD)
    assert not matcher([yes, no])(RECORD)


@pytest.mark.parametrize(
    ("name", "operator", "values", "message"),
    [
        ("CreationTime", "Contains", ["2024"], "does not take the operator Contains; use: LessThan,"),
        ("CreationTime", "Equals", ["yesterday"], "'yesterday' is no time; write it as 2024-01-31T12:00:00Z"),
        ("LocationUri", "In", [], "has no Values: give at least one"),
    ],
)
def test_filters_that_are_refused(name: str, operator: str, values: list[str], message: str) -> None:
    with pytest.raises(ApiError, match=message):
        matcher([{"Name": name, "Operator": operator, "Values": values}])
