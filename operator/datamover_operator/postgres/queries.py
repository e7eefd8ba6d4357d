"""What is asked of the databases: one statement each, which answers with one JSON document.

The statements are in `sql/`. What only PostgreSQL 15 and newer know stands behind `--15`, a comment for older ones. The
sessions' search_path holds pg_catalog alone, so what PostgreSQL writes out (types, expressions) is qualified.
"""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from typing import Final, LiteralString, cast

_NEWER: Final = "--15 "
_NEWER_SINCE: Final = 150000
_INCLUDED: Final = re.compile(r"/\*([a-z_]+)\*/")


@cache
def query(name: str, version: int) -> LiteralString:
    """Return a statement as a server of this version takes it; `/*name*/` in it stands for another file."""
    text = files(__package__).joinpath("sql", f"{name}.sql").read_text(encoding="utf-8")
    text = _INCLUDED.sub(lambda found: query(found[1], version), text)
    text = text.replace(_NEWER, "") if version >= _NEWER_SINCE else text
    return cast("LiteralString", text)  # type: ignore[redundant-cast] # mypy takes it for a str
