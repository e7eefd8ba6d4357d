"""The statements that remove what a sync has made, for people to type where the operator can't."""

from __future__ import annotations

from datamover_crds import RetiredEnd
from datamover_operator.tablesyncs.plan.names import publication_names, sync_slots
from datamover_operator.tablesyncs.plan.observed import Observed


def at_destination(o: Observed) -> str:
    """Without asking the source, which may be out of reach: its slots are left."""
    alter = f"ALTER SUBSCRIPTION {o.name}"
    return f"{alter} DISABLE; {alter} SET (slot_name = NONE); DROP SUBSCRIPTION {o.name}"


def at_source(o: Observed) -> str:
    """The slots of the sync and of copies that were under way, and the publications."""
    known = o.known
    return _at_source(o, known.subscription_id, known.destination.id if known.destination is not None else None)


def at_former(o: Observed, former: RetiredEnd) -> str:
    """What is left in a database that the spec named before."""
    if former.side == "destination":
        return at_destination(o)
    return _at_source(o, former.subscription_id, former.destination_id)


def _at_source(o: Observed, subscription_id: int | None, destination: str | None) -> str:
    whose = f"starts_with(slot_name, '{o.name}')"
    if subscription_id is not None and destination is not None:
        system = destination.partition("/")[0]
        whose = f"({whose} OR slot_name LIKE '{sync_slots(subscription_id, system)}')"
    slots = f"pg_replication_slots WHERE database = current_database() AND {whose}"
    publications = ", ".join(publication_names(o.uid))
    # Nothing is sent from here: a person reads it.
    return f"SELECT pg_drop_replication_slot(slot_name) FROM {slots}; DROP PUBLICATION IF EXISTS {publications}"  # noqa: S608
