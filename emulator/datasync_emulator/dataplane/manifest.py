"""Manifests: CSV files that list what a run transfers. Pure.

Format: DataSync user guide, "Transferring specific files or objects by using a manifest". A line holds a path, relative
to the source location, and perhaps the version of the object. A field with commas, quotes or line ends stands in
quotes; a quote in any field is doubled.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_LONGEST_FIELD: Final = 1024
_FIELDS: Final = 2
# A field and what ends it: in quotes, or plain with each quote doubled. Nothing is ever tried twice.
_FIELD: Final = re.compile(
    r"""(?:"([^"]*+(?:""[^"]*+)*+)"(?=[,\r\n]|\Z)|([^",\r\n]*+(?:""[^",\r\n]*+)*+))(,|\r\n|\r|\n|\Z)"""
)
_LINE_END: Final = re.compile(r"\r\n|\r|\n")


class ManifestError(ValueError):
    """A manifest is not as DataSync wants it; the text names the line."""


def parse(data: bytes, *, versions: bool) -> Mapping[str, str | None]:
    """Give the version, or None, of each path; with `versions`, they are allowed.

    Raises:
        ManifestError: naming the line and what is wrong with it.
    """
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise ManifestError(f"line {line}: it is not valid UTF-8") from None
    wanted: dict[str, str | None] = {}
    for start, fields in _rows(text):
        try:
            path, version = _entry(fields, versions=versions)
        except ManifestError as error:
            raise ManifestError(f"{_place(text, start)}: {error}") from None
        if path in wanted:
            raise ManifestError(f"{_place(text, start)}: '{path}' is listed twice")
        wanted[path] = version
    return wanted


def _entry(fields: list[str], *, versions: bool) -> tuple[str, str | None]:
    if len(fields) > _FIELDS:
        raise ManifestError(f"it has {len(fields)} fields; give a path and, if wanted, a version ID")
    path = fields[0].removeprefix("/")
    version = fields[1] if len(fields) == _FIELDS else None
    if not path or path.endswith("/"):
        raise ManifestError(f"'{fields[0]}' is not the path of a file or an object")
    if {"", ".", ".."} & set(path.split("/")) or "\0" in path:
        raise ManifestError(f"'{fields[0]}' is not a path relative to the location")
    if any(len(field.encode()) > _LONGEST_FIELD for field in fields):
        raise ManifestError(f"a path or a version ID is longer than {_LONGEST_FIELD} bytes")
    if version is not None and (not versions or not version):
        raise ManifestError("a version ID must not be empty, and needs an S3 location as the source")
    return path, version


def _rows(text: str) -> Iterator[tuple[int, list[str]]]:
    """Where each row begins, and its fields; empty lines are none."""
    position = start = 0
    fields: list[str] = []
    while position < len(text):
        found = _FIELD.match(text, position)
        if found is None:
            raise ManifestError(f'{_place(text, position)}: a quote in a field must be doubled (""), or closed')
        quoted, plain, end = found.groups()
        fields.append((plain if quoted is None else quoted).replace('""', '"'))
        position = found.end()
        if end != ",":
            if fields != [""]:
                yield start, fields
            start, fields = position, []
    if fields:
        yield start, [*fields, ""]


def _place(text: str, position: int) -> str:
    return f"line {len(_LINE_END.findall(text, 0, position)) + 1}"
