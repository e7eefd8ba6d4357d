"""The labels and annotations by which objects tell who made them, and what was made for them."""

from __future__ import annotations

from typing import Final

MOVER_LABEL: Final = "datamover.io/mover"
"""On a run: its mover's name."""
TASK_ARN_ANNOTATION: Final = "datamover.io/task-arn"
"""On a mover whose task the operator has made; unlike its status it is part of every backup."""
REQUEST_ANNOTATION: Final = "datamover.io/request"
"""On a mover: a nonce of the request that made it, by which that knows it again."""
ORIGIN_LABEL: Final = "datamover.io/origin"
"""Who made the object."""
REST: Final = "rest"
"""The origin of what this service has made."""
