"""DataSync's manifests: CSV with a path in each line, and perhaps the version of the object.

Source: "Transferring specific files or objects by using a manifest" in the DataSync user guide. A field that holds a
comma, a quote or the end of a line stands in quotes, and every quote in it is doubled.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final, Literal

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
        self._held: list[bytes] = []
        """The lines so far of a path that goes on after them, within quotes."""
        self._held_bytes = 0
        self._held_since = 0

    def feed(self, piece: bytes) -> None:
        """Read on; after the first mistake, nothing is read any more."""
        if self.problem:
            return
        *lines, self._rest = (self._rest + piece).split(b"\n")
        for line in lines:
            self._line += 1
            if self._goes_on(line):
                continue
            if not self._is_right(b"\n".join((*self._held, line))):
                return
            self._held.clear()
            self._held_bytes = 0
        if self._held_bytes + len(self._rest) > _LONGEST_LINE:
            self._line = self._unended()
            self._tell(f"is longer than {_LONGEST_LINE} bytes")

    def close(self) -> None:
        """The manifest has ended."""
        if not self.problem and (self._held or self._rest):
            self._line = self._unended()
            self._is_right(b"\n".join((*self._held, self._rest)))
        if not self.problem and self.paths == 0:
            self.problem = "names no file"

    def _unended(self) -> int:
        """The number of the line in which the path begins whose end has not come."""
        return self._held_since if self._held else self._line + 1

    def _goes_on(self, line: bytes) -> bool:
        """Whether a line ends within quotes; of a path that is too long already, no more is held."""
        ends_within = bool(line.count(b'"') % 2) != bool(self._held)
        if ends_within and self._held_bytes <= _LONGEST_LINE:
            self._held_since = self._held_since if self._held else self._line
            self._held.append(line)
            self._held_bytes += len(line) + 1
        return ends_within

    def _is_right(self, line: bytes) -> bool:
        """Take a line, or tell what is wrong with it."""
        try:
            text = line.decode().removesuffix("\r")
        except UnicodeDecodeError:
            return self._tell("is not valid UTF-8")
        if not text:
            return True
        self.paths += 1
        found = _LINE.fullmatch(text)
        if found is None:
            return self._tell('must be a path, and perhaps a comma and a version; a quote in it must be doubled ("")')
        path, version = (None if each is None else _plain(each) for each in found.groups())
        if not path or path.endswith("/"):
            return self._tell("must begin with the path of a file")
        if version == "":
            return self._tell("has an empty version after the comma")
        if max(len(each.encode()) for each in (path, version or "")) > _LONGEST_FIELD:
            return self._tell(f"has a path or a version with more than {_LONGEST_FIELD} bytes")
        self._take(path, version)
        return True

    def _tell(self, what: str) -> Literal[False]:
        self.problem = f"line {self._line} {what}"
        return False


def _plain(field: str) -> str:
    inner = field[1:-1] if len(field) > 1 and field.startswith('"') and field.endswith('"') else field
    return inner.replace('""', '"')
