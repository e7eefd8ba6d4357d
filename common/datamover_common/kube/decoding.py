"""JSON as the API server sends it, which stores what is nested 10,000 levels deep.

Where an object is free-form, as what is observed in a mover's status, anybody who may write it decides how deep it is.
Nothing of ours is: what lies too deep is taken for null, and all who watch go on.
"""

from __future__ import annotations

import json
import re
from typing import Final

from pydantic import JsonValue

from datamover_crds import read_json

_READABLE: Final = 200
"""Levels that `read_json` reads."""
_KEPT: Final = 64
"""Levels that are kept of what has more: the deepest of ours, in metadata.managedFields, has some fifteen."""
_TOKENS: Final = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"?|[\[\]{}]', re.DOTALL)
_OPENING: Final = b"[{"
_CLOSING: Final = b"]}"


def decoded(text: bytes) -> JsonValue:
    """Read an answer. Raises ValueError for what is no JSON."""
    try:
        return read_json(text)
    except ValueError:
        found: JsonValue = json.loads(_flat(text))
        return found


def readable(text: bytes) -> bytes:
    """An answer as any JSON reader can read it: as it is, unless it is nested too deeply."""
    if sum(map(text.count, (b"[", b"{"))) <= _READABLE:
        return text
    try:
        read_json(text)
    except ValueError:
        return _flat(text)
    return text


def _flat(text: bytes) -> bytes:
    """The same document, with null for every object and list that lies too deep."""
    kept, depth, done = [], 0, 0
    for token in _TOKENS.finditer(text):
        mark = text[token.start()]
        if mark in _OPENING:
            depth += 1
            if depth == _KEPT + 1:
                kept += [text[done : token.start()], b"null"]
        elif mark in _CLOSING:
            if depth == _KEPT + 1:
                done = token.end()
            depth -= 1
    return b"".join([*kept, text[done:] if depth <= _KEPT else b""])
