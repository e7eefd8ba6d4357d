"""NFS file servers: API_CreateLocationNfs, API_DescribeLocationNfs, API_UpdateLocationNfs."""

from typing import Annotated, ClassVar

from pydantic import Field

from datamover_crds.common import JsonObject, Model
from datamover_crds.locations.agents import NEEDS_AGENT, AgentArns, AgentNameList
from datamover_crds.locations.base import LocationType
from datamover_crds.locations.folders import PLAIN_PATH
from datamover_crds.locations.marks import AgentNames, ArnOf, Updatable
from datamover_crds.locations.modes import NO_NFS_4_2_IN_BASIC
from datamover_crds.locations.mounts import Hostname, NfsMountOptions
from datamover_crds.locations.uris import Realm, address_of, folder
from datamover_crds.rules import Rule
from datamover_crds.words import Words


class OnPremConfig(Model):
    """The agents that can reach the file server."""

    rules: ClassVar = (NEEDS_AGENT,)

    agent_arns: Annotated[AgentArns, ArnOf("agent")] = ()
    """The ARNs of the agents."""
    agents: Annotated[AgentNameList, AgentNames("agentArns")] = ()
    """The names of agents in the DataMoverAccount, in place of their ARNs."""


class NfsLocation(LocationType):
    """An export of an NFS file server (API_CreateLocationNfs)."""

    operation: ClassVar = "Nfs"
    schemes: ClassVar = ("nfs",)
    is_in_aws: ClassVar = False
    enhanced: ClassVar = "from or to s3"
    demands: ClassVar = (NO_NFS_4_2_IN_BASIC,)
    attributes: ClassVar = "posix"
    rules: ClassVar = (
        Rule(
            field_path=".subdirectory",
            cel="self.subdirectory.startsWith('/')",
            holds=lambda nfs: nfs.subdirectory.startswith("/"),
            message="must be the absolute path of an export, or of a directory in it, such as /export/data",
            shown="self.subdirectory",
        ),
    )

    server_hostname: Annotated[Hostname, Updatable()]
    """The DNS name or the IP address of the file server."""
    subdirectory: Annotated[
        str,
        Field(min_length=1, max_length=4096, pattern="^[a-zA-Z0-9_+./() \\p{Zs}-]+$"),
        Words(f"must be the absolute path of an export, such as /export/data: {PLAIN_PATH}"),
        Updatable(),
    ]
    """The absolute path of the export, or of a directory in it."""
    on_prem_config: Annotated[OnPremConfig, Updatable()]
    """The agents that can reach the file server."""
    mount_options: Annotated[NfsMountOptions | None, Updatable()] = None
    """How the export is mounted."""

    @property
    def uri(self) -> str:
        """`nfs://host/export/`."""
        return f"nfs://{self.server_hostname}{folder(self.subdirectory)}"

    @classmethod
    def located_at(cls, uri: str, realm: Realm) -> JsonObject:  # noqa: ARG003 - a server has no ARN
        """The server and the path."""
        host, path = address_of(uri)
        return {"serverHostname": host, "subdirectory": path}
