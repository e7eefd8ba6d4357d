"""The labels by which objects tell who made them."""

from __future__ import annotations

from typing import Final

MOVER_LABEL: Final = "datamover.io/mover"
"""On a run: its mover's name."""
ORIGIN_LABEL: Final = "datamover.io/origin"
"""Who made the object."""
REST: Final = "rest"
"""The origin of what this service has made."""
