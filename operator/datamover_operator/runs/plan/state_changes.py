"""DataSync's state changes as EventBridge tells them.

Source: DataSync user guide, "Monitoring with EventBridge". Messages may be lost, doubled, late and out of order: they
only tell that an execution is worth a look.
"""

from __future__ import annotations

from dataclasses import dataclass

from datamover_crds import read_json

_MARK = "/execution/"
_ENDED = frozenset({"SUCCESS", "ERROR"})
_MAX_ARN = 128


@dataclass(frozen=True, slots=True)
class StateChange:
    """An execution has another state now."""

    execution_arn: str
    is_end: bool


def read_state_change(body: str, account_id: str, region: str) -> StateChange | None:
    """The state change that a message tells; None where it tells none of an execution in this account and Region."""
    try:
        event = read_json(body)
    except ValueError:
        return None
    match event:
        case {
            "source": "aws.datasync",
            "detail-type": "DataSync Task Execution State Change",
            "resources": [str(arn), *_],
            "detail": {"State": str(state)},
        } if len(arn) <= _MAX_ARN and _MARK in arn and f":datasync:{region}:{account_id}:task/" in arn:
            return StateChange(arn, is_end=state in _ENDED)
    return None
