"""The history of a sync as clients read it: runs of files, and ends of syncs of tables."""

from __future__ import annotations

from datamover_api.sync.documents import ALL, RUN_ENDS, Status, moment, run_error, run_progress, table_state
from datamover_api.sync.webhooks import deliveries
from datamover_crds import DataMoverRun, JsonObject, TableSync
from datamover_crds.contract import FINAL_PHASES


def run_document(run: DataMoverRun) -> JsonObject:
    """One run of a sync of files."""
    phase, counters = str(run.status.phase or "Pending"), run.status.counters
    status: Status = RUN_ENDS.get(phase, "failed") if phase in FINAL_PHASES else "running"
    if phase in {"Pending", "Queued"}:
        status = "pending"
    return {
        "id": run.metadata.name,
        "status": status,
        "startedAt": moment(run.status.start_time or run.metadata.creation_timestamp),
        "endedAt": moment(run.status.completion_time),
        "progress": ALL if status == "completed" else run_progress(run),
        "filesTransferred": counters.files_transferred if counters is not None else None,
        "bytesTransferred": counters.bytes_transferred if counters is not None else None,
        "error": run_error(run) if status == "failed" else None,
        "deliveries": deliveries(run.status.notifications),
    }


def table_run(sync: TableSync) -> JsonObject | None:
    """The last sync of tables as a run; None where there was none."""
    state = table_state(sync)
    begun = moment(sync.status.copy_start_time)
    if begun is None and state.last_sync_at is None:
        return None
    told = _table_end(f"{sync.metadata.name}-last", state.status, state.last_sync_at, state.error)
    return {**told, "startedAt": begun, "progress": state.progress}


def table_ends(sync: TableSync) -> list[JsonObject]:
    """The ends of syncs of tables that the object tells of: the last one that went well, and why it does not go on.

    When the last one began is not known: only the first copy's start is.
    """
    name, state = sync.metadata.name, table_state(sync)
    ends = []
    if (ended := state.last_sync_at) is not None:
        ends.append(_table_end(f"{name}-{ended}", "completed", ended, None))
    since = moment(next((each.last_transition_time for each in sync.status.conditions if each.type == "Stalled"), None))
    if state.status == "failed" and since is not None:
        ends.append(_table_end(f"{name}-{since}-failed", "failed", since, state.error))
    return ends


def _table_end(run_id: str, status: Status, ended: str | None, error: JsonObject | None) -> JsonObject:
    return {
        "id": run_id,
        "status": status,
        "startedAt": None,
        "endedAt": ended,
        "progress": ALL if status == "completed" else 0,
        "filesTransferred": None,
        "bytesTransferred": None,
        "error": error,
        "deliveries": [],
    }


def began(run: JsonObject) -> str:
    """When a run began, or ended where that is not known."""
    return str(run["startedAt"] or run["endedAt"])
