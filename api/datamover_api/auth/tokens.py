"""Tells whether a token is a bcrypt hash of a valid key, at a bounded cost.

The client chooses the cost of its hash, and each step doubles the work: a token above the limit is refused without
being computed. One thread hashes, in turn for each peer that asks, and few may wait for it, still fewer of one peer,
the most crowded of which gives way to others: clients without a key delay no others. What has been found out about a
token is kept, so that neither valid tokens used again and again nor wrong ones cost a hash each time. Tokens are kept
by their digest alone.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from typing import Final, NamedTuple

import bcrypt

from datamover_api.auth.keys import KeyRing
from datamover_api.auth.turns import CrowdedError, Turns

_FORM: Final = re.compile(rb"\$2[abxy]\$([0-9]{2})\$[./A-Za-z0-9]{53}")
_LEAST_COST: Final = 4
_MOST_WAITING: Final = 64
_MOST_OF_A_PEER: Final = 16
_REMEMBERED: Final = 4096


class TooManyTokensError(Exception):
    """Too many new tokens are waiting to be verified."""


class Verifier:
    """Verifies tokens against the keys of a ring, as long as `hash_tokens` runs."""

    def __init__(self, ring: KeyRing[bytes], highest_cost: int) -> None:
        """Refuse hashes that cost more than `highest_cost` (bcrypt's logarithmic unit)."""
        self._ring = ring
        self._highest_cost = highest_cost
        self._known = _Known(ring.keys, _Memory())
        self._turns: Turns[_Question] = Turns(_MOST_WAITING, _MOST_OF_A_PEER)
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="bcrypt")

    async def hash_tokens(self) -> None:
        """Hash what waits for it, one after the other, until cancelled."""
        loop = asyncio.get_running_loop()
        try:
            while True:
                asked = await self._turns.next()
                key = await loop.run_in_executor(self._thread, _matching, asked.token, asked.known.keys)
                asked.known.learn(asked.digest, key)
                _settle(asked, is_right=key is not None)
        finally:
            self._thread.shutdown(wait=False, cancel_futures=True)

    async def verify(self, token: bytes, peer: str) -> bool:
        """Whether the token, sent by this peer, was made from a valid key. Raises TooManyTokensError."""
        form = _FORM.fullmatch(token)
        if form is None or not _LEAST_COST <= int(form[1]) <= self._highest_cost:
            return False
        if self._known.keys is not self._ring.keys:
            self._known = _Known(self._ring.keys, self._known.right.made_from(self._ring.keys))
        known, digest = self._known, hashlib.sha256(token).digest()
        if digest in known.right:
            return True
        if digest in known.wrong:
            return False
        asked = known.pending.get(digest) or self._ask(known, digest, token, peer)
        is_right = await asyncio.shield(asked.answer)
        if is_right is None:
            raise TooManyTokensError
        return is_right

    def _ask(self, known: _Known, digest: bytes, token: bytes, peer: str) -> _Question:
        asked = _Question(known, digest, token, asyncio.get_running_loop().create_future())
        try:
            given_way = self._turns.add(peer, asked)
        except CrowdedError:
            raise TooManyTokensError from None
        known.pending[digest] = asked
        if given_way is not None:
            _settle(given_way, is_right=None)
        return asked


class _Question(NamedTuple):
    """What is to be found out about a token; None as the answer says that it had to give way."""

    known: _Known
    digest: bytes
    token: bytes
    answer: asyncio.Future[bool | None]


def _settle(asked: _Question, *, is_right: bool | None) -> None:
    del asked.known.pending[asked.digest]
    asked.answer.set_result(is_right)


class _Known:
    """What has been found out about tokens under these keys, and what is being found out, by digest.

    Right and wrong ones are apart, so that a flood of wrong tokens does not make us forget the right ones.
    """

    def __init__(self, keys: tuple[bytes, ...], right: _Memory) -> None:
        self.keys = keys
        self.right = right
        self.wrong = _Memory()
        self.pending: dict[bytes, _Question] = {}

    def learn(self, digest: bytes, key: bytes | None) -> None:
        (self.wrong if key is None else self.right).add(digest, key)


class _Memory:
    """A bounded set of digests, each with the key that matches; forgets what was asked for least recently."""

    def __init__(self) -> None:
        self._items: OrderedDict[bytes, bytes | None] = OrderedDict()

    def __contains__(self, item: bytes) -> bool:
        if item not in self._items:
            return False
        self._items.move_to_end(item)
        return True

    def add(self, item: bytes, key: bytes | None) -> None:
        self._items[item] = key
        if len(self._items) > _REMEMBERED:
            self._items.popitem(last=False)

    def made_from(self, keys: tuple[bytes, ...]) -> _Memory:
        """What is left of it when these are the valid keys."""
        left = _Memory()
        left._items.update((item, key) for item, key in self._items.items() if key in keys)
        return left


def _matching(token: bytes, keys: tuple[bytes, ...]) -> bytes | None:
    # All keys are tried, and checkpw compares in constant time: how long it takes tells nothing about a key.
    matching = [key for key in keys if _matches(key, token)]
    return matching[0] if matching else None


def _matches(key: bytes, token: bytes) -> bool:
    try:
        return bcrypt.checkpw(key, token)
    except ValueError:  # a salt that only looks like one
        return False
