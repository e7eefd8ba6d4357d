"""Object storage systems: API_CreateLocationObjectStorage, API_Describe… and API_UpdateLocationObjectStorage."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from datamover_crds.common import WHOLE_FLOATS, JsonObject, Model, RoleArn
from datamover_crds.locations.agents import AgentArns, AgentNameList
from datamover_crds.locations.base import LocationType
from datamover_crds.locations.folders import Subdirectory
from datamover_crds.locations.marks import AgentNames, ArnOf, Secret, Updatable
from datamover_crds.locations.modes import AGENTS_IN_BASIC, NO_AGENTS_IN_ENHANCED
from datamover_crds.locations.mounts import Hostname, one_secret_source
from datamover_crds.locations.secret_keys import CmkSecretConfig, CustomSecretConfig, SecretKeyRef
from datamover_crds.locations.uris import Realm, address_of, folder
from datamover_crds.rules import Rule
from datamover_crds.words import Words

GoogleName = Annotated[
    str,
    Field(min_length=4, max_length=32, pattern="^[a-z][a-z0-9-]{2,30}[a-z0-9]$"),
    Words("must be a name alone, such as my-pool: lowercase letters, digits and -, first a letter"),
]


class GoogleOidc(Model):
    """A workload identity pool of Google Cloud."""

    project_name: Annotated[
        str,
        Field(min_length=6, max_length=30, pattern="^[a-z][a-z0-9-]{4,28}[a-z0-9]$"),
        Words("must be the ID of a project, such as my-project-1: lowercase letters, digits and -, first a letter"),
    ]
    """The name of the project."""
    project_number: Annotated[
        str,
        Field(min_length=1, max_length=20, pattern="^[0-9]+$"),
        Words("must be the number of a project, such as 123456789012: digits alone"),
    ]
    """The number of the project."""
    identity_pool_name: GoogleName
    """The name of the identity pool."""
    identity_provider_name: GoogleName
    """The name of the provider in the pool."""


class ExternalIdentity(Model):
    """Who DataSync is at the other cloud."""

    google_oidc: GoogleOidc
    """A workload identity pool of Google Cloud."""


class FederatedIdentity(Model):
    """Access by the identity of an IAM role instead of a key."""

    aws_iam_role: Annotated[RoleArn, ArnOf("role")]
    """The ARN of the role whose identity DataSync takes."""
    external_identity: ExternalIdentity
    """Who that role is at the other cloud."""


def _has_both_keys(location: "ObjectStorageLocation") -> bool:
    return location.secret_key is None or location.access_key is not None


class ObjectStorageLocation(LocationType):
    """A bucket of an object storage system that speaks S3's API (API_CreateLocationObjectStorage)."""

    operation: ClassVar = "ObjectStorage"
    schemes: ClassVar = ("object-storage",)
    is_in_aws: ClassVar = False
    enhanced: ClassVar = "from or to s3"
    demands: ClassVar = (AGENTS_IN_BASIC, NO_AGENTS_IN_ENHANCED)
    rules: ClassVar = (
        Rule(
            field_path=".accessKey",
            cel="!has(self.secretKey) || has(self.accessKey)",
            holds=_has_both_keys,
            message="must be set where secretKey is set",
        ),
        Rule(
            field_path=".serverCertificate",
            cel=("!has(self.serverCertificate) || !has(self.serverProtocol) || self.serverProtocol == 'HTTPS'"),
            holds=lambda each: each.server_certificate is None or each.server_protocol != "HTTP",
            message="can be set only where serverProtocol is HTTPS",
        ),
        Rule(
            field_path=".federatedIdentity",
            cel="!has(self.federatedIdentity) || !has(self.accessKey) && !has(self.customSecretConfig)",
            holds=lambda each: (
                each.federated_identity is None or (each.access_key is None and each.custom_secret_config is None)
            ),
            message="must not be set together with accessKey or customSecretConfig",
        ),
        one_secret_source("secretKey"),
    )

    server_hostname: Annotated[Hostname, Updatable()]
    """The DNS name or the IP address of the object storage system."""
    bucket_name: Annotated[
        str,
        Field(min_length=3, max_length=63, pattern="^[a-zA-Z0-9_+.()$ \\p{Zs}-]+$"),
        Words("must be the name of a bucket alone, such as my-bucket: its folder belongs in subdirectory"),
    ]
    """The name of the bucket."""
    subdirectory: Annotated[Subdirectory | None, Updatable()] = None
    """The prefix within the bucket. If not set: the whole bucket."""
    server_port: Annotated[Annotated[int, Field(ge=1, le=65535), WHOLE_FLOATS] | None, Updatable()] = None
    """The port that it listens on. If not set: that of serverProtocol."""
    server_protocol: Annotated[Literal["HTTPS", "HTTP"] | None, Updatable("HTTPS")] = None
    """The protocol that it speaks. If not set: HTTPS."""
    server_certificate: Annotated[SecretKeyRef | None, Updatable(), Secret("bytes")] = None
    """The chain of certificates (PEM) that it is authenticated by: a key of a Secret in the mover's namespace."""
    access_key: Annotated[SecretKeyRef | None, Updatable(), Secret()] = None
    """The access key, or user name: a key of a Secret in the mover's namespace. If not set: anonymous access."""
    secret_key: Annotated[SecretKeyRef | None, Updatable(), Secret()] = None
    """The secret key, or password: a key of a Secret in the mover's namespace."""
    federated_identity: Annotated[FederatedIdentity | None, Updatable()] = None
    """Access by the identity of an IAM role instead of a key."""
    agent_arns: Annotated[AgentArns, ArnOf("agent")] = ()
    """The ARNs of the agents that can reach it. If there are none: DataSync reaches it without an agent."""
    agents: Annotated[AgentNameList, AgentNames("agentArns")] = ()
    """The names of agents in the DataMoverAccount, in place of their ARNs."""
    cmk_secret_config: Annotated[CmkSecretConfig | None, Updatable()] = None
    """The key with which DataSync encrypts the secret key. If not set: a key that AWS manages."""
    custom_secret_config: Annotated[CustomSecretConfig | None, Updatable()] = None
    """A secret in AWS Secrets Manager that holds the secret key, instead of secretKey."""

    @property
    def uri(self) -> str:
        """`object-storage://host/bucket/folder/`."""
        return f"object-storage://{self.server_hostname}/{self.bucket_name}{folder(self.subdirectory)}"

    @classmethod
    def located_at(cls, uri: str, realm: Realm) -> JsonObject:  # noqa: ARG003 - a server has no ARN
        """The server, the bucket and the prefix."""
        host, path = address_of(uri)
        bucket, _, prefix = path.strip("/").partition("/")
        return {"serverHostname": host, "bucketName": bucket, "subdirectory": folder(prefix)}
