"""The DataSync agents through which a location is reached: by ARN, or by the name that the account gives them."""

from typing import Annotated, Final

from datamover_crds.common import Arn, Items, ObjectName
from datamover_crds.rules import Rule

AgentArns = Annotated[tuple[Arn, ...], Items(at_most=8)]
AgentNameList = Annotated[tuple[ObjectName, ...], Items(at_most=8)]

NEEDS_AGENT: Final = Rule(
    field_path=".agentArns",
    cel="(has(self.agentArns) ? size(self.agentArns) : 0) + (has(self.agents) ? size(self.agents) : 0) > 0",
    holds=lambda location: len(location.agent_arns) + len(location.agents) > 0,
    message="must name at least one agent, here by its ARN or in agents by its name in the DataMoverAccount",
)
"""For what is reached through an agent only."""
