"""What the spec asks for, as definitions of objects in the databases."""

from __future__ import annotations

from dataclasses import replace

from datamover_crds import TableSync
from datamover_operator.movers.plan.names import Identity
from datamover_operator.postgres.definitions import (
    ALL,
    INSERT,
    PublicationDefinition,
    PublishedTable,
    SubscriptionDefinition,
)
from datamover_operator.tablesyncs.plan.names import digest, mark, publication_names
from datamover_operator.tablesyncs.plan.observed import Observed


def publications(sync: TableSync, identity: Identity) -> tuple[PublicationDefinition, PublicationDefinition]:
    """The publication of all changes, and the one of inserts alone."""
    everything, inserts = publication_names(identity.uid)
    tables: dict[str, list[PublishedTable]] = {everything: [], inserts: []}
    for each in sync.spec.tables:
        table = PublishedTable(each.key, tuple(sorted(each.columns)), each.where)
        tables[inserts if each.publish == "Insert" else everything].append(table)

    def stamped(name: str, publish: str) -> PublicationDefinition:
        sorted_tables = tuple(sorted(tables[name], key=lambda table: table.key))
        definition = PublicationDefinition(name, publish, sorted_tables, "")
        return replace(definition, comment=mark(identity, tables=digest(definition)))

    return stamped(everything, ALL), stamped(inserts, INSERT)


def subscription(o: Observed, source: str) -> SubscriptionDefinition:
    """The subscription to the database with the id `source`.

    Its comment tells that, by which connection, and for which resync token it was made.
    """
    resync = resync_stamp(o.sync.spec.resync)
    comment = mark(o.identity, source=source, connection=o.connection, resync=resync)
    return SubscriptionDefinition(o.name, o.slot_name, publication_names(o.uid), comment)


def resync_stamp(token: str | None) -> str:
    """What comments say of the token that something was made for."""
    return digest(token) if token is not None else "none"
