"""The connections there are: bounded in all and for each address.

When all places are taken, the address that has most of them gives one up: who opens many locks no others out.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final, Protocol

from datamover_api.http.peers import peer_of

_LOOK_INTERVAL_S: Final = 0.5


class Guest(Protocol):
    """A connection."""

    @property
    def is_idle(self) -> bool:
        """Whether nobody loses an answer by its end."""
        ...

    def look(self, now: float) -> None:
        """See whether it has to end, at this time of the event loop."""
        ...

    def dismiss(self) -> None:
        """End it at once."""
        ...


class Crowd:
    """Admits connections, at most `most` in all and `most_of_one` for each address, proxies excepted."""

    def __init__(self, most: int, most_of_one: int, is_proxy: Callable[[str], bool]) -> None:
        """`is_proxy` tells of an address whether many clients share it."""
        self._most = most
        self._most_of_one = most_of_one
        self._is_proxy = is_proxy
        self._guests: dict[str, dict[Guest, None]] = {}
        self._peers: dict[Guest, str] = {}

    def __len__(self) -> int:
        """How many there are."""
        return len(self._peers)

    def admit(self, guest: Guest, host: str) -> bool:
        """Take in a connection from an address; False where there is no place for it."""
        peer = peer_of(host)
        its = len(self._guests.get(peer, ()))
        if its >= self._most_of_one and not self._is_proxy(host):
            return False
        if len(self._peers) >= self._most and not self._has_made_room(its):
            return False
        self._guests.setdefault(peer, {})[guest] = None
        self._peers[guest] = peer
        return True

    def leave(self, guest: Guest) -> None:
        """The connection has ended."""
        peer = self._peers.pop(guest, None)
        if peer is None:
            return
        del self._guests[peer][guest]
        if not self._guests[peer]:
            del self._guests[peer]

    async def keep_watch(self) -> None:
        """Look at each of them again and again, until cancelled."""
        while True:
            await asyncio.sleep(_LOOK_INTERVAL_S)
            now = asyncio.get_running_loop().time()
            for guest in list(self._peers):
                guest.look(now)

    def _has_made_room(self, newcomer_has: int) -> bool:
        """Dismiss the oldest idle connection of the most crowded address, unless that is the newcomer's own."""
        crowded = max(self._guests.values(), key=len)
        victim = next((each for each in crowded if each.is_idle), None) if len(crowded) > newcomer_has else None
        if victim is None:
            return False
        self.leave(victim)
        victim.dismiss()
        return True
