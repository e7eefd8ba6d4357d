"""SQL expressions that come from outside: row filters of specs, and what a source's catalogue says of its columns.

They are put into statements as they are, so each has to end where it seems to end: in brackets it is one expression.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

_TOKEN = re.compile(
    r"""(?P<space>[ \t\r\n]+)
      | (?P<text>'(?:[^']|'')*')
      | (?P<name>"(?:[^"]|"")+"|[A-Za-z_\u0080-\U0010ffff][A-Za-z0-9_\u0080-\U0010ffff]*)
      | (?P<number>[0-9]+(?:\.[0-9]*)?(?:[eE][+-]?[0-9]+)?|\.[0-9]+)
      | (?P<open>[(\[]) | (?P<close>[)\]])
      | (?P<sign>::|[-+*/<>=~!@%^&|?#.,:])""",
    re.VERBOSE,
)
_PREFIXES = frozenset({"e", "u", "b", "x", "n"})
"""Letters that change how a text after them is read."""
_PAIRS = {")": "(", "]": "["}

_HARMLESS = frozenset(
    """
    abs age all and any array bit ceil ceiling char character clock_timestamp coalesce concat current_database
    current_date current_schema current_setting current_time current_timestamp current_user date_part date_trunc
    decimal decode encode extract floor gen_random_uuid greatest in interval json_build_array json_build_object
    jsonb_build_array jsonb_build_object least left length localtime localtimestamp lower make_date
    make_interval make_time make_timestamp make_timestamptz md5 nextval not now nullif numeric or random replace
    right round row some statement_timestamp substr substring time timeofday timestamp timestamptz timezone
    to_char to_date to_timestamp transaction_timestamp trim trunc upper uuidv4 uuidv7 varchar varying
    """.split()  # noqa: SIM905 - a list of a hundred names is hard to read
)
"""Functions, and words before a bracket, of expressions that a source may have written into our statements."""


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of an expression: its kind, as the pattern's groups are called, and its text."""

    kind: str
    text: str


class UnusableExpressionError(Exception):
    """An expression can't be used; the message says what is wrong."""


def check_filter(text: str) -> None:
    """See that a row filter is one expression. Raises UnusableExpressionError."""
    _balanced(_tokens(text))


def check_default(text: str) -> None:
    """See that a default or generated column's expression is one, and calls harmless functions alone.

    Raises UnusableExpressionError.
    """
    tokens = _balanced(_tokens(text))
    for place, token in enumerate(tokens[:-1]):
        if token.kind != "name" or tokens[place + 1].text != "(":
            continue
        is_qualified = place > 0 and tokens[place - 1].text == "."
        if is_qualified or token.text.strip('"').lower() not in _HARMLESS:
            raise UnusableExpressionError(f"the function {token.text} is not known to be harmless")


def check_type(text: str) -> None:
    """See that a type's name, with its modifiers, is one. Raises UnusableExpressionError."""
    for token in _balanced(_tokens(text)):
        if token.kind in {"text", "sign"} and token.text not in {".", ","}:
            raise UnusableExpressionError(f"{token.text} is no part of a type's name")


def _balanced(tokens: list[Token]) -> list[Token]:
    opened: list[str] = []
    for token in tokens:
        if token.kind == "open":
            opened.append(token.text)
        elif token.kind == "close" and (not opened or opened.pop() != _PAIRS[token.text]):
            raise UnusableExpressionError(f"a '{token.text}' closes nothing")
    if opened:
        raise UnusableExpressionError(f"a '{opened[-1]}' is not closed")
    return tokens


def _tokens(text: str) -> list[Token]:
    tokens = list(_scan(text))
    if not tokens:
        raise UnusableExpressionError("it is empty")
    for before, token in pairwise(tokens):
        if token.kind == "text" and before.kind == "name" and before.text.lower() in _PREFIXES:
            raise UnusableExpressionError(f"texts that begin with {before.text}' are not accepted")
    return tokens


def _scan(text: str) -> Iterator[Token]:
    at = 0
    while at < len(text):
        if text.startswith(("--", "/*"), at):
            raise UnusableExpressionError("comments are not accepted")
        match = _TOKEN.match(text, at)
        if match is None or match.lastgroup is None:
            raise UnusableExpressionError(f"'{text[at]}' is not accepted at character {at + 1}")
        at = match.end()
        if match.lastgroup != "space":
            yield Token(match.lastgroup, match[0])
