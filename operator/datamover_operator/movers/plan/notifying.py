"""What receivers are told of a mover."""

from __future__ import annotations

from collections.abc import Iterator

from datamover_crds import Condition, DataMover, DataMoverStatus, Delivery, JsonObject
from datamover_operator.notifications.plan.deliveries import News


def mover_news(before: DataMoverStatus, after: DataMoverStatus) -> Iterator[News]:
    """A mover has become Ready, or Stalled for a new reason, or a scheduled start has not come."""
    ready, stalled = _standing(after, "Ready"), _standing(after, "Stalled")
    if ready is not None and _standing(before, "Ready") is None:
        yield News("MoverReady", ready.message, ready.last_transition_time)
    known = _standing(before, "Stalled")
    if stalled is not None and (known is None or known.message != stalled.message):
        yield News("MoverStalled", f"{stalled.reason}: {stalled.message}", _occasion(stalled))
    missed = after.last_missed_time
    if missed is not None and missed != before.last_missed_time:
        yield News("ScheduleMissed", f"the start that was due at {missed} did not happen", missed)


def mover_data(mover: DataMover, delivery: Delivery) -> JsonObject:
    """The data of the event; it does not change between two tries."""
    return {"namespace": mover.metadata.namespace, "mover": mover.metadata.name, "time": delivery.time}


def _standing(status: DataMoverStatus, kind: str) -> Condition | None:
    return next((each for each in status.conditions if each.type == kind and each.status == "True"), None)


def _occasion(stalled: Condition) -> str:
    return f"{stalled.last_transition_time}/{stalled.reason}/{stalled.message}"
