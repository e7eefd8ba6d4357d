"""The Subdirectory parameter. Pure."""

from __future__ import annotations

from datasync_emulator.errors import invalid_request


def folder(subdirectory: str) -> str:
    """Give the path with one slash at either end; "" and "/" are the root.

    Raises:
        ApiError: InvalidRequestException where a part of the path is `.` or `..`.
    """
    parts = [part for part in subdirectory.split("/") if part]
    if {".", ".."} & set(parts):
        raise invalid_request(f"Subdirectory '{subdirectory}' contains '.' or '..': give the path from the root.")
    return f"/{'/'.join(parts)}/" if parts else "/"
