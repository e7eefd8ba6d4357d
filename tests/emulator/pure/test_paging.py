"""Pages: together they are the whole, however it is cut and whatever goes meanwhile."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datasync_emulator.catalogue.paging import page
from datasync_emulator.errors import ApiError


@given(serials=st.sets(st.integers(1, 500)), size=st.integers(0, 100), gone=st.sets(st.integers(1, 500)))
def test_pages_show_each_record_once(serials: set[int], size: int, gone: set[int]) -> None:
    records, shown, deleted = sorted(serials), list[int](), set[int]()
    params: dict[str, Any] = {"MaxResults": size}
    while True:
        part, token = page(records, lambda record: record, params)
        assert len(part) <= (size or 100)
        assert part or not shown or deleted, "the last page is not empty, unless what it held has gone"
        shown += part
        if token is None:
            break
        params = {"MaxResults": size, "NextToken": token}
        deleted |= gone
        records = [record for record in records if record not in gone]
    assert shown == sorted(set(shown))
    assert serials - deleted <= set(shown) <= serials


@pytest.mark.parametrize("token", ["x", "abcd", "YWZ0ZXI9", "YmVmb3JlPTE="])
def test_tokens_that_are_none(token: str) -> None:
    with pytest.raises(ApiError, match="Invalid NextToken"):
        page([1], lambda record: record, {"NextToken": token})
