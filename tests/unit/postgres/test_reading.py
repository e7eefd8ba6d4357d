"""Positions, pgoutput's messages, and statements by version."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datamover_operator.postgres.decoding import Transaction, first_transaction
from datamover_operator.postgres.queries import query
from datamover_operator.postgres.state import from_position, to_position

NAMES = ("source_state", "destination_state", "tables", "sequences", "set_sequences", "published", "filter_columns",
         "quietly", "peek", "is_subscribed", "publication_digest")  # fmt: skip


@given(st.integers(0, 2**64 - 1))
def test_positions_are_read_as_they_are_written(position: int) -> None:
    assert to_position(from_position(position)) == position


def begin(position: int) -> bytes:
    return b"B" + position.to_bytes(8) + b"\0" * 12


def relation(number: int, schema: str, name: str) -> bytes:
    return b"R" + number.to_bytes(4) + f"{schema}\0{name}\0".encode() + b"d\0\1"


def change(kind: str, number: int) -> bytes:
    return kind.encode() + number.to_bytes(4) + b"N\0\1t"


@pytest.mark.parametrize(
    ("messages", "after", "found"),
    [
        ([], 0, None),
        ([begin(10), b"C" + b"\0" * 20], 0, None),
        ([begin(10), relation(1, "s", "t"), change("I", 1)], 0, Transaction(10, (("s", "t"),))),
        ([begin(10), relation(1, "s", "t"), change("I", 1)], 10, None),
        (
            [
                begin(10),
                relation(1, "s", "t"),
                change("I", 1),
                begin(20),
                change("U", 1),
                relation(2, "", "u"),
                change("D", 2),
            ],
            10,
            Transaction(20, (("s", "t"), ("pg_catalog", "u"))),
        ),
        ([begin(10), begin(20), relation(1, "s", "t"), change("D", 1), begin(30)], 0, Transaction(20, (("s", "t"),))),
    ],
)
def test_the_first_transaction_that_changes_something(
    messages: list[bytes], after: int, found: Transaction | None
) -> None:
    assert first_transaction(messages, after) == found


@given(st.lists(st.binary(max_size=40)))
def test_any_message_is_survived(messages: list[bytes]) -> None:
    first_transaction([message for message in messages if message[:1] != b"R"], 0)


@pytest.mark.parametrize("name", NAMES)
def test_what_only_newer_servers_know_is_a_comment_for_older_ones(name: str) -> None:
    older, newer = query(name, 140000), query(name, 150000)
    assert "--15" not in newer
    assert "/*" not in newer
    code = "\n".join(line for line in older.splitlines() if not line.lstrip().startswith("--"))
    for word in ("subdisableonerr", "subskiplsn", "prqual", "prattrs", "pg_stat_get_subscription_stats"):
        assert word not in code or name == "filter_columns"
