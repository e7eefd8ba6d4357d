"""How long a server that is too busy wants to be left alone: the header Retry-After of RFC 9110, in seconds."""

from __future__ import annotations

import re
from typing import Final

LONGEST: Final = 60.0
"""No server is left alone for longer."""
_SECONDS: Final = re.compile("[0-9]{1,9}")


def seconds_in(header: str | None) -> float:
    """Read the header; 0 where it is absent, or is no number: AWS and the API server send no dates."""
    return min(LONGEST, float(header)) if header is not None and _SECONDS.fullmatch(header) else 0.0
