"""The pre-shared keys: a file with one key per line, reloaded while the service runs."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Final

import structlog

_LONGEST_KEY: Final = 72
"""bcrypt hashes no more bytes than these."""
_MOST_KEYS: Final = 8
"""A wrong token is compared with all of them, so they are few."""
_LOOK_INTERVAL_S: Final = 1.0
_log = structlog.get_logger(__name__)


class KeysError(Exception):
    """The file can't be read or holds no usable key; the message says why, and shows no key."""


class KeyRing:
    """The keys that are valid now. Each change makes a new tuple."""

    def __init__(self, path: Path) -> None:
        """Read the keys. Raises KeysError."""
        self._path = path
        self.keys = read_keys(path)

    async def keep_fresh(self) -> None:
        """Reload the file periodically, until cancelled. While it can't be read, the last keys stay valid."""
        problem = ""
        while True:
            await asyncio.sleep(_LOOK_INTERVAL_S)
            try:
                keys = await asyncio.to_thread(read_keys, self._path)
            except KeysError as error:
                if str(error) != problem:
                    problem = str(error)
                    _log.error("the keys could not be reloaded; keeping the old ones", problem=problem)
                continue
            problem = ""
            if keys != self.keys:
                self.keys = keys
                _log.info("keys reloaded", count=len(keys))


def read_keys(path: Path) -> tuple[bytes, ...]:
    """Return the keys of a file: its lines, without white space around them, empty ones left out. Raises KeysError."""
    try:
        lines = path.read_bytes().splitlines()
    except OSError as error:
        raise KeysError(f"{path}: can't be read: {error.strerror}") from None
    keys = [(number, line.strip()) for number, line in enumerate(lines, start=1) if line.strip()]
    for number, key in keys:
        if len(key) > _LONGEST_KEY or b"\0" in key:
            raise KeysError(f"{path}: line {number}: a key must have at most {_LONGEST_KEY} bytes and no NUL")
    if not 1 <= len(keys) <= _MOST_KEYS:
        raise KeysError(f"{path}: holds {len(keys)} keys: must hold 1 to {_MOST_KEYS}, one a line")
    return tuple(key for _, key in keys)
