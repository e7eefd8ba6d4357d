"""Ready, Reconciling and Stalled as kstatus reads them.

Source: the kstatus conventions (Ready for `kubectl wait`, Reconciling and Stalled abnormal-true), metav1.Condition.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from datamover_crds import Condition, from_timestamp

Conditions = tuple[Condition, ...]
Truth = Literal["True", "False"]

_MAX_MESSAGE = 4096
_MAX_REASON = 128


@dataclass(frozen=True, slots=True)
class ConditionsBuilder:
    """Makes an object's conditions: a condition keeps its lastTransitionTime until its status changes."""

    previous: Sequence[Condition]
    generation: int
    now: datetime

    def ready(self, message: str) -> Conditions:
        """Everything matches the spec."""
        return self._all(("True", "False", "False"), "Ready", message)

    def progressing(self, reason: str, message: str) -> Conditions:
        """Work is in progress, or waits for something that needs nobody's help."""
        return self._all(("False", "True", "False"), reason, message)

    def stalled(self, reason: str, message: str) -> Conditions:
        """Somebody has to change something first."""
        return self._all(("False", "False", "True"), reason, message)

    def standing(self, kind: str, reason: str, message: str) -> Condition:
        """A condition of another kind that holds; where it does not, it is left out."""
        return self._one(kind, "True", _word(reason), message[:_MAX_MESSAGE])

    def _all(self, truths: tuple[Truth, Truth, Truth], reason: str, message: str) -> Conditions:
        kinds = zip(("Ready", "Reconciling", "Stalled"), truths, strict=True)
        reason, message = _word(reason), message[:_MAX_MESSAGE]
        return tuple(self._one(kind, status, reason, message) for kind, status in kinds)

    def _one(self, kind: str, status: Truth, reason: str, message: str) -> Condition:
        old = next((condition for condition in self.previous if condition.type == kind), None)
        if kind != "Ready" and status != "True":
            reason, message = f"Not{kind}", ""
        told = (status, reason, message, self.generation)
        if old is not None and told == (old.status, old.reason, old.message, old.observed_generation):
            return old
        return Condition(
            type=kind,
            status=status,
            observed_generation=self.generation,
            last_transition_time=(
                old.last_transition_time if old is not None and old.status == status else timestamp(self.now)
            ),
            reason=reason,
            message=message,
        )


def _word(reason: str) -> str:
    """A reason as metav1.Condition accepts it: it may be AWS's own error code."""
    plain = re.sub("[^A-Za-z0-9_]+", "_", reason)[:_MAX_REASON]
    return re.sub("^[^A-Za-z]+", "", plain) or "Unknown"


def timestamp(now: datetime) -> str:
    """A moment as Kubernetes writes it (metav1.Time): RFC 3339, UTC, whole seconds."""
    return now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def seconds_between(start: str | None, end: str | None) -> float | None:
    """How long something took, by two timestamps of a status; None where one is missing."""
    if start is None or end is None:
        return None
    return (from_timestamp(end) - from_timestamp(start)).total_seconds()
