"""TableSync: tables of a PostgreSQL database that are kept in sync with another one by logical replication."""

import re
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from datamover_crds.common import API_VERSION, WHOLE_FLOATS, Duration, Items, JsonObject, Model
from datamover_crds.meta import ObjectMeta, Resource
from datamover_crds.notify import TableSyncNotify
from datamover_crds.postgresql import (
    ON_ONE_LINE,
    POSTGRESQL_NAME,
    DestinationDatabase,
    Identifier,
    Lsn,
    SourceDatabase,
)
from datamover_crds.rules import Rule
from datamover_crds.tablesync_status import SyncToken, TableSyncStatus
from datamover_crds.words import Words

Quantity = Annotated[
    str,
    Field(min_length=1, max_length=18, pattern="^[1-9][0-9]{0,14}(Ki|Mi|Gi|Ti|Pi|k|M|G|T|P)?$"),
    Words("must be a whole number of bytes above 0, such as 10Gi or 500M"),
]
"""A number of bytes such as `10Gi` or `500M`."""
Column = Annotated[str, Field(min_length=1, max_length=63, pattern=ON_ONE_LINE)]
"""An `Identifier`, of which there may be so many that a rule in CEL for each is beyond the API server's cost limit."""
_UNITS = {"": 1, "k": 10**3, "M": 10**6, "G": 10**9, "T": 10**12, "P": 10**15}
_BINARY_UNITS = {"Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40, "Pi": 2**50}
_UNDER_10_SECONDS = "^(0+d)?(0+h)?(0+m)?(0*[0-9]s)?$"


def from_quantity(text: Quantity) -> int:
    """Read a `Quantity` as bytes."""
    digits = text.rstrip("KMGTPik")
    return int(digits) * (_UNITS | _BINARY_UNITS)[text[len(digits) :]]


class SyncedTable(Model):
    """A table to keep in sync."""

    schema_name: Annotated[Identifier | None, Field(alias="schema")] = None
    """The table's schema. Not set: the part of `name` before its first dot, else `public`."""
    name: Annotated[str, Field(min_length=1, max_length=127, pattern=ON_ONE_LINE), POSTGRESQL_NAME]
    """The table's name, such as `orders`; without `schema` also `sales.orders`."""
    columns: Annotated[tuple[Column, ...], Items(at_most=1600)] = ()
    """The columns to replicate; they must include those of the replica identity. Not set: all. Needs PostgreSQL 15."""
    where: Annotated[str, Field(min_length=1, max_length=4096)] | None = None
    """Replicate only rows for which this SQL expression is true, such as `region = 'eu'`. Needs PostgreSQL 15.

    Where updates and deletes are replicated it may use columns of the replica identity only.
    """
    publish: Literal["All", "Insert"] | None = None
    """What is replicated: inserts, updates, deletes and truncates (All, also where not set), or inserts only.

    A table without a replica identity must have Insert: with All, its UPDATEs and DELETEs would fail at the source.
    """

    @property
    def key(self) -> tuple[str, str]:
        """The names of the schema and of the table."""
        if self.schema_name is not None:
            return self.schema_name, self.name
        schema, dot, name = self.name.partition(".")
        return (schema, name) if dot else ("public", self.name)


class SyncRetry(Model):
    """What happens after replication has stopped at an error, such as a row that exists already."""

    limit: Annotated[int, Field(ge=0, le=100), WHOLE_FLOATS] = 3
    """How often it is tried again before the sync is Failed."""
    backoff: Duration = "10s"
    """How long the first retry waits; each further one waits twice as long, at most 10 minutes."""


def _waits_long_enough(spec: "TableSyncSpec") -> bool:
    return re.fullmatch(_UNDER_10_SECONDS, spec.sync_interval) is None


def _promotes_what_goes_on(spec: "TableSyncSpec") -> bool:
    return not (spec.promote and spec.mode == "Once")


class TableSyncSpec(Model):
    """Which tables are kept in sync, from where to where, and how."""

    rules: ClassVar = (
        Rule(
            field_path=".syncInterval",
            cel=f"!has(self.syncInterval) || !self.syncInterval.matches('{_UNDER_10_SECONDS}')",
            holds=_waits_long_enough,
            message="must be at least 10s",
            shown="self.syncInterval",
        ),
        Rule(
            field_path=".promote",
            cel="!has(self.promote) || !self.promote || !has(self.mode) || self.mode != 'Once'",
            holds=_promotes_what_goes_on,
            message="can't be set where mode is Once, which ends in the same way by itself",
        ),
    )
    stand_ins: ClassVar[JsonObject] = {
        "source": {"postgresql": {"host": "unreadable.invalid", "database": "unreadable", "user": "unreadable"}},
        "destination": {"postgresql": {"host": "unreadable.invalid", "database": "unreadable", "user": "unreadable"}},
        "tables": [{"name": "unreadable"}],
    }

    source: SourceDatabase
    """The database that tables are read from."""
    destination: DestinationDatabase
    """The database that tables are written to."""
    tables: Annotated[tuple[SyncedTable, ...], Items(at_least=1, at_most=1000)]
    """The tables to keep in sync."""
    mode: Literal["Continuous", "Interval", "Once"] = "Continuous"
    """Continuous: changes follow at once. Interval: every syncInterval, the destination catches up with the source.

    Once: copy, catch up, set sequences, verify, and remove everything but the rows: a migration.
    """
    sync_interval: Duration = "30s"
    """Interval: how often the destination catches up. Continuous: how often the state is read. At least 10s."""
    create_tables: bool = True
    """Whether tables that the destination lacks are created, with their primary and unique keys."""
    existing_rows: Literal["Refuse", "Keep", "Truncate"] = "Refuse"
    """What happens where a destination table has rows before it is copied for the first time.

    Refuse: nothing is copied. Keep: they stay, and a row that is copied must not exist already. Truncate: they are
    removed.
    """
    suspend: bool = False
    """Nothing is replicated while true; the source keeps its write-ahead log for later."""
    retry: SyncRetry = SyncRetry()
    """What happens after replication has stopped at an error."""
    max_retained_wal: Quantity = "10Gi"
    """How much write-ahead log the source may keep for this sync before the sync is Stalled and tells so."""
    on_retained_wal_exceeded: Literal["Report", "Drop"] = "Report"
    """Drop: the replication slot is dropped then, so that the source's disk does not fill; resync starts anew."""
    verify: Literal["Checksum", "RowCount", "None"] = "Checksum"
    """How Once and promote compare each table of both sides before they finish."""
    promote: bool = False
    """Finish: catch up, set sequences, verify, and remove everything but the rows. Stop writing to the source first."""
    skip_transaction: Lsn | None = None
    """Pass over the transaction that finishes at this position: the one that the conflict's message names.

    That needs PostgreSQL 15 or newer at the destination.
    """
    resync: SyncToken | None = None
    """Any token; a new one copies all tables anew. Rows at the destination are removed, unless existingRows is Keep."""
    notify: Annotated[tuple[TableSyncNotify, ...], Items(at_most=10)] = ()
    """Whom to notify when something happens to the sync."""
    deletion_policy: Literal["Delete", "Retain"] = "Delete"
    """Whether deleting the sync removes its subscription, replication slot and publication. Rows stay in any case."""


class TableSync(Resource):
    """Keeps tables of a PostgreSQL database in sync with another one, by PostgreSQL's own logical replication."""

    api_version: Literal["datamover.io/v1alpha1"] = API_VERSION
    """The group and version of this schema."""
    kind: Literal["TableSync"] = "TableSync"
    """The kind of this object."""
    metadata: ObjectMeta = Field(default_factory=ObjectMeta)
    """Standard object metadata."""
    spec: TableSyncSpec
    """Which tables are kept in sync, from where to where, and how."""
    status: TableSyncStatus = Field(default_factory=TableSyncStatus)
    """What the operator did and saw."""
