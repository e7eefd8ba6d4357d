"""NFS file servers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import ClassVar, Self

from datasync_emulator.catalogue.locations.parameters import folder, mount_version
from datasync_emulator.catalogue.locations.spec import BOTH_MODES, ENHANCED_ONLY, LocationSpec, Metadata, Site
from datasync_emulator.catalogue.locations.storage import Folder
from datasync_emulator.messages import Caller, JsonObject


@dataclass(frozen=True, slots=True)
class Nfs(LocationSpec):
    """An export of a server, or a directory in it."""

    operation: ClassVar[str] = "Nfs"
    title: ClassVar[str] = "NFS"

    host: str
    subdirectory: str
    agents: tuple[str, ...]
    mount_options: JsonObject

    @classmethod
    def create(cls, caller: Caller, params: JsonObject) -> Self:  # noqa: ARG003 - servers belong to no account
        """Read CreateLocationNfs."""
        return cls(
            host=params["ServerHostname"],
            subdirectory=folder(params["Subdirectory"]),
            agents=tuple(params["OnPremConfig"]["AgentArns"]),
            mount_options=mount_version(params.get("MountOptions")),
        )

    def update(self, params: JsonObject) -> Self:
        """Apply UpdateLocationNfs."""
        return replace(
            self,
            host=params.get("ServerHostname", self.host),
            subdirectory=folder(params["Subdirectory"]) if "Subdirectory" in params else self.subdirectory,
            agents=tuple(params["OnPremConfig"]["AgentArns"]) if "OnPremConfig" in params else self.agents,
            mount_options=mount_version(params.get("MountOptions", self.mount_options)),
        )

    def describe(self, arn: str) -> JsonObject:  # noqa: ARG002 - there is no secret
        """Give what DescribeLocationNfs adds."""
        return {"OnPremConfig": {"AgentArns": list(self.agents)}, "MountOptions": self.mount_options}

    @property
    def filter_value(self) -> str:
        """NFS."""
        return "NFS"

    @property
    def uri(self) -> str:
        """nfs://host/export/."""
        return f"nfs://{self.host}{self.subdirectory}"

    @property
    def storage(self) -> Folder:
        """nfs/<host>."""
        return Folder(PurePosixPath("nfs", self.host), self.subdirectory, exported=True)

    @property
    def metadata(self) -> Metadata:
        """What files have."""
        return Metadata.POSIX

    @property
    def site(self) -> Site:
        """One's own."""
        return Site.SELF_MANAGED

    @property
    def modes(self) -> frozenset[str]:
        """NFS 4.2 needs Enhanced mode."""
        return ENHANCED_ONLY if self.mount_options["Version"] == "NFS4_2" else BOTH_MODES

    @property
    def agent_arns(self) -> tuple[str, ...]:
        """The agents that mount it."""
        return self.agents
