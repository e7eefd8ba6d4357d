"""What the operator can do about a mover's DataMoverRun objects, as data."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CreateRun:
    """Make a DataMoverRun object, owned by the mover; one that exists already is no failure.

    With `execution_arn` it records that execution, which somebody else has started, and starts nothing.
    """

    name: str
    origin: str
    execution_arn: str | None = None
    path: str = "spec.trigger.manual"


@dataclass(frozen=True, slots=True)
class DeleteRun:
    """Delete a DataMoverRun object that the history has no room for."""

    name: str
    uid: str
    started_at: str | None = None
    path: str = "spec.runHistory"


@dataclass(frozen=True, slots=True)
class LookForRun:
    """Ask the API server for a DataMoverRun object that the cache does not hold."""

    name: str
    uid: str


@dataclass(frozen=True, slots=True)
class DropLostRun:
    """Take a run out of status.currentRun whose object no longer exists."""


RunObjectStep = CreateRun | DeleteRun | LookForRun | DropLostRun
