"""When a schedule starts a task next."""

from __future__ import annotations

from datetime import datetime

from datamover_crds import DataMoverSpec


def next_time(spec: DataMoverSpec, stored: str | None, now: datetime) -> str | None:
    """The next start of a schedule in EventBridge's syntax; None where there is none."""
    if spec.schedule is None or spec.suspend or spec.schedule.status == "DISABLED":
        return None
    raise NotImplementedError
