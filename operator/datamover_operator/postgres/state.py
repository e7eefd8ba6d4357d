"""What the two databases say of themselves, as plans read it. Positions in the write-ahead log are integers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

TableKey = tuple[str, str]
"""The names of a table's schema and of the table."""


def to_position(text: str) -> int:
    """Read an LSN such as `0/14C0378`."""
    high, _, low = text.partition("/")
    return (int(high, 16) << 32) | int(low, 16)


def from_position(position: int) -> str:
    """Write an LSN as PostgreSQL does."""
    return f"{position >> 32:X}/{position & 0xFFFFFFFF:X}"


@dataclass(frozen=True, slots=True)
class Server:
    """The server and the database behind a connection. `started` tells two servers with the same data apart."""

    system: str
    database: str
    started: str
    version: int
    in_recovery: bool = False
    is_superuser: bool = False
    user: str = ""

    @property
    def id(self) -> str:
        """What stays of a database when its server is restarted, or a standby takes over."""
        return f"{self.system}/{self.database}"

    def is_same_database(self, other: Server) -> bool:
        """Whether both are one database of one running server."""
        return (self.system, self.database, self.started) == (other.system, other.database, other.started)


@dataclass(frozen=True, slots=True)
class Publication:
    """A publication; `digest` is of all that it publishes, as the server has it now."""

    name: str
    comment: str
    digest: str


@dataclass(frozen=True, slots=True)
class Slot:
    """A replication slot. `lag` is what is not confirmed and `retained` what is kept, in bytes."""

    active: bool = False
    lost: bool = False
    confirmed: int = 0
    lag: int = 0
    retained: int = 0
    replay_lag: float | None = None


@dataclass(frozen=True, slots=True)
class SourceState:
    """The source now, by one statement. `publications` and `slots` are those of the sync, by their names.

    `sync_slots` are those that an interrupted copy may have left.

    `oldest_transaction` is how long one has been open, in seconds: a slot can't be created before it ends.
    """

    server: Server
    position: int
    wal_level: str = "logical"
    free_slots: int = 10
    free_senders: int = 10
    can_replicate: bool = True
    can_create: bool = True
    publications: Mapping[str, Publication] = field(default_factory=dict)
    slots: Mapping[str, Slot] = field(default_factory=dict)
    sync_slots: tuple[str, ...] = ()
    oldest_transaction: float | None = None


@dataclass(frozen=True, slots=True)
class Copying:
    """A table's copy under way."""

    rows: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Subscription:
    """A subscription; `tables` maps each table to its state: i, d, f, s or r (pg_subscription_rel)."""

    oid: int
    comment: str
    enabled: bool
    slot_name: str
    publications: tuple[str, ...]
    disables_on_error: bool = False
    skip_position: int = 0
    tables: Mapping[TableKey, str] = field(default_factory=dict)
    copies: Mapping[TableKey, Copying] = field(default_factory=dict)
    apply_errors: int = 0
    copy_errors: int = 0
    is_working: bool = False


@dataclass(frozen=True, slots=True)
class Size:
    """About how much a table holds."""

    rows: int
    bytes: int


@dataclass(frozen=True, slots=True)
class DestinationState:
    """The destination now, by one statement."""

    server: Server
    can_subscribe: bool = True
    can_create: bool = True
    subscription: Subscription | None = None
    sizes: Mapping[TableKey, Size] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Contents:
    """How many rows a table has, and a sum of their hashes; equal where two tables have the same rows."""

    rows: int
    checksum: str


@dataclass(frozen=True, slots=True)
class SequenceValue:
    """The last value of the sequence that a column takes its values from."""

    key: TableKey
    column: str
    value: int


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table. `default` is the expression of a default or of a generated column, as SQL.

    `sequence` is the one that the column owns. `collation` is set where it is not the type's own.
    """

    name: str
    type: str
    required: bool = False
    default: str | None = None
    generated: bool = False
    identity: str = ""
    sequence: TableKey | None = None
    collation: TableKey | None = None


@dataclass(frozen=True, slots=True)
class Key:
    """A primary (p) or unique (u) key."""

    name: str
    kind: str
    columns: tuple[str, ...]
    deferrable: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A table as the catalogue has it. `kind` is pg_class.relkind, `identity` the columns of its replica identity.

    `lacking` names parts of a partitioned table that have no replica identity.
    """

    kind: str = "r"
    persistence: str = "p"
    columns: tuple[Column, ...] = ()
    keys: tuple[Key, ...] = ()
    identity: tuple[str, ...] | None = None
    identity_is_full: bool = False
    lacking: tuple[str, ...] = ()
    owner: str = ""
    is_owned: bool = True
    can_read: bool = True
    can_write: bool = True
    row_security: bool = False
    has_rows: bool = False
    size: Size = Size(0, 0)

    def column(self, name: str) -> Column | None:
        """The column of this name."""
        return next((each for each in self.columns if each.name == name), None)
