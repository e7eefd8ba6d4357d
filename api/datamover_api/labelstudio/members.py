"""The members of a storage as clients send them, checked as Label Studio checks them and refused in its words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from pydantic import JsonValue

from datamover_crds import JsonObject

_TRUE: Final = frozenset({"t", "true", "y", "yes", "on", "1"})
_FALSE: Final = frozenset({"f", "false", "n", "no", "off", "0"})
_LONGEST_INTEGER: Final = 19
"""Digits of an int64; a longer text is no integer, whatever it takes to read it."""
_LARGEST: Final = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Member:
    """One member: its type, what it is where it is not given, and what it must not be."""

    kind: Literal["string", "boolean", "integer"]
    default: JsonValue = None
    may_be_null: bool = True
    longest: int | None = None
    least: int | None = None


MEMBERS: Final[Mapping[str, Member]] = {
    "synchronizable": Member("boolean", default=True, may_be_null=False),
    "presign": Member("boolean", default=True, may_be_null=False),
    "title": Member("string", longest=256),
    "description": Member("string"),
    "bucket": Member("string"),
    "prefix": Member("string"),
    "regex_filter": Member("string"),
    "use_blob_urls": Member("boolean", default=False, may_be_null=False),
    "aws_sse_kms_key_id": Member("string"),
    "region_name": Member("string"),
    "s3_endpoint": Member("string"),
    "presign_ttl": Member("integer", default=1, may_be_null=False, least=0),
    "recursive_scan": Member("boolean", default=False, may_be_null=False),
    "project": Member("integer", may_be_null=False),
}
"""The members that are shown; unknown ones are ignored, as there."""
SECRETS: Final[Mapping[str, Member]] = dict.fromkeys(
    ("aws_access_key_id", "aws_secret_access_key", "aws_session_token"), Member("string")
)
"""The members that are taken and never shown."""
_REQUIRED: Final = "project"


class InvalidMembersError(Exception):
    """Members that a storage can't have; `problems` has a list of texts for each of them."""

    def __init__(self, problems: Mapping[str, list[str]]) -> None:
        """Keep the problems."""
        super().__init__("; ".join(f"{name}: {' '.join(texts)}" for name, texts in problems.items()))
        self.problems = problems


class ForbiddenUrlError(Exception):
    """A URL leads to where nothing of a client's can be."""


def new_members(given: Mapping[str, JsonValue]) -> JsonObject:
    """All members of a new storage: those that are not given have their defaults. Raises InvalidMembersError."""
    if _REQUIRED not in given:
        raise InvalidMembersError({_REQUIRED: ["This field is required."]})
    return {name: member.default for name, member in MEMBERS.items()} | changed_members(given)


def changed_members(given: Mapping[str, JsonValue]) -> JsonObject:
    """The members that a request gives, each in its own type. Raises InvalidMembersError."""
    members: JsonObject = {}
    problems: dict[str, list[str]] = {}
    for name, member in (*MEMBERS.items(), *SECRETS.items()):
        if name not in given:
            continue
        try:
            members[name] = _read(member, given[name])
        except ValueError as problem:
            problems[name] = [str(problem)]
    if problems:
        raise InvalidMembersError(problems)
    return members


def _read(member: Member, value: JsonValue) -> JsonValue:
    """The value in the member's type. Raises ValueError, in Label Studio's words."""
    if value is None:
        if not member.may_be_null:
            raise ValueError("This field may not be null.")
        return None
    if member.kind == "boolean":
        return _boolean(value)
    if member.kind == "integer":
        return _integer(member, value)
    return _string(member, value)


def _boolean(value: JsonValue) -> bool:
    text = str(value).strip().lower() if isinstance(value, bool | int | str) else ""
    if text in _TRUE:
        return True
    if text in _FALSE:
        return False
    raise ValueError("Must be a valid boolean.")


def _integer(member: Member, value: JsonValue) -> int:
    text = str(value).strip() if isinstance(value, int | str) and not isinstance(value, bool) else ""
    digits = text.removeprefix("-")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= _LONGEST_INTEGER):
        raise ValueError("A valid integer is required.")
    number = int(text)
    if abs(number) > _LARGEST:
        raise ValueError("A valid integer is required.")
    if member.least is not None and number < member.least:
        raise ValueError(f"Ensure this value is greater than or equal to {member.least}.")
    return number


def _string(member: Member, value: JsonValue) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ValueError("Not a valid string.")  # noqa: TRY004 - the caller asks for one kind of error
    text = str(value).strip()
    if "\0" in text:
        raise ValueError("Null characters are not allowed.")
    if member.longest is not None and len(text) > member.longest:
        raise ValueError(f"Ensure this field has no more than {member.longest} characters.")
    return text
