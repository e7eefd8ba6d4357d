"""What receivers are told of a sync."""

from __future__ import annotations

from collections.abc import Iterator

from datamover_crds import Condition, Delivery, JsonObject, TableSync, TableSyncStatus
from datamover_operator.notifications.plan.deliveries import News


def sync_news(before: TableSyncStatus, after: TableSyncStatus) -> Iterator[News]:
    """A sync has become Ready or Completed, or has stopped for a new reason."""
    if after.phase == "Completed":
        if before.phase != "Completed":  # once for each copy, even if the status is lost meanwhile
            detail = "the destination has all rows, and the source is no longer followed"
            yield News("TableSyncCompleted", detail, f"end/{after.last_resync or ''}")
        return
    ready, stalled = _sound(after), _standing(after, "Stalled")
    if ready is not None and _sound(before) is None:
        yield News("TableSyncReady", ready.message, ready.last_transition_time)
    if stalled is not None and _trouble(after) != _trouble(before):
        yield News(_event(after), f"{stalled.reason}: {stalled.message}", _occasion(after, stalled))


def sync_data(sync: TableSync, delivery: Delivery) -> JsonObject:
    """The data of the event; it does not change between two tries."""
    return {"namespace": sync.metadata.namespace, "tableSync": sync.metadata.name, "time": delivery.time}


def _sound(status: TableSyncStatus) -> Condition | None:
    """Ready, at work, and past the last error: a retry looks well until it comes to what it can't apply."""
    is_past = status.errors is None or not status.errors.failures
    return _standing(status, "Ready") if is_past and status.phase != "Suspended" else None


def _occasion(status: TableSyncStatus, stalled: Condition) -> str:
    """Retries that stop again where the last one stopped are no news, unless somebody has changed the spec."""
    if stalled.reason == "ReplicationFailed" and status.errors is not None:
        return f"{status.observed_generation}/{stalled.reason}/{status.errors.stopped_at}"
    return f"{stalled.last_transition_time}/{stalled.reason}/{stalled.message}"


def _trouble(status: TableSyncStatus) -> tuple[str, str] | None:
    """Messages hold figures that change all the time; the event and the reason tell one trouble from another."""
    stalled = _standing(status, "Stalled")
    return (_event(status), stalled.reason) if stalled is not None else None


def _event(status: TableSyncStatus) -> str:
    return "TableSyncFailed" if status.phase == "Failed" else "TableSyncStalled"


def _standing(status: TableSyncStatus, kind: str) -> Condition | None:
    return next((each for each in status.conditions if each.type == kind and each.status == "True"), None)
