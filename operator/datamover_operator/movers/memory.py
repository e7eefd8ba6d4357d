"""What this process remembers of a mover between two passes. Losing it costs some reads, never a resource."""

from __future__ import annotations

from dataclasses import dataclass, field

from datamover_operator.movers.plan.names import Side
from datamover_operator.movers.plan.observed import Observed


@dataclass(slots=True)
class Request:
    """Something to be looked at in AWS. A pass answers what was requested before it began, and nothing later."""

    requested: int = 0
    answered: int = 0

    def request(self) -> None:
        """Have it looked at by the next pass that begins."""
        self.requested += 1

    def answer(self, requested: int) -> None:
        """A pass has looked that began when `requested` requests had been made."""
        self.answered = max(self.answered, requested)

    @property
    def is_open(self) -> bool:
        """Whether it has still to be looked at."""
        return self.requested > self.answered


@dataclass(slots=True)
class MoverMemory:
    """Times are this process's own monotonic seconds.

    `carried` is what a pass knew that could not be recorded. `created_generation` is the generation for which this
    process has made everything, so that reading it all back is not needed. `in_doubt` maps what is in doubt (an
    intent's nonce, or "lost") to when it was first seen; `resolved` is the last nonce that no longer is. `empty` says
    that the mover is known to have nothing in AWS: a status that names nothing has lost nothing. `everything`
    is requested to be read anew, or the `description` of the task and its locations alone. `refused_generation` is
    the spec that AWS refused, left alone until `refused_until`. `rights_changed` is when a side's role last got
    a policy. `last_update` is the last pass' updates, to see those that AWS does not keep. `walked_to` is the most
    recent execution up to which a listing has shown nothing new, and `walked_until` the start up to which executions
    that no run stands for are left alone; `met` are those that have had a run since.
    """

    carried: Observed | None = None
    created_generation: int | None = None
    in_doubt: dict[str, float] = field(default_factory=dict)
    resolved: str = ""
    empty: bool = False
    next_drift_check: float | None = None
    everything: Request = field(default_factory=Request)
    description: Request = field(default_factory=Request)
    refused_generation: int | None = None
    refused_until: float = 0.0
    rights_changed: dict[Side, float] = field(default_factory=dict)
    last_update: str = ""
    walked_to: str = ""
    walked_until: str | None = None
    met: set[str] = field(default_factory=set)


class Memories:
    """One MoverMemory per uid."""

    def __init__(self) -> None:
        """Remember nothing yet."""
        self._memories: dict[str, MoverMemory] = {}

    def of(self, uid: str) -> MoverMemory:
        """What is remembered of this mover."""
        return self._memories.setdefault(uid, MoverMemory())

    def forget(self, uid: str) -> None:
        """The mover is gone."""
        self._memories.pop(uid, None)
