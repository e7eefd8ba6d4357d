"""Where things are: the checkout, the user's cache and the local stack's state."""

from __future__ import annotations

import os
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
CHART = CHECKOUT / "charts" / "datamover-operator"
CRDS = CHECKOUT / "crds"
DEV = CHECKOUT / "dev"
LOCAL = CHECKOUT / ".local"
SAMPLES = CHECKOUT / "config" / "samples"


def cache_folder() -> Path:
    """Return the folder where built programs are kept (XDG base directory specification)."""
    base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(base).expanduser() / "datamover-operator"
