"""Where an account's movers are: the room of a namespace, and one account's part of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from typing import Final, Protocol, Self

from datamover_api.http.answers import json_document
from datamover_api.mirror.keys import ALL, Group, MoverDigest, MoverKey, RunDigest, TableDigest
from datamover_common.kube.client import KubeClient
from datamover_common.kube.entry import Entry
from datamover_common.kube.reflector import Reflector
from datamover_common.kube.resources import ours
from datamover_common.kube.store import Store
from datamover_crds import DataMover, DataMoverAccount, DataMoverRun, TableSync

MOVERS: Final = ours(DataMover)
RUNS: Final = ours(DataMoverRun)
TABLES: Final = ours(TableSync)
StoredMover = Entry[DataMover, MoverDigest]
StoredRun = Entry[DataMoverRun, RunDigest]
StoredTable = Entry[TableSync, TableDigest]


class Reader(Protocol):
    """A reflector of any kind."""

    @property
    def is_filled(self) -> bool:
        """Whether everything has been read."""
        ...

    @property
    def is_settled(self) -> bool:
        """Whether everything has been read, or refused."""
        ...

    @property
    def problem(self) -> str:
        """Why it could not be read; empty where nothing is wrong."""
        ...

    async def settled(self) -> None:
        """Wait until everything has been read, or refused."""
        ...

    async def reflect(self) -> None:
        """Keep the store up to date until cancelled."""
        ...


class Room:
    """One namespace's movers and runs, and its table syncs where they are read."""

    def __init__(
        self, client: KubeClient, namespace: str, changed: Callable[[Self], None], *, reads_tables: bool
    ) -> None:
        """Nothing is read before `reflect`; `changed` is called after each list and each event of movers."""
        self.namespace = namespace
        self.reads_tables = reads_tables
        self.movers = Store(DataMover, MoverDigest.of, MoverDigest.keys)
        self.runs = Store(DataMoverRun, RunDigest.of, RunDigest.keys)
        self.tables = Store(TableSync, TableDigest.of, TableDigest.keys)
        self.reflectors: tuple[Reader, ...] = (
            Reflector(client, MOVERS.within(namespace), self.movers, lambda: changed(self)),
            Reflector(client, RUNS.within(namespace), self.runs, _nothing),
        )
        if reads_tables:
            self.reflectors += (Reflector(client, TABLES.within(namespace), self.tables, _nothing),)

    @property
    def is_filled(self) -> bool:
        """Whether everything has been read."""
        return all(each.is_filled for each in self.reflectors)

    @property
    def is_settled(self) -> bool:
        """Whether everything has been read, or refused."""
        return all(each.is_settled for each in self.reflectors)

    @property
    def problem(self) -> str:
        """Why something could not be read; empty where nothing is wrong."""
        return "; ".join({each.problem: None for each in self.reflectors if each.problem})

    async def settled(self) -> None:
        """Wait until everything has been read, or refused."""
        for each in self.reflectors:
            await each.settled()

    async def reflect(self) -> None:
        """Keep both stores up to date until cancelled."""
        async with asyncio.TaskGroup() as group:
            for each in self.reflectors:
                group.create_task(each.reflect())

    def listing(self, key: Hashable, accounts: frozenset[str]) -> Listing:
        """The movers under a key that name one of these accounts."""
        return self.movers.derived(key, _Listings).of(accounts)


@dataclass(frozen=True, slots=True)
class Listing:
    """How many movers there are, and their names, in order, as a JSON array."""

    count: int
    document: bytes


class _Listings:
    """The listings of some movers, by the accounts that they are of."""

    def __init__(self, movers: Iterable[StoredMover]) -> None:
        self._owned = sorted((each.digest.key.name, each.digest.account) for each in movers)
        self._made: dict[frozenset[str], Listing] = {}

    def of(self, accounts: frozenset[str]) -> Listing:
        if accounts not in self._made:
            names = [name for name, account in self._owned if account in accounts]
            self._made[accounts] = Listing(len(names), json_document(names))
        return self._made[accounts]


class Place:
    """Where one AWS account's movers are: the account object that serves it, and the room of its namespace."""

    def __init__(self, account: DataMoverAccount, names: frozenset[str], room: Room) -> None:
        """`names` are those of all account objects of this AWS account: movers of any of them are served."""
        self.account = account
        self.room = room
        self._names = names

    def shown(self) -> Listing:
        """The movers that readers see."""
        return self.room.listing(ALL, self._names)

    def shown_in(self, group: str) -> Listing:
        """A group's movers that readers see."""
        return self.room.listing(Group(group), self._names)

    def keyed(self, key: MoverKey) -> list[StoredMover]:
        """The movers with this group and name, seen or not, the oldest first: clients see the first one.

        Of two that were made in the same second, the object's name tells which is the first, whatever happens to them.
        """
        found = (each for each in self.room.movers.entries(key) if each.digest.account in self._names)
        return sorted(found, key=lambda each: (each.digest.created, each.name))


def _nothing() -> None:
    """Nobody asks to be told."""
