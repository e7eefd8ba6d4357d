"""Pages of records in the order of their creation. Pure."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterable
from typing import TypeVar

from datasync_emulator.errors import invalid_request
from datasync_emulator.messages import JsonObject

Record = TypeVar("Record")
DEFAULT_PAGE = 100


def page(
    records: Iterable[Record], serial: Callable[[Record], int], params: JsonObject
) -> tuple[list[Record], str | None]:
    """Cut the page that MaxResults and NextToken ask for; records come sorted by serial.

    A token names the last record shown, so pages stay right while others are created and deleted.

    Raises:
        ApiError: InvalidRequestException for a token that is none of ours.
    """
    size = params.get("MaxResults") or DEFAULT_PAGE
    after = _read(params["NextToken"]) if "NextToken" in params else 0
    rest = [record for record in records if serial(record) > after]
    shown = rest[:size]
    return shown, _write(serial(shown[-1])) if len(rest) > size else None


def _write(serial: int) -> str:
    return base64.urlsafe_b64encode(f"after={serial}".encode()).decode()


def _read(token: str) -> int:
    try:
        name, _, serial = base64.urlsafe_b64decode(token).decode().partition("=")
        if name == "after":
            return int(serial)
    except (ValueError, binascii.Error):
        pass
    raise invalid_request(f"Invalid NextToken: {token}. Use the one of the previous page, with the same filters.")
