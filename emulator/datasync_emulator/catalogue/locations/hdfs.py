"""Hadoop Distributed File System clusters."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import ClassVar, Self

from datasync_emulator.catalogue.locations.credentials import Credentials
from datasync_emulator.catalogue.locations.parameters import folder
from datasync_emulator.catalogue.locations.spec import LocationSpec, Metadata, Site
from datasync_emulator.catalogue.locations.storage import Folder
from datasync_emulator.errors import invalid_request
from datasync_emulator.messages import Caller, JsonObject

_SECRETS = ("KerberosKeytab",)
_BLOCK = 512
_DEFAULTS: JsonObject = {"BlockSize": 128 << 20, "ReplicationFactor": 3}
# What is kept as it is given, and shown so.
_PLAIN = (
    "NameNodes",
    "BlockSize",
    "ReplicationFactor",
    "KmsKeyProviderUri",
    "AuthenticationType",
    "SimpleUser",
    "KerberosPrincipal",
)


@dataclass(frozen=True, slots=True)
class Hdfs(LocationSpec):
    """A directory of a cluster. `settings` are the members that are shown as they were given."""

    operation: ClassVar[str] = "Hdfs"
    title: ClassVar[str] = "HDFS"

    subdirectory: str
    agents: tuple[str, ...]
    settings: JsonObject
    protection: JsonObject
    credentials: Credentials

    def __post_init__(self) -> None:
        """Refuse what does not fit the cluster, or the way of authentication."""
        if self.settings["BlockSize"] % _BLOCK:
            raise invalid_request(f"BlockSize {self.settings['BlockSize']} is not a multiple of {_BLOCK}.")
        if len(self.settings["NameNodes"]) != 1:
            raise invalid_request(f"NameNodes names {len(self.settings['NameNodes'])} nodes: Basic mode takes one.")
        if self.settings["AuthenticationType"] == "SIMPLE":
            if not self.settings.get("SimpleUser"):
                raise invalid_request("AuthenticationType SIMPLE needs SimpleUser.")
        elif not self.settings.get("KerberosPrincipal"):
            raise invalid_request("AuthenticationType KERBEROS needs KerberosPrincipal.")
        elif not self.credentials:
            raise invalid_request("AuthenticationType KERBEROS needs KerberosKeytab, or CustomSecretConfig.")

    @classmethod
    def create(cls, caller: Caller, params: JsonObject) -> Self:  # noqa: ARG003 - clusters belong to no account
        """Read CreateLocationHdfs."""
        return cls(
            subdirectory=folder(params.get("Subdirectory", "")),
            agents=tuple(params["AgentArns"]),
            settings=_DEFAULTS | _plain(params),
            protection=_protection(params.get("QopConfiguration", {})),
            credentials=Credentials.of(params, _SECRETS),
        )

    def update(self, params: JsonObject) -> Self:
        """Apply UpdateLocationHdfs."""
        return replace(
            self,
            subdirectory=folder(params["Subdirectory"]) if "Subdirectory" in params else self.subdirectory,
            agents=tuple(params.get("AgentArns", self.agents)),
            settings=self.settings | _plain(params),
            protection=_protection(params["QopConfiguration"]) if "QopConfiguration" in params else self.protection,
            credentials=self.credentials.update(params, _SECRETS),
        )

    def describe(self, arn: str) -> JsonObject:
        """Give what DescribeLocationHdfs adds."""
        shown = {"AgentArns": list(self.agents), "QopConfiguration": self.protection}
        return shown | self.settings | self.credentials.describe(arn)

    @property
    def filter_value(self) -> str:
        """HDFS."""
        return "HDFS"

    @property
    def uri(self) -> str:
        """hdfs://host:port/path/."""
        return f"hdfs://{self._authority}{self.subdirectory}"

    @property
    def storage(self) -> Folder:
        """hdfs/<host>:<port>, of the name node."""
        return Folder(PurePosixPath("hdfs", self._authority), self.subdirectory, exported=True)

    @property
    def metadata(self) -> Metadata:
        """What HDFS keeps."""
        return Metadata.HDFS

    @property
    def site(self) -> Site:
        """One's own."""
        return Site.SELF_MANAGED

    @property
    def agent_arns(self) -> tuple[str, ...]:
        """The agents that reach it."""
        return self.agents

    @property
    def _authority(self) -> str:
        node = self.settings["NameNodes"][0]
        return f"{node['Hostname']}:{node['Port']}"


def _plain(params: JsonObject) -> JsonObject:
    return {name: params[name] for name in _PLAIN if name in params}


def _protection(given: JsonObject) -> JsonObject:
    """Each of the two follows the other; without either they are PRIVACY."""
    rpc, data = given.get("RpcProtection"), given.get("DataTransferProtection")
    return {"RpcProtection": rpc or data or "PRIVACY", "DataTransferProtection": data or rpc or "PRIVACY"}
