"""What a task's mode asks of its locations beyond their types: "Choosing a task mode" in the user guide.

Only a mode that is declared is asked for: of a task that was adopted the spec need not tell it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Literal


@dataclass(frozen=True, slots=True)
class Demand:
    """What tasks in a mode ask of a location. `cel` says it of the location `self`, `message` how to mend it."""

    mode: Literal["BASIC", "ENHANCED"]
    cel: str
    holds: Callable[[Any], bool]
    message: str


OUTPOSTS: Final = ":s3-outposts:"
"""What the ARN of a bucket on Outposts contains."""
_AGENTS: Final = "(has(self.agentArns) && size(self.agentArns) > 0 || has(self.agents) && size(self.agents) > 0)"


def _has_agents(location: Any) -> bool:  # noqa: ANN401 - one of the types that state the demand
    return bool(location.agent_arns or location.agents)


AGENTS_IN_BASIC: Final = Demand(
    mode="BASIC",
    cel=_AGENTS,
    holds=_has_agents,
    message="must be ENHANCED, unless {name} names an agent: tasks in Basic mode reach it through one",
)
NO_AGENTS_IN_ENHANCED: Final = Demand(
    mode="ENHANCED",
    cel=f"!{_AGENTS}",
    holds=lambda location: not _has_agents(location),
    message="must be BASIC, unless {name} names no agent: tasks in Enhanced mode reach it without",
)
NO_NFS_4_2_IN_BASIC: Final = Demand(
    mode="BASIC",
    cel="!has(self.mountOptions) || !has(self.mountOptions.version) || self.mountOptions.version != 'NFS4_2'",
    holds=lambda nfs: nfs.mount_options is None or nfs.mount_options.version != "NFS4_2",
    message="must be ENHANCED, unless {name}.mountOptions.version is another than NFS4_2",
)
NO_OUTPOSTS_IN_ENHANCED: Final = Demand(
    mode="ENHANCED",
    cel=f"!self.s3BucketArn.contains('{OUTPOSTS}')",
    holds=lambda s3: OUTPOSTS not in s3.s3_bucket_arn,
    message="must be BASIC where {name} is on Outposts",
)
