"""Manifests: CSV files that list what a run transfers. Pure.

Format: DataSync user guide, "Transferring specific files or objects by using a manifest". A line holds a path, relative
to the source location, and perhaps the version of the object. A field with commas, quotes or line ends stands in
quotes; a quote in any field is doubled.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_LONGEST_PATH: Final = 4096
_LONGEST_FIELD: Final = 1024
_FIELDS: Final = 2


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
    for line, fields in _rows(text):
        path, version = _entry(line, fields, versions=versions)
        if path in wanted:
            raise ManifestError(f"line {line}: '{path}' is listed twice")
        wanted[path] = version
    return wanted


def _entry(line: int, fields: list[str], *, versions: bool) -> tuple[str, str | None]:
    if len(fields) > _FIELDS:
        raise ManifestError(f"line {line}: it has {len(fields)} fields; give a path and, if wanted, a version ID")
    path = fields[0].removeprefix("/")
    version = fields[1] if len(fields) == _FIELDS else None
    if not path or path.endswith("/"):
        raise ManifestError(f"line {line}: '{fields[0]}' is not the path of a file or an object")
    if {"", ".", ".."} & set(path.split("/")) or "\0" in path:
        raise ManifestError(f"line {line}: '{fields[0]}' is not a path relative to the location")
    if len(path) > _LONGEST_PATH or any(len(field.encode()) > _LONGEST_FIELD for field in fields):
        raise ManifestError(f"line {line}: a path or a version ID is longer than {_LONGEST_FIELD} bytes")
    if version is not None and (not versions or not version):
        raise ManifestError(f"line {line}: a version ID needs an S3 location as the source")
    return path, version


def _rows(text: str) -> Iterator[tuple[int, list[str]]]:
    """The number of its first line and the fields of each row; empty lines are none."""
    line = first = 1
    fields, field, quoted = [""], False, False
    position, size = 0, len(text)
    while position < size:
        character = text[position]
        position += 1
        if character == '"':
            if text[position : position + 1] == '"':
                fields[-1] += '"'
                position += 1
            elif quoted or (fields[-1] == "" and not field):
                quoted, field = not quoted, True
            else:
                raise ManifestError(f'line {line}: a quote in a field must be doubled ("")')
        elif not quoted and character == ",":
            fields.append("")
            field = False
        elif not quoted and character in "\r\n":
            position += character == "\r" and text[position : position + 1] == "\n"
            if fields != [""]:
                yield first, fields
            line += 1
            first, fields, field = line, [""], False
        else:
            line += character == "\n"
            fields[-1] += character
    if quoted:
        raise ManifestError(f"line {first}: the quotes are not closed")
    if fields != [""]:
        yield first, fields
