"""Ready, Reconciling and Stalled as kstatus reads them.

Source: the kstatus conventions (Ready for `kubectl wait`, Reconciling and Stalled abnormal-true), metav1.Condition.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from datamover_crds import Condition

_MAX_MESSAGE = 4096


def ready(previous: Sequence[Condition], generation: int, now: datetime, message: str) -> tuple[Condition, ...]:
    """All is as declared."""
    return _conditions(previous, generation, now, _verdict("True", "False", "False"), "Ready", message)


def progressing(
    previous: Sequence[Condition],
    generation: int,
    now: datetime,
    reason: str,
    message: str,
) -> tuple[Condition, ...]:
    """Work goes on, or waits for something that comes by itself."""
    return _conditions(previous, generation, now, _verdict("False", "True", "False"), reason, message)


def stalled(
    previous: Sequence[Condition],
    generation: int,
    now: datetime,
    reason: str,
    message: str,
) -> tuple[Condition, ...]:
    """Somebody has to change something first."""
    return _conditions(previous, generation, now, _verdict("False", "False", "True"), reason, message)


def is_true(conditions: Iterable[Condition] | None, kind: str) -> bool:
    """Whether a condition stands."""
    return any(condition.type == kind and condition.status == "True" for condition in conditions or ())


def timestamp(now: datetime) -> str:
    """A moment as Kubernetes writes it (metav1.Time): RFC 3339, UTC, whole seconds."""
    return now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _verdict(ready_status: str, reconciling: str, stalled_status: str) -> dict[str, str]:
    return {"Ready": ready_status, "Reconciling": reconciling, "Stalled": stalled_status}


def _conditions(
    previous: Sequence[Condition],
    generation: int,
    now: datetime,
    statuses: dict[str, str],
    reason: str,
    message: str,
) -> tuple[Condition, ...]:
    before = {condition.type: condition for condition in previous}
    made = []
    for kind, status in statuses.items():
        old = before.get(kind)
        since = old.last_transition_time if old is not None and old.status == status else timestamp(now)
        tells = kind == "Ready" or status == "True"
        made.append(
            Condition(
                type=kind,
                status=status,
                observedGeneration=generation,
                lastTransitionTime=since,
                reason=reason if tells else f"Not{kind}",
                message=message[:_MAX_MESSAGE] if tells else "",
            ),
        )
    return tuple(made)
