"""The mirror: all accounts, and for each served namespace its movers and runs, kept up to date by watches."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Final

from datamover_api.mirror.accounts import Home, Served
from datamover_api.mirror.place import Place, Room
from datamover_common.kube.client import KubeClient
from datamover_common.kube.entry import Entry, read
from datamover_common.kube.reflector import Reflector
from datamover_common.kube.resources import ours
from datamover_common.kube.store import Store
from datamover_common.tasks import Background, cancelled
from datamover_crds import DataMover, DataMoverAccount, JsonObject
from datamover_crds.contract import serving_account

_FILL_S: Final = 5.0
"""How long a request waits for what has not been read yet."""


class NotReadError(Exception):
    """What the request asks about has not been read from Kubernetes yet, or may not be; the message says why."""


class Mirror:
    """Finds what requests ask about, without a request to Kubernetes."""

    def __init__(self, client: KubeClient, background: Background, served: Served) -> None:
        """Nothing is read before `reflecting`; `background` owns what keeps it up to date."""
        self._served = served
        self._listeners: list[Callable[[Room], None]] = []
        self._client = client
        self._background = background
        self._accounts = Store(DataMoverAccount, _account, lambda account: (account.spec.account_id,))
        self._watch = Reflector(client, ours(DataMoverAccount).within(), self._accounts, self._accounts_changed)
        self._rooms: dict[str, tuple[Room, asyncio.Task[None]]] = {}
        self._closing: set[asyncio.Task[None]] = set()
        self._was_ready = False

    def listen(self, listener: Callable[[Room], None]) -> None:
        """Have `listener` told of each change of a room's movers."""
        self._listeners.append(listener)

    @asynccontextmanager
    async def reflecting(self) -> AsyncIterator[None]:
        """Keep everything up to date while the context is open."""
        watching = self._background.begin(self._watch.reflect(), "accounts")
        try:
            yield
        finally:
            await cancelled(watching, *self._closing, *(task for _, task in self._rooms.values()))

    @property
    def missing(self) -> list[str]:
        """What has not been read since the start; once everything was read, this stays empty."""
        if not self._was_ready:
            if not self._watch.is_filled:
                return [f"the accounts: {self._watch.problem or 'not read yet'}"]
            unread = sorted(room.namespace for room in self.rooms if not room.is_settled)
            if unread:
                return [f"the movers of namespace {name}: not read yet" for name in unread]
            self._was_ready = True
        return []

    @property
    def rooms(self) -> list[Room]:
        """The rooms of all served namespaces."""
        return [room for room, _ in self._rooms.values()]

    def sizes(self) -> dict[tuple[str, str], int]:
        """How many objects are held, by kind and namespace."""
        sizes = {("DataMoverAccount", ""): len(self._accounts)}
        for room in self.rooms:
            sizes["DataMover", room.namespace] = len(room.movers)
            sizes["DataMoverRun", room.namespace] = len(room.runs)
            if room.reads_tables:
                sizes["TableSync", room.namespace] = len(room.tables)
        return sizes

    async def place(self, account_id: str) -> Place | None:
        """Where an AWS account's movers are; None where it is not served. Raises NotReadError."""
        await self._accounts_read()
        account, names = self._accounts.derived(account_id, _serving)
        if account is None or account.spec.rest is None:
            return None
        return Place(account, names, await self._room(account.spec.rest.namespace))

    async def home(self, choose: Home) -> tuple[DataMoverAccount, Room] | None:
        """The account that serves a facade and the room of its objects; None = no account does. Raises NotReadError."""
        await self._accounts_read()
        chosen = choose([each.digest for each in self._accounts])
        if chosen is None:
            return None
        account, namespace = chosen
        return account, await self._room(namespace)

    async def _accounts_read(self) -> None:
        if not self._watch.is_filled:
            await _fill((self._watch,))
            _require(self._watch, "the accounts are not known")

    async def _room(self, namespace: str) -> Room:
        if namespace not in self._rooms:  # the account has come with a list that is still being read
            raise NotReadError(f"the movers of namespace '{namespace}' are not known: not read yet")
        room = self._rooms[namespace][0]
        if not room.is_filled:
            await _fill((room,))
            _require(room, f"the movers of namespace '{namespace}' are not known")
        return room

    async def movers(self, uids: Sequence[str]) -> list[DataMover]:
        """The movers with these uids in all served accounts, as far as they are there.

        Raises:
            NotReadError: one is not found where everything has been read, and may be where it has not.
        """
        await _fill((self._watch,))
        _require(self._watch, "the accounts are not known")
        await _fill(self.rooms)
        found = self.known(uids)
        if len(found) < len(set(uids)):
            for room in self.rooms:
                _require(room, f"the movers of namespace '{room.namespace}' are not known")
        return found

    def known(self, uids: Iterable[str]) -> list[DataMover]:
        """The movers with these uids, as far as they have been read."""
        return [each.model for uid in dict.fromkeys(uids) for room in self.rooms if (each := room.movers.get(uid))]

    def _changed(self, room: Room) -> None:
        for listener in self._listeners:
            listener(room)

    def _accounts_changed(self) -> None:
        """Open rooms for namespaces that are served now, and close those of others."""
        wanted = self._served.namespaces([each.digest for each in self._accounts])
        for namespace, (room, task) in list(self._rooms.items()):
            if wanted.get(namespace) != room.reads_tables:
                del self._rooms[namespace]
                self._close(task)
        for namespace in wanted.keys() - self._rooms.keys():
            room = Room(self._client, namespace, self._changed, reads_tables=wanted[namespace])
            self._rooms[namespace] = (room, self._background.begin(room.reflect(), f"namespace {namespace}"))

    def _close(self, task: asyncio.Task[None]) -> None:
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)
        task.cancel()


def _account(raw: JsonObject) -> DataMoverAccount:
    """Accounts are few, and all of them are asked for again and again: each is kept whole."""
    return read(DataMoverAccount, raw)[0]


def _serving(
    stored: Iterable[Entry[DataMoverAccount, DataMoverAccount]],
) -> tuple[DataMoverAccount | None, frozenset[str]]:
    """Of the accounts with one ID: the one that serves it, and the names of all."""
    accounts = [each.digest for each in stored]
    names = frozenset(each.metadata.name for each in accounts)
    return (serving_account(accounts, accounts[0].spec.account_id) if accounts else None), names


async def _fill(parts: Collection[Reflector[DataMoverAccount, DataMoverAccount] | Room]) -> None:
    """Give them some time for their first list."""
    if all(part.is_settled for part in parts):
        return
    with suppress(TimeoutError):
        async with asyncio.timeout(_FILL_S):
            for part in parts:
                await part.settled()


def _require(part: Reflector[DataMoverAccount, DataMoverAccount] | Room, what: str) -> None:
    """Raise NotReadError where the API server has not shown it yet."""
    if not part.is_filled:
        raise NotReadError(f"{what}: {part.problem or 'not read yet'}")
