"""Regular expressions of users. RE2 matches them in time linear in the text, and in bounded memory."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import re2  # type: ignore[import-untyped] # the only module that knows it

_OPTIONS: Final = re2.Options()
_OPTIONS.log_errors = False


class PatternError(ValueError):
    """A pattern that RE2 can't compile: it is none, or too large."""


def searcher(regex: str) -> Callable[[str], bool]:
    """Whether a text holds a match of the pattern.

    Raises:
        PatternError: it can't be compiled.
    """
    try:
        pattern = re2.compile(regex, _OPTIONS)
    except re2.error as error:
        reason = error.args[0] if error.args else ""
        message = reason.decode(errors="replace") if isinstance(reason, bytes) else str(reason)
        raise PatternError(message) from None
    return lambda text: pattern.search(text) is not None


def literal(text: str) -> str:
    """The pattern that matches a text alone."""
    return str(re2.escape(text)).replace(r"\/", "/")
