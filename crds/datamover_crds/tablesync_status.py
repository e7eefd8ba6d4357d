"""What the operator writes into a TableSync's status."""

from typing import Annotated, Literal

from pydantic import Field

from datamover_crds.common import WHOLE_FLOATS, Count, Items, Model, Text, Timestamp
from datamover_crds.meta import Conditions
from datamover_crds.notify import Deliveries

SyncPhase = Literal["Pending", "Copying", "CatchingUp", "Streaming", "Idle", "Suspended", "Completed", "Failed"]
SyncToken = Annotated[str, Field(min_length=1, max_length=253)]
TableName = Annotated[str, Field(min_length=1, max_length=127)]


class TableState(Model):
    """How far one table is."""

    name: TableName
    """The table, as `schema.name`."""
    state: Literal["Pending", "Copying", "CatchingUp", "Ready"]
    """Where the table is: not begun, being copied, catching up after its copy, or following the source."""
    rows: Count | None = None
    """About how many rows the destination's table has."""
    bytes: Count | None = None
    """How large the destination's table is, in bytes."""
    total_rows: Count | None = None
    """About how many rows the source's table had when the copy began."""
    total_bytes: Count | None = None
    """How large the source's table was then, in bytes."""
    verified: Literal["Equal", "Different"] | None = None
    """What the comparison of both sides has found, by Once or promote."""


class SyncEnd(Model):
    """A database that the sync works in, as it was last reached."""

    host: Text
    """The server's host name or IP address."""
    port: Count
    """The server's port."""
    database: Text
    """The database's name."""
    user: Text
    """The role that logs in."""
    ssl_mode: Text
    """How the server is verified."""
    id: Text
    """What tells the database from others: the server's system identifier and the database's oid."""
    version: Text | None = None
    """The server's version."""


class RetiredEnd(Model):
    """A database that the sync worked in before the spec named another one, and what is still to be removed there."""

    side: Literal["source", "destination"]
    """Which end it was."""
    end: SyncEnd
    """The database."""
    subscription_id: Count | None = None
    """The oid of the subscription whose replication slots may be left at a source."""
    destination_id: Text | None = None
    """The system identifier of the destination's server then."""


class SyncErrors(Model):
    """What has gone wrong while copying or applying changes."""

    apply_errors: Count = 0
    """How many errors PostgreSQL has counted while applying changes; a lost connection counts, too."""
    copy_errors: Count = 0
    """How many errors PostgreSQL has counted while copying tables."""
    stopped: bool = False
    """Whether replication is stopped at an error now."""
    failures: Count = 0
    """How often in a row replication has stopped at an error without getting past it."""
    last_time: Timestamp | None = None
    """When an error was last noticed."""
    stopped_at: Text | None = None
    """The position that the destination had confirmed when replication stopped last."""
    transaction: Text | None = None
    """Where the transaction that can't be applied finishes, for skipTransaction."""
    tables: Annotated[tuple[TableName, ...], Items(at_most=100)] = ()
    """The tables that could not be copied, or that the transaction changes."""


class TableSyncStatus(Model):
    """What the operator did and saw."""

    observed_generation: Count | None = None
    """The metadata.generation that was last acted on."""
    conditions: Conditions = ()
    """Ready, Reconciling and Stalled."""
    phase: SyncPhase | None = None
    """Where the sync is."""
    percent: Annotated[int, Field(ge=0, le=100), WHOLE_FLOATS] | None = None
    """How much of the first copy is done, by the sizes of the source's tables."""
    estimated_completion_time: Timestamp | None = None
    """When the first copy is expected to end."""
    tables: Annotated[tuple[TableState, ...], Items(at_most=1000)] = ()
    """How far each table is."""
    lag_bytes: Count | None = None
    """How much write-ahead log the destination has not confirmed yet. Not updated for small changes, and
    while the sync follows its source lowered at most every 10 minutes."""
    lag_seconds: Count | None = None
    """How far the destination is behind, in seconds. Not updated for small changes."""
    retained_wal_bytes: Count | None = None
    """How much write-ahead log the source keeps for this sync. Not updated for small changes."""
    last_sync_time: Timestamp | None = None
    """When the destination was last seen to have everything that the source had. A Continuous sync that follows its
    source updates it along with other changes, and at most hourly by itself: lagBytes and lagSeconds tell how it is."""
    synced_position: Text | None = None
    """The source's position that the destination had then."""
    next_sync_time: Timestamp | None = None
    """Interval: when the destination catches up next."""
    copy_start_time: Timestamp | None = None
    """When the tables' copy began."""
    completion_time: Timestamp | None = None
    """When Once or promote finished."""
    object_name: Text | None = None
    """The name of the publication at the source and of the subscription at the destination."""
    slot_name: Text | None = None
    """The name of the replication slot at the source."""
    subscription_id: Count | None = None
    """The subscription's oid in the destination."""
    source: SyncEnd | None = None
    """The source, as it was last reached."""
    destination: SyncEnd | None = None
    """The destination, as it was last reached."""
    retired: Annotated[tuple[RetiredEnd, ...], Items(at_most=16)] = ()
    """Databases that the spec no longer names, in which something is still to be removed."""
    errors: SyncErrors | None = None
    """What has gone wrong while copying or applying changes."""
    last_skipped_transaction: Text | None = None
    """The skipTransaction that was last acted on."""
    last_resync: SyncToken | None = None
    """The resync token that was last acted on."""
    notifications: Deliveries = ()
    """The newest notifications of the sync's events."""
