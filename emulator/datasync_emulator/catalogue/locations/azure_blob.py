"""Microsoft Azure Blob Storage."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import ClassVar, Self

from datasync_emulator.catalogue.locations.credentials import Credentials
from datasync_emulator.catalogue.locations.parameters import folder, same_agents
from datasync_emulator.catalogue.locations.spec import BOTH_MODES, LocationSpec, Metadata, Site
from datasync_emulator.catalogue.locations.storage import Folder
from datasync_emulator.errors import invalid_request
from datasync_emulator.messages import Caller, JsonObject

_SECRETS = ("SasConfiguration",)


@dataclass(frozen=True, slots=True)
class AzureBlob(LocationSpec):
    """A container of a storage account, or a virtual directory in it; `container` is <host>/<container>."""

    operation: ClassVar[str] = "AzureBlob"
    title: ClassVar[str] = "Microsoft Azure Blob Storage"

    container: str
    subdirectory: str
    authentication: str
    blob_type: str
    access_tier: str
    agents: tuple[str, ...]
    credentials: Credentials
    identity: JsonObject | None = None

    def __post_init__(self) -> None:
        """Refuse what does not fit the way of authentication."""
        if self.identity and self.credentials:
            raise invalid_request("Use either FederatedIdentity or SasConfiguration, not both.")
        if self.authentication == "SAS" and not self.credentials:
            raise invalid_request("AuthenticationType SAS needs SasConfiguration, or CustomSecretConfig.")
        if self.authentication == "OIDC" and not self.identity:
            raise invalid_request("AuthenticationType OIDC needs FederatedIdentity.")

    @classmethod
    def create(cls, caller: Caller, params: JsonObject) -> Self:  # noqa: ARG003 - containers are Azure's
        """Read CreateLocationAzureBlob."""
        return cls(
            container=params["ContainerUrl"].removeprefix("https://"),
            subdirectory=folder(params.get("Subdirectory", "")),
            authentication=params["AuthenticationType"],
            blob_type=params.get("BlobType", "BLOCK"),
            access_tier=params.get("AccessTier", "HOT"),
            agents=tuple(params.get("AgentArns", ())),
            credentials=Credentials.of(params, _SECRETS),
            identity=params.get("FederatedIdentity"),
        )

    def update(self, params: JsonObject) -> Self:
        """Apply UpdateLocationAzureBlob."""
        same_agents(self.agents, params)
        authentication = params.get("AuthenticationType", self.authentication)
        is_sas = authentication == "SAS"
        return replace(
            self,
            subdirectory=folder(params["Subdirectory"]) if "Subdirectory" in params else self.subdirectory,
            authentication=authentication,
            blob_type=params.get("BlobType", self.blob_type),
            access_tier=params.get("AccessTier", self.access_tier),
            credentials=self.credentials.update(params, _SECRETS) if is_sas else Credentials(),
            identity=params.get("FederatedIdentity", self.identity) if authentication == "OIDC" else None,
        )

    def describe(self, arn: str) -> JsonObject:
        """Give what DescribeLocationAzureBlob adds."""
        return {
            "AuthenticationType": self.authentication,
            "FederatedIdentity": self.identity,
            "BlobType": self.blob_type,
            "AccessTier": self.access_tier,
            "AgentArns": list(self.agents) or None,
            **self.credentials.describe(arn),
        }

    @property
    def filter_value(self) -> str:
        """AZURE_BLOB."""
        return "AZURE_BLOB"

    @property
    def uri(self) -> str:
        """azure-blob://host/container/path/."""
        return f"azure-blob://{self.container}{self.subdirectory}"

    @property
    def storage(self) -> Folder:
        """azure-blob/<host>/<container>."""
        return Folder(PurePosixPath("azure-blob", self.container), self.subdirectory, exported=True)

    @property
    def metadata(self) -> Metadata:
        """What objects have."""
        return Metadata.OBJECT

    @property
    def site(self) -> Site:
        """Another cloud's."""
        return Site.OTHER_CLOUD

    @property
    def modes(self) -> frozenset[str]:
        """Both."""
        return BOTH_MODES

    @property
    def agent_arns(self) -> tuple[str, ...]:
        """The agents that reach it."""
        return self.agents
