"""Which objects a selection selects. Patterns are matched by RE2: in time linear in the path, whatever they are."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from datamover_crds import Selection
from datamover_crds.patterns import literal, searcher

Matcher = Callable[[str, int, str], bool]
"""Whether an object is selected: by its path below the source, its size in bytes, and when it was last modified."""

_PIECE: Final = re.compile(r"\*\*/|\*+|\?|\\.|\[[!^]?\]?[^\]]*\]|.", re.DOTALL)


def matcher_of(selection: Selection) -> Matcher:
    """Make the matcher.

    Raises:
        PatternError: a pattern is no pattern, or too large.
    """
    patterns = [searcher(selection.regex)] if selection.regex is not None else []
    if selection.glob is not None:
        patterns.append(searcher(glob_regex(selection.glob)))
    least, most = selection.min_size, selection.max_size
    after, before = selection.modified_after, selection.modified_before

    def matches(path: str, size: int, modified: str) -> bool:
        return (
            (least is None or size >= least)
            and (most is None or size <= most)
            and (after is None or modified > after)
            and (before is None or modified < before)
            and all(finds(path) for finds in patterns)
        )

    return matches


def glob_regex(glob: str) -> str:
    """A glob as a regular expression for the whole path: `*` and `?` stay in a folder, `**` does not."""
    return rf"\A(?s:{''.join(_translated(piece[0]) for piece in _PIECE.finditer(glob))})\z"


def _translated(piece: str) -> str:
    if piece == "**/":
        return "(?:.*/)?"
    if piece.startswith("**"):
        return ".*"
    if piece == "*":
        return "[^/]*"
    if piece == "?":
        return "[^/]"
    if len(piece) > 1 and piece.startswith("["):
        return _character_class(piece[1:-1])
    if len(piece) > 1 and piece.startswith("\\"):
        return literal(piece[1])
    return literal(piece)


def _character_class(inner: str) -> str:
    negated = inner[:1] in {"!", "^"}
    members = inner[1:] if negated else inner
    escaped = members.replace("\\", r"\\").replace("[", r"\[").replace("]", r"\]").replace("^", r"\^")
    return f"[{'^/' if negated else ''}{escaped}]"
