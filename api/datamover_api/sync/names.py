"""The ids of syncs, and the names of the objects that they are."""

from __future__ import annotations

import re
import secrets
import string
from typing import Final

_CHARACTERS: Final = string.ascii_lowercase + string.digits
_LENGTH: Final = 12
_ID: Final = re.compile("sync_([a-z0-9]{12})")
_NAME: Final = re.compile("sync-([a-z0-9]{12})")


def new_id() -> str:
    """An id that nothing has yet, as far as chance goes; the API server refuses one that is taken."""
    return "sync_" + "".join(secrets.choice(_CHARACTERS) for _ in range(_LENGTH))


def name_of(sync_id: str) -> str | None:
    """The name of the object of a sync; None for a text that is no id."""
    found = _ID.fullmatch(sync_id)
    return f"sync-{found[1]}" if found is not None else None


def id_of(name: str) -> str:
    """The id of the sync whose object has this name; the name itself where somebody else has named it."""
    found = _NAME.fullmatch(name)
    return f"sync_{found[1]}" if found is not None else name
