"""What is known of single resources and executions in AWS."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from datamover_crds import JsonObject


@dataclass(frozen=True, slots=True)
class Resource:
    """A task or a location that exists as far as we know.

    `described` and `tags` are what AWS said in this pass; None = not asked, the status is believed.
    """

    arn: str
    described: JsonObject | None = None
    tags: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class KnownRole:
    """A bucket access role; `policy` None = not read, {} = it has none yet. `boundary` is read with the tags."""

    arn: str
    created_at: datetime | None = None
    policy: JsonObject | None = None
    tags: Mapping[str, str] | None = None
    boundary: str | None = None

    @property
    def name(self) -> str:
        """The role's name without its path."""
        return self.arn.rsplit("/", 1)[-1]


@dataclass(frozen=True, slots=True)
class Find:
    """A resource in AWS that carries our uid, found by looking for it rather than by its name in status.

    `nonce` is that of the pass that made it; "" = others made it, we adopted it.
    """

    part: str
    arn: str
    created_at: datetime
    nonce: str


@dataclass(frozen=True, slots=True)
class ExternalExecution:
    """An execution of the mover's task that no run stands for: somebody else has started it."""

    arn: str
    started_at: str
    is_over: bool
