"""Which objects a selection selects. Patterns are matched by RE2: in time linear in the path, whatever they are."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Final

from datamover_crds import Selection
from datamover_crds.patterns import literal, searcher

Matcher = Callable[[str, int, str], bool]
"""Whether an object is selected: by its path below the source, its size in bytes, and when it was last modified."""

_PLAIN: Final = r"\*\*/|\*+|\?|\\.|."
_OUTSIDE_CLASSES: Final = re.compile(_PLAIN, re.DOTALL)
_PIECE: Final = re.compile(rf"\[[!^]?\]?[^\]]*(\])?|{_PLAIN}", re.DOTALL)


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
    return rf"\A(?s:{''.join(map(_translated, _pieces(glob)))})\z"


def _pieces(glob: str) -> Iterator[str]:
    """The pieces that mean something by themselves. A [ that nothing closes is one, as is all that follows it."""
    for found in _PIECE.finditer(glob):
        if found[0].startswith("[") and found[1] is None:
            yield from (each[0] for each in _OUTSIDE_CLASSES.finditer(found[0]))
        else:
            yield found[0]


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
