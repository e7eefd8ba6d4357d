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
from datamover_operator.tablesyncs.plan.names import digest, mark, object_name, publication_names


def publications(sync: TableSync, identity: Identity) -> tuple[PublicationDefinition, PublicationDefinition]:
    """The publication of all changes, and the one of inserts alone."""
    everything, inserts = publication_names(identity.uid)
    tables: dict[str, list[PublishedTable]] = {everything: [], inserts: []}
    for each in sync.spec.tables:
        table = PublishedTable(each.key, tuple(sorted(each.columns)), each.where)
        tables[inserts if each.publish == "Insert" else everything].append(table)
    return _stamped(everything, ALL, tables[everything], identity), _stamped(inserts, INSERT, tables[inserts], identity)


def _stamped(name: str, publish: str, tables: list[PublishedTable], identity: Identity) -> PublicationDefinition:
    definition = PublicationDefinition(name, publish, tuple(sorted(tables, key=lambda table: table.key)), "")
    return replace(definition, comment=mark(identity, tables=digest(definition)))


def subscription(identity: Identity, connection: str, resync: str | None) -> SubscriptionDefinition:
    """The subscription; its comment tells by which connection and for which resync token it was made."""
    comment = mark(identity, connection=connection, resync=resync_stamp(resync))
    return SubscriptionDefinition(object_name(identity.uid), publication_names(identity.uid), comment)


def resync_stamp(token: str | None) -> str:
    """What the comment of a subscription says of the token that it was made for."""
    return digest(token) if token is not None else "none"
