"""Names as they are typed in SQL: for the statements that messages suggest, never for statements that are sent."""

from __future__ import annotations

import re
from collections.abc import Iterable

from datamover_operator.postgres.state import TableKey

_PLAIN = re.compile("[a-z_][a-z0-9_]*")


def typed(*names: str) -> str:
    """One name with its qualifiers, quoted where it has to be."""
    return ".".join(name if _PLAIN.fullmatch(name) else '"' + name.replace('"', '""') + '"' for name in names)


def listed(names: Iterable[str]) -> str:
    """Several names of their own."""
    return ", ".join(map(typed, names))


def tables(keys: Iterable[TableKey]) -> str:
    """Several tables."""
    return ", ".join(typed(*key) for key in keys)
