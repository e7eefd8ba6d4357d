"""Which objects below a storage's prefix a sync takes: Label Studio's `recursive_scan` and `regex_filter`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from pydantic import JsonValue

from datamover_api.labelstudio.members import InvalidMembersError
from datamover_crds import DataMoverAccount, JsonObject
from datamover_crds.manifests import is_pattern

_LONGEST: Final = 512
"""The characters that a selection's regex may have."""
_BELOW_FIRST_LEVEL: Final = "/*/*"
_FIRST_LEVEL: Final = "*"
"""The glob of paths without a folder."""
_PIECE: Final = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]?|.", re.DOTALL)
"""A character of a pattern, with what belongs to it: an escape, a class, or what would be one if it were closed."""
_ESCAPED: Final = re.compile(r"\\([^a-zA-Z0-9])")


def selection_of(members: Mapping[str, JsonValue], account: DataMoverAccount) -> JsonObject:
    """The fields of a mover's spec that select objects. Raises InvalidMembersError."""
    is_deep = bool(members.get("recursive_scan"))
    regex = str(members.get("regex_filter") or "")
    if not regex:
        return {} if is_deep else {"excludes": [{"value": _BELOW_FIRST_LEVEL}]}
    if problem := _hindrance(members, account):
        raise InvalidMembersError({"regex_filter": [problem]})
    prefix = str(members.get("prefix") or "").strip("/")
    return {
        "select": {"regex": below(f"{prefix}/" if prefix else "", regex), **({} if is_deep else {"glob": _FIRST_LEVEL})}
    }


def below(prefix: str, regex: str) -> str:
    """The pattern for paths below `prefix`; as in Label Studio `regex` matches from the start of the whole key.

    Raises InvalidMembersError.
    """
    found = regex if not prefix else _without(prefix, regex)
    if found is None:
        raise _refused(f"With the prefix '{prefix}' it must begin with '{prefix}' or with '.*', with no | outside ().")
    pattern = rf"\A(?:{found})"
    if len(pattern) > _LONGEST:
        raise _refused(f"Must have at most {_LONGEST} characters together with what anchors it; it has {len(pattern)}.")
    if not is_pattern(pattern):
        raise _refused("Must be a regular expression in RE2's syntax: https://github.com/google/re2/wiki/Syntax")
    return pattern


def _refused(problem: str) -> InvalidMembersError:
    return InvalidMembersError({"regex_filter": [problem]})


def _hindrance(members: Mapping[str, JsonValue], account: DataMoverAccount) -> str | None:
    if members.get("s3_endpoint"):
        return "Not supported together with s3_endpoint: only objects in Amazon S3 can be selected. Leave it empty."
    if account.spec.selections is None:
        name = account.metadata.name
        return f"Leave it empty, or set selections, a bucket for lists of objects, in DataMoverAccount '{name}'."
    return None


def _without(prefix: str, regex: str) -> str | None:
    """What of a pattern is for the path below the prefix; None: that can't be told."""
    pieces = _PIECE.findall(regex.removeprefix("^"))
    if _has_alternatives(pieces):
        return None
    if pieces[:2] == [".", "*"]:  # may be the whole prefix, and then the slash after it is the prefix's own
        rest = pieces[2:]
        return f"(?:.*/)?{''.join(rest[1:])}" if rest and rest[0] in {"/", r"\/"} else "".join(pieces)
    plain = [_ESCAPED.sub(r"\1", each) for each in pieces[: len(prefix)]]
    is_repeated = pieces[len(prefix) : len(prefix) + 1] in ([each] for each in "*+?{")
    return "".join(pieces[len(prefix) :]) if plain == list(prefix) and not is_repeated else None


def _has_alternatives(pieces: list[str]) -> bool:
    depth = 0
    for piece in pieces:
        depth += {"(": 1, ")": -1}.get(piece, 0)
        if piece == "|" and depth <= 0:
            return True
    return False
