"""Pages of lists: a cursor says after which item a page goes on, so that what comes and goes meanwhile does no harm."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, get_args

from datamover_api.sync.documents import Status
from datamover_api.sync.problems import Fault, InvalidRequestError
from datamover_api.sync.sides import POSTGRESQL, TYPES

_LIMIT: Final = re.compile("[1-9][0-9]{0,2}")
_DEFAULT: Final = 50
_MOST: Final = 200
_LONGEST: Final = 512


@dataclass(frozen=True, slots=True)
class Page:
    """Which part of a list is wanted: so many items after a place; None: from the beginning."""

    limit: int
    after: tuple[str, str] | None


def page_of(query: Mapping[str, str]) -> Page:
    """The page that a query asks for. Raises InvalidRequestError."""
    limit, cursor = query.get("limit", str(_DEFAULT)), query.get("cursor", "")
    if not (limit.isascii() and _LIMIT.fullmatch(limit)) or int(limit) > _MOST:
        raise InvalidRequestError(Fault("limit", f"must be a whole number from 1 to {_MOST}"))
    return Page(int(limit), _place(cursor) if cursor else None)


def cursor_of(place: tuple[str, str]) -> str:
    """The cursor that leads on from a place."""
    return base64.urlsafe_b64encode("|".join(place).encode()).decode().rstrip("=")


def _place(cursor: str) -> tuple[str, str]:
    try:
        text = base64.b64decode(cursor[:_LONGEST] + "=" * (-len(cursor) % 4), b"-_", validate=True).decode()
    except (binascii.Error, ValueError):
        text = ""
    created, found, name = text.partition("|")
    if not found:
        raise InvalidRequestError(Fault("cursor", "must be the nextCursor of an earlier answer"))
    return created, name


def filters_of(query: Mapping[str, str]) -> dict[str, str]:
    """The status and the type that are wanted, where a query names them. Raises InvalidRequestError."""
    accepted = {"status": get_args(Status), "type": (POSTGRESQL, *TYPES)}
    wanted = {name: query[name] for name in accepted if name in query}
    for name, value in wanted.items():
        if value not in accepted[name]:
            raise InvalidRequestError(Fault(name, f"must be one of {', '.join(accepted[name])}"))
    return wanted
