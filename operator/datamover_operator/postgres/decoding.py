"""Reads pgoutput's messages as far as they tell what a transaction changes.

https://www.postgresql.org/docs/current/protocol-logicalrep-message-formats.html
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from datamover_operator.postgres.state import TableKey

_BEGIN: Final = b"B"
_RELATION: Final = b"R"
_CHANGES: Final = frozenset({b"I", b"U", b"D"})


@dataclass(frozen=True, slots=True)
class Transaction:
    """A transaction of the source: where it finishes, and which tables it changes."""

    position: int
    tables: tuple[TableKey, ...]


def first_transaction(messages: Iterable[bytes], after: int) -> Transaction | None:
    """The first transaction that finishes after a position; messages may be cut behind their names."""
    names: dict[int, TableKey] = {}
    position, changed = 0, dict[TableKey, None]()
    for message in messages:
        kind, number = message[:1], int.from_bytes(message[1:5])
        if kind == _BEGIN:
            if changed:
                break
            position = int.from_bytes(message[1:9])
        elif kind == _RELATION:
            schema, name, *_ = message[5:].split(b"\0")
            # An empty name of a schema stands for pg_catalog.
            names[number] = schema.decode(errors="replace") or "pg_catalog", name.decode(errors="replace")
        elif kind in _CHANGES and position > after and number in names:
            changed[names[number]] = None
    return Transaction(position, tuple(changed)) if changed else None
