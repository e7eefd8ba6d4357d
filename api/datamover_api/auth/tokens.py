"""Tells whether a token is a bcrypt hash of a valid key, at a bounded cost.

The client chooses the cost of its hash, and each step doubles the work: a token above the limit is refused unread. One
thread hashes, few may wait for it, and what has been found out about a token is kept, so that neither valid tokens used
again and again nor wrong ones cost a hash each time. Tokens are kept by their digest alone.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import bcrypt

from datamover_api.auth.keys import KeyRing

_FORM: Final = re.compile(rb"\$2[abxy]\$([0-9]{2})\$[./A-Za-z0-9]{53}")
_LEAST_COST: Final = 4
_MOST_WAITING: Final = 32
_REMEMBERED: Final = 4096


class TooManyTokensError(Exception):
    """Too many tokens that were never seen before wait to be verified."""


class Verifier:
    """Verifies tokens against the keys of a ring."""

    def __init__(self, ring: KeyRing, highest_cost: int) -> None:
        """Refuse hashes that cost more than `highest_cost` (bcrypt's logarithmic unit)."""
        self._ring = ring
        self._highest_cost = highest_cost
        self._known = _Known(ring.keys)
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="bcrypt")

    def close(self) -> None:
        """End the thread."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    async def verify(self, token: bytes) -> bool:
        """Whether the token was made from a valid key. Raises TooManyTokensError."""
        form = _FORM.fullmatch(token)
        if form is None or not _LEAST_COST <= int(form[1]) <= self._highest_cost:
            return False
        if self._known.keys is not self._ring.keys:
            self._known = _Known(self._ring.keys)
        known, digest = self._known, hashlib.sha256(token).digest()
        if digest in known.right:
            return True
        if digest in known.wrong:
            return False
        task = known.pending.get(digest)
        if task is None:
            if len(known.pending) >= _MOST_WAITING:
                raise TooManyTokensError
            task = asyncio.create_task(self._hash(known, digest, token), name="token")
            known.pending[digest] = task
        return await asyncio.shield(task)

    async def _hash(self, known: _Known, digest: bytes, token: bytes) -> bool:
        try:
            loop = asyncio.get_running_loop()
            is_right = await loop.run_in_executor(self._thread, _matches_any, token, known.keys)
        finally:
            del known.pending[digest]
        (known.right if is_right else known.wrong).add(digest)
        return is_right


class _Known:
    """What has been found out about tokens since the keys last changed, and what is being found out, by digest.

    Right and wrong ones are apart, so that a flood of wrong tokens does not make us forget the right ones.
    """

    def __init__(self, keys: tuple[bytes, ...]) -> None:
        self.keys = keys
        self.right = _Memory()
        self.wrong = _Memory()
        self.pending: dict[bytes, asyncio.Task[bool]] = {}


class _Memory:
    """A bounded set that forgets what was asked for least recently."""

    def __init__(self) -> None:
        self._items: OrderedDict[bytes, None] = OrderedDict()

    def __contains__(self, item: bytes) -> bool:
        if item not in self._items:
            return False
        self._items.move_to_end(item)
        return True

    def add(self, item: bytes) -> None:
        self._items[item] = None
        if len(self._items) > _REMEMBERED:
            self._items.popitem(last=False)


def _matches_any(token: bytes, keys: tuple[bytes, ...]) -> bool:
    # All keys are tried, and checkpw compares in constant time: how long it takes tells nothing about a key.
    return any([_matches(key, token) for key in keys])  # noqa: C419 - not lazily


def _matches(key: bytes, token: bytes) -> bool:
    try:
        return bcrypt.checkpw(key, token)
    except ValueError:  # a salt that only looks like one
        return False
