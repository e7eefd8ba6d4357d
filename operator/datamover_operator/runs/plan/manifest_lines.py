"""DataSync's manifests: CSV with a path in each line, and perhaps the version of the object.

Source: "Transferring specific files or objects by using a manifest" in the DataSync user guide. A field that holds a
comma, a quote or the end of a line stands in quotes, and every quote in it is doubled.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

_LONGEST_FIELD: Final = 1024
_LONGEST_LINE: Final = 8 * _LONGEST_FIELD
_FIELD: Final = r'"[^"]*+(?:""[^"]*+)*+"|[^",\r\n]*+(?:""[^",\r\n]*+)*+'
_LINE: Final = re.compile(rf"({_FIELD})(?:,({_FIELD}))?")
_SPECIAL: Final = re.compile('[",\r\n]')


def manifest_line(path: str) -> bytes:
    """The line for a path, with its end."""
    field = f'"{path.replace(chr(34), chr(34) * 2)}"' if _SPECIAL.search(path) else path
    return f"{field}\n".encode()


class ManifestReader:
    """Reads a manifest piece by piece, and keeps the first mistake in it; holds one line at most."""

    def __init__(self, take: Callable[[str, str | None], None] = lambda _path, _version: None) -> None:
        """Nothing has been read yet; `take` gets the path and the version of each line that is right."""
        self._take = take
        self.problem = ""
        self.paths = 0
        self._line = 0
        self._rest = b""

    def feed(self, piece: bytes) -> None:
        """Read on."""
        *lines, self._rest = (self._rest + piece).split(b"\n")
        held = b""
        for line in lines:
            held += line
            self._line += 1
            if held.count(b'"') % 2:  # the line ends within quotes: the path goes on
                held += b"\n"
                continue
            self._check(held)
            held = b""
            if self.problem:
                return
        if held:
            self._rest = held + self._rest
            self._line -= held.count(b"\n")
        if len(self._rest) > _LONGEST_LINE:
            self._line += 1
            self._tell(f"is longer than {_LONGEST_LINE} bytes")

    def close(self) -> None:
        """The manifest has ended."""
        if not self.problem and self._rest:
            self._line += 1
            self._check(self._rest)
        if not self.problem and self.paths == 0:
            self.problem = "names no file"

    def _check(self, line: bytes) -> None:
        try:
            text = line.decode().removesuffix("\r")
        except UnicodeDecodeError:
            self._tell("is not valid UTF-8")
            return
        if not text:
            return
        self.paths += 1
        found = _LINE.fullmatch(text)
        if found is None:
            self._tell('must be a path, and perhaps a comma and a version; a quote in it must be doubled ("")')
            return
        path, version = (None if each is None else _plain(each) for each in found.groups())
        if not path or path.endswith("/"):
            self._tell("must begin with the path of a file")
        elif version == "":
            self._tell("has an empty version after the comma")
        elif max(len(each.encode()) for each in (path, version or "")) > _LONGEST_FIELD:
            self._tell(f"has a path or a version with more than {_LONGEST_FIELD} bytes")
        else:
            self._take(path, version)

    def _tell(self, what: str) -> None:
        if not self.problem:
            self.problem = f"line {self._line} {what}"


def _plain(field: str) -> str:
    inner = field[1:-1] if len(field) > 1 and field.startswith('"') and field.endswith('"') else field
    return inner.replace('""', '"')
