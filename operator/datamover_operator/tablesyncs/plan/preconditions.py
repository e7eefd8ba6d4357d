"""Why a sync can't be carried out as declared: all of it is asked before the first write."""

from __future__ import annotations

from datamover_operator.tablesyncs.plan.destination_checks import destination_findings
from datamover_operator.tablesyncs.plan.names import is_ours, owner_in
from datamover_operator.tablesyncs.plan.observed import Finding, Observed
from datamover_operator.tablesyncs.plan.source_checks import source_findings
from datamover_operator.tablesyncs.plan.tables import missing_findings


def findings(o: Observed) -> tuple[Finding, ...]:
    """Everything that stands in the way, the source's first."""
    if o.source is None or o.destination is None or o.catalogue is None:
        return ()
    return (
        *source_findings(o, o.source, o.catalogue),
        *destination_findings(o, o.destination, o.catalogue),
        *missing_findings(o, o.catalogue),
    )


def foreign(o: Observed) -> Finding | None:
    """An object that has the name of one of ours, and says in its comment that it is not."""
    found = [(p.name, p.comment, "publication", "") for p in (o.source.publications if o.source else {}).values()]
    if o.subscription is not None:
        slot = o.subscription.slot_name
        also = f", which also drops the slot {slot} at the server that it subscribes to" if slot else ""
        found.append((o.name, o.subscription.comment, "subscription", also))
    for name, comment, what, also in found:
        if not is_ours(comment, o.identity):
            side = "source" if what == "publication" else "destination"
            return Finding(
                "AlreadyManaged",
                f"{side}: {what} {name} belongs to {owner_in(comment)} by its comment; if nothing uses it any more, "
                f"DROP {what.upper()} {name}{also}",
            )
    return None
