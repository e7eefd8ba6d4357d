"""What is created in the databases, as data. Whoever makes it has looked at the expressions in it."""

from __future__ import annotations

from dataclasses import dataclass

from datamover_operator.postgres.state import Column, Key, TableKey

ALL = "insert, update, delete, truncate"
INSERT = "insert"


@dataclass(frozen=True, slots=True)
class PublishedTable:
    """A table in a publication; no `columns`: all of them."""

    key: TableKey
    columns: tuple[str, ...] = ()
    where: str | None = None


@dataclass(frozen=True, slots=True)
class PublicationDefinition:
    """A publication of some tables; `comment` is what its comment begins with."""

    name: str
    publish: str
    tables: tuple[PublishedTable, ...]
    comment: str


@dataclass(frozen=True, slots=True)
class SubscriptionDefinition:
    """A subscription that is not enabled yet."""

    name: str
    slot: str
    publications: tuple[str, ...]
    comment: str


@dataclass(frozen=True, slots=True)
class TableDefinition:
    """A table to create."""

    key: TableKey
    columns: tuple[Column, ...]
    keys: tuple[Key, ...]
