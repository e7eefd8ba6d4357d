"""From the answers' JSON to the states that plans read."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, Final

from pydantic import TypeAdapter

from datamover_operator.postgres.state import (
    Copying,
    DestinationState,
    SequenceValue,
    Size,
    SourceState,
    Table,
    TableKey,
    to_position,
)

_SOURCE: Final = TypeAdapter(SourceState)
_DESTINATION: Final = TypeAdapter(DestinationState)
_TABLE: Final = TypeAdapter(Table)


def source_state(answer: str) -> SourceState:
    """Read what `queries.source_state` answers."""
    found: dict[str, Any] = json.loads(answer)
    found["position"] = to_position(found["position"])
    for slot in found["slots"].values():
        slot["confirmed"] = to_position(slot["confirmed"])
    return _SOURCE.validate_python(found)


def destination_state(answer: str) -> DestinationState:
    """Read what `queries.destination_state` answers."""
    found: dict[str, Any] = json.loads(answer)
    subscription = found["subscription"]
    if subscription is not None:
        subscription["tables"] = {(schema, name): state for schema, name, state in subscription["tables"]}
        copies = subscription["copies"]
        subscription["copies"] = {(schema, name): Copying(rows, size) for schema, name, rows, size in copies}
        if "skip_position" in subscription:
            subscription["skip_position"] = to_position(subscription["skip_position"])
    found["sizes"] = {(schema, name): Size(rows, size) for schema, name, rows, size in found["sizes"]}
    return _DESTINATION.validate_python(found)


def tables(answer: str, with_rows: Iterable[TableKey] = ()) -> Mapping[TableKey, Table]:
    """Read what `queries.TABLES` answers; `with_rows` are those tables that have rows."""
    filled = frozenset(with_rows)
    found: dict[TableKey, Table] = {}
    for each in json.loads(answer):
        key = each.pop("schema"), each.pop("table")
        found[key] = _TABLE.validate_python(each | {"has_rows": key in filled})
    return found


def names(answer: str) -> tuple[str, ...]:
    """Read a list of names."""
    return tuple(str(each) for each in json.loads(answer))


def keys(answer: str) -> tuple[TableKey, ...]:
    """Read a list of tables."""
    return tuple((str(schema), str(table)) for schema, table in json.loads(answer))


def sequences(answer: str) -> tuple[SequenceValue, ...]:
    """Read values of sequences."""
    return tuple(SequenceValue((schema, table), column, value) for schema, table, column, value in json.loads(answer))
