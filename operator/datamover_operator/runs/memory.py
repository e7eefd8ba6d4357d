"""What this process remembers of a run between two passes. Losing it costs some reads, never a second start."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from datamover_operator.runs.plan.observed import FailedStep


@dataclass(slots=True)
class RunMemory:
    """Times are this process's own monotonic seconds.

    `void_nonce` is that of a claim under which certainly nothing has been started, `started` the execution that a
    start made, `cancelled` the one whose cancel AWS has accepted. `recorded_at` is when the status was last written.
    `in_doubt` is the nonce of a claim whose start may have been sent, first seen at `doubt_since`. `failed_step` is
    not tried again before `retry_at`. `is_movers` tells of tasks whether their tags say that they are the mover's.
    """

    void_nonce: str | None = None
    started: str | None = None
    cancelled: str | None = None
    recorded_at: float = 0.0
    in_doubt: str = ""
    doubt_since: float = 0.0
    failed_step: FailedStep | None = None
    retry_at: float = 0.0
    is_movers: Mapping[str, bool] = field(default_factory=dict)


class RunMemories:
    """One RunMemory per uid."""

    def __init__(self) -> None:
        """Remember nothing yet."""
        self._memories: dict[str, RunMemory] = {}

    def of(self, uid: str) -> RunMemory:
        """What is remembered of this run."""
        return self._memories.setdefault(uid, RunMemory())

    def forget(self, uid: str) -> None:
        """The run is gone."""
        self._memories.pop(uid, None)
