"""The pre-shared keys: a file with one key per line, reloaded while the service runs.

Clients of the first facade sign with a key; those of the others send one as it is, and a line may give it a name.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import re
from collections.abc import Callable
from pathlib import Path
from typing import Final, Generic, NamedTuple, TypeVar

import structlog

K = TypeVar("K")
ANYBODY: Final = "default"
"""The name of a key whose line gives none."""
_NAMED: Final = re.compile(rb"([a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?)=(.+)", re.DOTALL)
_LONGEST_NAMED_KEY: Final = 4096
_SHORTEST_NAMED_KEY: Final = 8
_MOST_NAMED_KEYS: Final = 1000
_LONGEST_KEY: Final = 72
"""bcrypt hashes no more bytes than these."""
_MOST_KEYS: Final = 8
"""A wrong token is compared with all of them, so they are few."""
_LOOK_INTERVAL_S: Final = 1.0
_log = structlog.get_logger(__name__)


class KeysError(Exception):
    """The file can't be read or holds no usable key; the message says why, and shows no key."""


class NamedKey(NamedTuple):
    """A key that is sent as it is, by its digest, and whose it is."""

    name: str
    digest: bytes


class KeyRing(Generic[K]):
    """The keys that are valid now. Each change makes a new tuple."""

    def __init__(self, read: Callable[[], tuple[K, ...]]) -> None:
        """Read the keys by `read`, which raises KeysError. Raises KeysError."""
        self._read = read
        self.keys = read()

    async def keep_fresh(self) -> None:
        """Read them again periodically, until cancelled. While it can't be read, the last keys stay valid."""
        problem = ""
        while True:
            await asyncio.sleep(_LOOK_INTERVAL_S)
            try:
                keys = await asyncio.to_thread(self._read)
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


def read_named_keys(path: Path) -> tuple[NamedKey, ...]:
    """Return the keys of a file that are sent as they are: its lines, each `name=key` or a key. Raises KeysError.

    A name is up to 40 of a-z, 0-9 and dashes. Two keys may have one name: that is how a key is rotated.
    """
    try:
        lines = path.read_bytes().splitlines()
    except OSError as error:
        raise KeysError(f"{path}: can't be read: {error.strerror}") from None
    keys = []
    for number, line in enumerate(lines, start=1):
        text = line.strip()
        if not text:
            continue
        named = _NAMED.fullmatch(text)
        name, key = (named[1].decode(), named[2].strip()) if named is not None else (ANYBODY, text)
        if not _SHORTEST_NAMED_KEY <= len(key) <= _LONGEST_NAMED_KEY:
            accepted = f"{_SHORTEST_NAMED_KEY} to {_LONGEST_NAMED_KEY}"
            raise KeysError(f"{path}: line {number}: a key must have {accepted} bytes; this one has {len(key)}")
        keys.append(named_key(name, key))
    if not 1 <= len(keys) <= _MOST_NAMED_KEYS:
        raise KeysError(f"{path}: holds {len(keys)} keys: must hold 1 to {_MOST_NAMED_KEYS}, one a line")
    return tuple(keys)


def named_key(name: str, key: bytes) -> NamedKey:
    """A key by its digest."""
    return NamedKey(name, hashlib.sha256(key).digest())


def holder_of(keys: tuple[NamedKey, ...], given: bytes) -> str | None:
    """Whose key this is; None = nobody's. All are compared, in constant time: it tells nothing about a key."""
    digest = hashlib.sha256(given).digest()
    found = [key.name for key in keys if hmac.compare_digest(key.digest, digest)]
    return found[0] if found else None


class Standing:
    """Tells whether a key is still its holder's; it is looked up anew only when the keys have changed."""

    def __init__(self, ring: KeyRing[NamedKey], name: str, given: bytes) -> None:
        """`given` is a key of `name`'s."""
        self._ring = ring
        self._name = name
        self._given = given
        self._looked_at = ring.keys
        self._stands = True

    def __call__(self) -> bool:
        """Whether it is now."""
        if self._ring.keys is not self._looked_at:
            self._looked_at = self._ring.keys
            self._stands = holder_of(self._looked_at, self._given) == self._name
        return self._stands
