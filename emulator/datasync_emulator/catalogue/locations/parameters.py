"""Parameters that several types have. Pure."""

from __future__ import annotations

from datasync_emulator.errors import invalid_request
from datasync_emulator.messages import JsonObject


def folder(subdirectory: str) -> str:
    """Give a Subdirectory with one slash at either end; "" and "/" are the root.

    Raises:
        ApiError: InvalidRequestException where a part of the path is `.` or `..`.
    """
    parts = [part for part in subdirectory.split("/") if part]
    if {".", ".."} & set(parts) or "\0" in subdirectory:
        raise invalid_request(f"Subdirectory '{subdirectory}' contains '.' or '..': give the path from the root.")
    return f"/{'/'.join(parts)}/" if parts else "/"


def mount_version(options: JsonObject | None) -> JsonObject:
    """Give MountOptions with their default."""
    return {"Version": (options or {}).get("Version", "AUTOMATIC")}


def same_agents(agents: tuple[str, ...], params: JsonObject) -> None:
    """Refuse to add or remove agents of a location whose agents are set once and for all.

    Raises:
        ApiError: InvalidRequestException.
    """
    if "AgentArns" in params and set(params["AgentArns"]) != set(agents):
        raise invalid_request("AgentArns can't be changed: create a new location with the agents that it needs.")
