"""Containers in Azure Blob Storage: API_CreateLocationAzureBlob, API_Describe… and API_UpdateLocationAzureBlob."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from datamover_crds.common import JsonObject, Model, RoleArn
from datamover_crds.locations.agents import AgentArns, AgentNameList
from datamover_crds.locations.base import LocationType
from datamover_crds.locations.marks import AgentNames, ArnOf, Secret, Updatable
from datamover_crds.locations.modes import AGENTS_IN_BASIC, NO_AGENTS_IN_ENHANCED
from datamover_crds.locations.secret_keys import CmkSecretConfig, CustomSecretConfig, SecretKeyRef
from datamover_crds.locations.uris import Realm, address_of, folder
from datamover_crds.rules import Rule
from datamover_crds.words import Words

AzureGuid = Annotated[
    str,
    Field(
        min_length=36,
        max_length=36,
        pattern="^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$",
    ),
    Words("must be a GUID, such as 01234567-89ab-cdef-0123-456789abcdef"),
]


class SasConfiguration(Model):
    """A shared access signature."""

    token: Annotated[SecretKeyRef, Secret()]
    """The SAS token: a key of a Secret in the mover's namespace."""


class AzureOidc(Model):
    """An application in Microsoft Entra ID."""

    tenant_id: AzureGuid
    """The ID of the tenant."""
    client_id: AzureGuid
    """The ID of the application."""


class AzureFederatedIdentity(Model):
    """Access by the identity of an IAM role instead of a token."""

    aws_iam_role: Annotated[RoleArn, ArnOf("role")]
    """The ARN of the role whose identity DataSync takes."""
    azure_oidc: AzureOidc
    """Who that role is in Azure."""


def _authenticates_in_one_way(azure: "AzureBlobLocation") -> bool:
    has_token = azure.sas_configuration is not None or azure.custom_secret_config is not None
    is_federated = azure.federated_identity is not None
    return (azure.authentication_type == "SAS" or not has_token) and (
        azure.authentication_type == "OIDC"
    ) == is_federated


class AzureBlobLocation(LocationType):
    """A container in Azure Blob Storage (API_CreateLocationAzureBlob)."""

    operation: ClassVar = "AzureBlob"
    schemes: ClassVar = ("azure-blob",)
    is_in_aws: ClassVar = False
    enhanced: ClassVar = "from or to s3"
    demands: ClassVar = (AGENTS_IN_BASIC, NO_AGENTS_IN_ENHANCED)
    rules: ClassVar = (
        Rule(
            field_path=".authenticationType",
            cel=(
                "(self.authenticationType == 'SAS' || !has(self.sasConfiguration) && !has(self.customSecretConfig))"
                " && has(self.federatedIdentity) == (self.authenticationType == 'OIDC')"
            ),
            holds=_authenticates_in_one_way,
            message=(
                "must be SAS with sasConfiguration or customSecretConfig, OIDC with federatedIdentity, or NONE with "
                "none of them"
            ),
            shown="self.authenticationType",
        ),
        Rule(
            field_path=".customSecretConfig",
            cel="!has(self.customSecretConfig) || !has(self.sasConfiguration) && !has(self.cmkSecretConfig)",
            holds=lambda azure: (
                azure.custom_secret_config is None
                or (azure.sas_configuration is None and azure.cmk_secret_config is None)
            ),
            message="must not be set together with sasConfiguration or cmkSecretConfig: it names the secret itself",
        ),
    )

    container_url: Annotated[
        str,
        Field(
            min_length=1,
            max_length=325,
            pattern="^https://[A-Za-z0-9](([.]|-+)?[A-Za-z0-9]){0,252}/[a-z0-9](-?[a-z0-9]){2,62}$",
        ),
        Words("must be the https URL of a container, such as https://myaccount.blob.core.windows.net/my-container"),
    ]
    """The URL of the container, such as https://account.blob.core.windows.net/container."""
    authentication_type: Annotated[Literal["SAS", "NONE", "OIDC"], Updatable()]
    """How DataSync authenticates."""
    sas_configuration: Annotated[SasConfiguration | None, Updatable()] = None
    """The shared access signature. For SAS."""
    federated_identity: Annotated[AzureFederatedIdentity | None, Updatable()] = None
    """Access by the identity of an IAM role. For OIDC."""
    subdirectory: Annotated[Annotated[str, Field(max_length=1024)] | None, Updatable()] = None
    """The path in the container. If not set: the whole container."""
    blob_type: Annotated[Literal["BLOCK"] | None, Updatable("BLOCK")] = None
    """The type of the blobs that a transfer creates here. If not set: BLOCK, the only one."""
    access_tier: Annotated[Literal["HOT", "COOL", "ARCHIVE"] | None, Updatable("HOT")] = None
    """The access tier of the blobs that a transfer creates here. If not set: HOT."""
    agent_arns: Annotated[AgentArns, ArnOf("agent")] = ()
    """The ARNs of the agents that can reach the container. If there are none: DataSync reaches it without an agent."""
    agents: Annotated[AgentNameList, AgentNames("agentArns")] = ()
    """The names of agents in the DataMoverAccount, in place of their ARNs."""
    cmk_secret_config: Annotated[CmkSecretConfig | None, Updatable()] = None
    """The key with which DataSync encrypts the token. If not set: a key that AWS manages."""
    custom_secret_config: Annotated[CustomSecretConfig | None, Updatable()] = None
    """A secret in AWS Secrets Manager that holds the token, instead of sasConfiguration."""

    def needed(self) -> tuple[str, str] | None:
        """The SAS token."""
        has_token = self.sas_configuration is not None or self.custom_secret_config is not None
        if self.authentication_type != "SAS" or has_token:
            return None
        return "sasConfiguration", "must be set where authenticationType is SAS, unless customSecretConfig is"

    @property
    def uri(self) -> str:
        """`azure-blob://account.blob.core.windows.net/container/path/`."""
        return f"azure-blob://{self.container_url.removeprefix('https://')}{folder(self.subdirectory)}"

    @classmethod
    def located_at(cls, uri: str, realm: Realm) -> JsonObject:  # noqa: ARG003 - a container has no ARN
        """The container and the path."""
        host, path = address_of(uri)
        container, _, inner = path.strip("/").partition("/")
        return {"containerUrl": f"https://{host}/{container}", "subdirectory": folder(inner)}
