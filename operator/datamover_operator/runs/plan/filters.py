"""DataSync's filters: which paths a task's includes and excludes leave.

Source: "Filtering the data transferred by AWS DataSync" in the DataSync user guide.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from datamover_crds.patterns import literal, searcher

PathFilter = Callable[[str], bool]
_PIECE: Final = re.compile(r"\\(.?)|([*|])|([^\\*|]+)", re.DOTALL)
_ALWAYS_LEFT_OUT: Final = re.compile(r"\A\.(aws-datasync|awssync|zfs)(/|\Z)|\.snapshot(/|\Z)")


def path_filter(includes: str, excludes: str) -> PathFilter:
    """Whether a path below the location, without a slash at its beginning, is transferred; "" = no such filter.

    Raises:
        PatternError: the filters are too large.
    """
    including, excluding = _matcher(includes), _matcher(excludes)

    def passes(path: str) -> bool:
        whole = f"/{path}"
        if _ALWAYS_LEFT_OUT.search(path) is not None:
            return False
        return (including is None or including(whole)) and (excluding is None or not excluding(whole))

    return passes


def _matcher(value: str) -> PathFilter | None:
    """A filter's patterns as one regular expression. A pattern covers what lies in a folder that it matches, too."""
    patterns = [_anchored(each) for each in _patterns(value) if each]
    return searcher(rf"(?s)\A(?:{'|'.join(patterns)})(?:/.*)?\z") if patterns else None


def _patterns(value: str) -> list[str]:
    """Each pattern as a regular expression: a backslash makes the next character literal."""
    patterns = [""]
    for escaped, special, plain in _PIECE.findall(value):
        if special == "|":
            patterns.append("")
        else:
            patterns[-1] += ".*" if special else literal(plain or escaped)
    return patterns


def _anchored(pattern: str) -> str:
    """One that begins with a slash starts at the location, any other at any depth."""
    inner = pattern.removesuffix("/")
    return inner if pattern.startswith(("/", ".*")) else f".*/{inner}"
