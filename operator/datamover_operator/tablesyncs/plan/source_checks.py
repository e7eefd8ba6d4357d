"""What a source needs before anything is created there: one sentence for each finding, with what mends it."""

from __future__ import annotations

from collections.abc import Iterator

from datamover_crds import SyncedTable
from datamover_operator.postgres.state import SourceState, Table
from datamover_operator.tablesyncs.plan.expressions import UnusableExpressionError, check_filter
from datamover_operator.tablesyncs.plan.observed import Catalogue, Finding, Observed, shown
from datamover_operator.tablesyncs.plan.quoting import listed, typed

OLDEST_VERSION = 140000
_HAS_FILTERS = 150000
_NEEDED_SLOTS = 2
"""One for the changes, and one at a time for a table's copy."""


def source_findings(o: Observed, source: SourceState, catalogue: Catalogue) -> Iterator[Finding]:
    """What stands in the way at the source."""
    yield from _server(source)
    if o.slot is None:
        yield from _capacity(source)
    yield from _rights(o, source)
    for place, table in enumerate(o.sync.spec.tables):
        yield from _table(o, f"spec.tables[{place}]", table, source, catalogue)


def _server(source: SourceState) -> Iterator[Finding]:
    server = source.server
    if server.version < OLDEST_VERSION:
        yield Finding(
            "UnsupportedVersion", f"source: PostgreSQL {server.version // 10000} is too old: 14 or newer is needed"
        )
    if server.in_recovery:
        yield Finding("IsStandby", "source: the server is a standby; name its primary")
    if source.wal_level != "logical":
        yield Finding(
            "WalLevel",
            f"source: wal_level is {source.wal_level}; ALTER SYSTEM SET wal_level = logical, then restart the server "
            "(Amazon RDS: set rds.logical_replication to 1 in the parameter group, then reboot)",
        )


def _capacity(source: SourceState) -> Iterator[Finding]:
    for what, free in (("max_replication_slots", source.free_slots), ("max_wal_senders", source.free_senders)):
        if free < _NEEDED_SLOTS:
            yield Finding(
                "NoFreeSlots",
                f"source: {what} leaves {max(free, 0)} free, and {_NEEDED_SLOTS} are needed; raise it with "
                f"ALTER SYSTEM SET {what} = …, then restart the server",
            )


def _rights(o: Observed, source: SourceState) -> Iterator[Finding]:
    user = typed(source.server.user)
    if not source.can_replicate:
        yield Finding(
            "MissingRights",
            f"source: role {user} may not replicate; ALTER ROLE {user} REPLICATION "
            f"(Amazon RDS: GRANT rds_replication TO {user})",
        )
    if not source.can_create:
        grant = f"GRANT CREATE ON DATABASE {typed(o.ends['source'].database)} TO {user}"
        yield Finding("MissingRights", f"source: role {user} may not create a publication; {grant}")


def _table(o: Observed, path: str, wanted: SyncedTable, source: SourceState, catalogue: Catalogue) -> Iterator[Finding]:
    key, name = wanted.key, shown(wanted.key)
    if [each.key for each in o.sync.spec.tables].count(key) > 1:
        yield Finding("InvalidSpec", f"{path}: table {name} is named twice; name it once")
        return
    found = catalogue.source.get(key)
    if found is None:
        yield Finding("TableNotFound", f"{path}: table {name} does not exist in the source; create it, or take it out")
        return
    if found.kind not in {"r", "p"} or found.persistence != "p":
        yield Finding("NotATable", f"{path}: {name} is no ordinary table, and others can't be replicated; take it out")
        return
    if not found.is_owned:
        owner, user = typed(found.owner), typed(source.server.user)
        yield Finding("MissingRights", f"{path}: table {name} belongs to {owner}; GRANT {owner} TO {user}")
    if not found.can_read:
        grant = f"GRANT SELECT ON {typed(*key)} TO {typed(source.server.user)}"
        yield Finding("MissingRights", f"{path}: table {name} may not be read; {grant}")
    missing = [column for column in wanted.columns if found.column(column) is None]
    if missing:
        yield Finding("ColumnNotFound", f"{path}.columns: table {name} has no column {listed(missing)}")
    generated = [each.name for each in found.columns if each.generated and each.name in wanted.columns]
    if generated:
        yield Finding(
            "ColumnNotFound", f"{path}.columns: {listed(generated)} of {name} is generated, which is not replicated"
        )
    if (wanted.columns or wanted.where) and source.server.version < _HAS_FILTERS:
        yield Finding("UnsupportedVersion", f"{path}: columns and where need PostgreSQL 15 or newer at the source")
    else:
        yield from _filter(path, wanted, catalogue)
    if wanted.publish != "Insert":
        yield from _identity(path, wanted, found, catalogue)


def _filter(path: str, wanted: SyncedTable, catalogue: Catalogue) -> Iterator[Finding]:
    if wanted.where is None:
        return
    try:
        check_filter(wanted.where)
    except UnusableExpressionError as error:
        yield Finding("InvalidSpec", f"{path}.where: {error}")
    for failure in catalogue.failures:
        if failure.action.endswith(f"of table {shown(wanted.key)}"):
            yield Finding("InvalidSpec", f"{path}.where: the source refuses it: {failure.message}")


def _identity(path: str, wanted: SyncedTable, found: Table, catalogue: Catalogue) -> Iterator[Finding]:
    """Publishing updates and deletes makes them fail at the source where the identity is missing or not published."""
    name, statement = shown(wanted.key), f"ALTER TABLE {typed(*wanted.key)}"
    mend = f"{statement} ADD PRIMARY KEY (…), or {statement} REPLICA IDENTITY FULL, or set {path}.publish to Insert"
    if found.kind == "r" and found.identity is None and not found.identity_is_full:
        yield Finding(
            "NoReplicaIdentity",
            f"{path}: table {name} has no replica identity: publishing its updates and deletes would make them fail at "
            f"the source; {mend}",
        )
    if found.lacking:
        yield Finding(
            "NoReplicaIdentity", f"{path}: partitions of {name} have no replica identity: {listed(found.lacking)}"
        )
    if wanted.columns:
        identity = found.identity or ()
        needed = [each.name for each in found.columns] if found.identity_is_full else identity
        left_out = [column for column in needed if column not in wanted.columns]
        if left_out:
            yield Finding(
                "NoReplicaIdentity",
                f"{path}.columns: must include {listed(left_out)}, which are part of the replica identity of {name}: "
                "without them its updates and deletes would fail at the source",
            )
    beyond = catalogue.filters.get(wanted.key, ())
    if beyond:
        yield Finding(
            "NoReplicaIdentity",
            f"{path}.where: uses {listed(beyond)}, which are not part of the replica identity of {name}: its updates "
            f"and deletes would fail at the source; {statement} REPLICA IDENTITY FULL, or set {path}.publish to Insert",
        )
