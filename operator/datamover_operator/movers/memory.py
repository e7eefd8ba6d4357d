"""What this process remembers of a mover between two passes. Losing it costs some reads, never a resource."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field

from datamover_operator.movers.plan.names import Side
from datamover_operator.movers.plan.observed import Observed
from datamover_operator.movers.plan.steps import Update


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


LOST = "lost"
"""Stands, among the nonces of open intents, for a status that names nothing though something may have been made."""


@dataclass(slots=True)
class Doubts:
    """Whether AWS may have something for the mover that this process does not know of.

    `open` is what is in doubt (an intent's nonce, or LOST), and since when: set when gather first sees it, cleared when
    it has looked long enough. `settled` is the nonce of the last intent of which everything is known: set then, and by
    a claim that failed, for nothing is sent under it. `nothing_lost` says that a status that names nothing is right:
    set with the finalizer, with the end of an intent and by gather, cleared by a claim.
    """

    open: tuple[str, float] | None = None
    settled: str = ""
    nothing_lost: bool = False

    def first_seen(self, doubt: str, tick: float) -> float:
        """Since when this is in doubt, which it is now."""
        if self.open is None or self.open[0] != doubt:
            self.open = doubt, tick
        return self.open[1]


@dataclass(frozen=True, slots=True)
class Rest:
    """A spec that AWS has refused is left alone for a while."""

    generation: int
    until: float


@dataclass(slots=True)
class Walk:
    """How far the mover's executions have been looked through for some that others have started.

    `newest` is the most recent execution up to which a listing has shown nothing new; `since` the start before which
    executions that no run stands for are left alone (None: not known yet); `met` are those that have had a run.
    All of it is set by the search for external executions alone.
    """

    newest: str = ""
    since: str | None = None
    met: set[str] = field(default_factory=set)


@dataclass(slots=True)
class MoverMemory:
    """Times are this process's own monotonic seconds.

    | field | says | set by | cleared by |
    | --- | --- | --- | --- |
    | `carried` | what was made or found, and is not recorded yet | calls under an intent, gather | writing the status |
    | `made` | the generation for which this process has made all itself | the end of an intent | a failure in it |
    | `doubts` | see there | | |
    | `everything`, `description` | has AWS to be read again, and how much of it | the observer of a change | gather |
    | `next_drift_check` | when all is read again in any case | gather, the end of a pass | |
    | `next_start_check` | when a scheduled start has to show | the end of a pass | gather |
    | `manifest_check` | for which generation and when the manifest of scheduled starts was read last | gather | |
    | `rest` | AWS has refused this spec | the end of a pass | the end of the next one, a change of the account |
    | `new_rights` | when the role of a side last got other rights | PutRolePolicy and the like | |
    | `roles_since` | since when this process knows a role of the mover, by ARN | the begin of a pass | it, too |
    | `accepted` | the updates that AWS has accepted, to see those that it does not keep | updates | being as declared |
    | `walk` | see there | | |
    """

    carried: Observed | None = None
    made: int | None = None
    doubts: Doubts = field(default_factory=Doubts)
    everything: Request = field(default_factory=Request)
    description: Request = field(default_factory=Request)
    next_drift_check: float | None = None
    next_start_check: float | None = None
    manifest_check: tuple[int, float] = (0, -math.inf)
    rest: Rest | None = None
    new_rights: dict[Side, float] = field(default_factory=dict)
    roles_since: dict[str, float] = field(default_factory=dict)
    accepted: tuple[Update, ...] = ()
    walk: Walk = field(default_factory=Walk)

    def roles_deleted(self, arns: Iterable[str]) -> None:
        """This process has had these roles deleted: when they are no longer found, they are gone."""
        self.roles_since |= dict.fromkeys(arns, -math.inf)

    def roles_younger_than(self, seconds: float, tick: float, arns: Iterable[str]) -> frozenset[str]:
        """Which of the mover's roles this process has known for less than that."""
        self.roles_since = {arn: self.roles_since.get(arn, tick) for arn in arns}
        return frozenset(arn for arn, since in self.roles_since.items() if tick - since < seconds)


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
