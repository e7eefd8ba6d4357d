"""What a destination needs before anything is created there: one sentence for each finding, with what mends it."""

from __future__ import annotations

from collections.abc import Iterator

from datamover_crds import SyncedTable
from datamover_operator.postgres.state import Column, DestinationState, Table
from datamover_operator.tablesyncs.plan.changes import emptied, serves, wants_resync, was_copied
from datamover_operator.tablesyncs.plan.observed import Catalogue, Finding, Observed, shown
from datamover_operator.tablesyncs.plan.quoting import listed, tables, typed
from datamover_operator.tablesyncs.plan.source_checks import OLDEST_VERSION

_APPLIES_AS_OWNER = 160000
"""From this version on an ordinary role may subscribe, and changes are applied as the table's owner."""


def destination_findings(o: Observed, destination: DestinationState, catalogue: Catalogue) -> Iterator[Finding]:
    """What stands in the way at the destination."""
    yield from _server(o, destination)
    yield from _rights(o, destination)
    for failure in catalogue.failures:
        if failure.side == "destination" and failure.action.startswith("reach the source"):
            yield Finding(
                "SourceNotReached",
                f"the destination server can't connect to the source: {failure.message}; see that its address, TLS and "
                "pg_hba.conf allow it, or set spec.source.postgresql.reachedFromDestination",
            )
    for place, table in enumerate(o.sync.spec.tables):
        found = catalogue.destination.get(table.key)
        source = catalogue.source.get(table.key)
        if found is not None and source is not None:
            yield from _table(o, f"spec.tables[{place}]", table, source, found)
    yield from _existing_rows(o, destination, catalogue)


def _server(o: Observed, destination: DestinationState) -> Iterator[Finding]:
    server = destination.server
    if server.version < OLDEST_VERSION:
        yield Finding(
            "UnsupportedVersion", f"destination: PostgreSQL {server.version // 10000} is too old: 14 or newer is needed"
        )
    if server.in_recovery:
        yield Finding("IsStandby", "destination: the server is a standby; name its primary")
    if o.source is not None and server.is_same_database(o.source.server):
        yield Finding("SameDatabase", "spec.destination: is the same database as the source; name another one")


def _rights(o: Observed, destination: DestinationState) -> Iterator[Finding]:
    user = typed(destination.server.user)
    if not destination.can_subscribe:
        statement = (
            f"ALTER ROLE {user} SUPERUSER (Amazon RDS: GRANT rds_superuser TO {user})"
            if destination.server.version < _APPLIES_AS_OWNER
            else f"GRANT pg_create_subscription TO {user}"
        )
        yield Finding("MissingRights", f"destination: role {user} may not create a subscription; {statement}")
    if not destination.can_create:
        grant = f"GRANT CREATE ON DATABASE {typed(o.ends['destination'].database)} TO {user}"
        yield Finding("MissingRights", f"destination: role {user} may not create anything in the database; {grant}")


def _table(o: Observed, path: str, wanted: SyncedTable, source: Table, found: Table) -> Iterator[Finding]:
    name, statement = shown(wanted.key), f"ALTER TABLE {typed(*wanted.key)}"
    if found.kind not in {"r", "p"}:
        yield Finding("NotATable", f"{path}: {name} is no table at the destination; rename it there, or take it out")
        return
    if not found.can_write:
        user = typed(o.destination.server.user) if o.destination is not None else "…"
        yield Finding(
            "MissingRights",
            f"{path}: table {name} of the destination may not be written; GRANT ALL ON {typed(*wanted.key)} TO {user}",
        )
    server = o.destination.server if o.destination is not None else None
    if server is not None and server.version >= _APPLIES_AS_OWNER and not (server.is_superuser or found.is_owned):
        owner, user = typed(found.owner), typed(server.user)
        yield Finding(
            "MissingRights",
            f"{path}: table {name} of the destination belongs to {owner}, as whom changes are applied; "
            f"GRANT {owner} TO {user}",
        )
    if found.row_security:
        yield Finding(
            "MissingRights",
            f"{path}: table {name} of the destination has row security, which replication does not pass; "
            f"{statement} DISABLE ROW LEVEL SECURITY, or use a role with BYPASSRLS",
        )
    published = published_columns(wanted, source)
    missing = [each for each in published if found.column(each.name) is None]
    if missing:
        add = ", ".join(f"ADD COLUMN {typed(each.name)} {each.type}" for each in missing)
        yield Finding(
            "ColumnNotFound",
            f"{path}: table {name} of the destination lacks column {listed(each.name for each in missing)}; "
            f"{statement} {add}, or name the columns to replicate in {path}.columns",
        )
    names = {each.name for each in published}
    unfilled = [each.name for each in found.columns if each.name not in names and _must_be_given(each)]
    if unfilled:
        yield Finding(
            "ColumnNotFound",
            f"{path}: column {listed(unfilled)} of table {name} of the destination is NOT NULL and gets no value; "
            f"{statement} ALTER COLUMN {typed(unfilled[0])} DROP NOT NULL, or give it a default",
        )
    if wanted.publish != "Insert" and not source.identity_is_full:
        yield from _identity(path, name, statement, source, found)


def _identity(path: str, name: str, statement: str, source: Table, found: Table) -> Iterator[Finding]:
    """By the destination's own key the row is found that an update or delete is about."""
    keys = [key.columns for key in found.keys if key.kind == "p"]
    identity = found.identity or (keys[0] if keys else None)
    if identity is None or not set(identity) <= set(source.identity or ()):
        yield Finding(
            "NoReplicaIdentity",
            f"{path}: table {name} of the destination has no primary key on {listed(source.identity or ())}, as the "
            f"source has: updates and deletes could not be applied; {statement} ADD PRIMARY KEY "
            f"({listed(source.identity or ())})",
        )


def _must_be_given(column: Column) -> bool:
    return column.required and column.default is None and not column.identity and not column.generated


def published_columns(wanted: SyncedTable, source: Table) -> tuple[Column, ...]:
    """The columns of a table that are replicated."""
    return tuple(
        each for each in source.columns if not each.generated and (not wanted.columns or each.name in wanted.columns)
    )


def _existing_rows(o: Observed, destination: DestinationState, catalogue: Catalogue) -> Iterator[Finding]:
    found = destination.subscription
    if found is None and was_copied(o) and not wants_resync(o):
        yield Finding(
            "SubscriptionLost",
            f"the subscription {o.name} was dropped: changes since then are missing at the destination; set "
            "spec.resync to a new token to copy the tables anew",
        )
        return
    known = {*(found.tables if found is not None and serves(o) else ()), *emptied(o)}
    filled = [key for key in o.keys if key not in known and (t := catalogue.destination.get(key)) and t.has_rows]
    if filled and o.sync.spec.existing_rows == "Refuse":
        yield Finding(
            "RowsExist",
            f"the destination has rows already in {', '.join(map(shown, filled))}; TRUNCATE {tables(filled)}, or set "
            "spec.existingRows to Keep or Truncate",
        )
