"""Hadoop clusters: API_CreateLocationHdfs, API_DescribeLocationHdfs, API_UpdateLocationHdfs."""

import re
from typing import Annotated, ClassVar, Final, Literal

from pydantic import Field

from datamover_crds.common import WHOLE_FLOATS, Items, JsonObject, Model
from datamover_crds.locations.agents import NEEDS_AGENT, AgentArns, AgentNameList
from datamover_crds.locations.base import LocationType
from datamover_crds.locations.kerberos import Principal, needed_kerberos
from datamover_crds.locations.marks import AgentNames, ArnOf, Secret, Updatable
from datamover_crds.locations.mounts import HOSTNAME_ALONE, WindowsPath
from datamover_crds.locations.secret_keys import CmkSecretConfig, CustomSecretConfig, SecretKeyRef
from datamover_crds.locations.uris import Realm, address_of, folder
from datamover_crds.rules import Rule
from datamover_crds.words import Words

Protection = Literal["DISABLED", "AUTHENTICATION", "INTEGRITY", "PRIVACY"]

_HOST: Final = "([a-zA-Z0-9-]+[.])*[A-Za-z0-9-]+"
_KMS_URI: Final = f"^kms://https?@{_HOST}(;{_HOST})*:[0-9]{{1,5}}/kms$"
_SECTOR: Final = 512


class HdfsNameNode(Model):
    """A NameNode of the cluster."""

    hostname: Annotated[
        str,
        Field(min_length=1, max_length=255, pattern="^(([a-zA-Z0-9-]*[a-zA-Z0-9])[.])*([A-Za-z0-9-]*[A-Za-z0-9])$"),
        HOSTNAME_ALONE,
    ]
    """The DNS name or the IP address of the NameNode."""
    port: Annotated[int, Field(ge=1, le=65535), WHOLE_FLOATS]
    """The port that it listens on for clients."""


class QopConfiguration(Model):
    """How the cluster protects its traffic (hadoop.rpc.protection, dfs.data.transfer.protection)."""

    rpc_protection: Annotated[Protection | None, Updatable("PRIVACY")] = None
    """The protection of remote procedure calls. If not set: as dataTransferProtection, or PRIVACY."""
    data_transfer_protection: Annotated[Protection | None, Updatable("PRIVACY")] = None
    """The protection of data transfers. If not set: as rpcProtection, or PRIVACY."""


class HdfsLocation(LocationType):
    """A Hadoop Distributed File System (API_CreateLocationHdfs)."""

    operation: ClassVar = "Hdfs"
    schemes: ClassVar = ("hdfs",)
    attributes: ClassVar = "posix"
    is_in_aws: ClassVar = False
    rules: ClassVar = (
        NEEDS_AGENT,
        Rule(
            field_path=".simpleUser",
            cel="self.authenticationType != 'SIMPLE' || has(self.simpleUser)",
            holds=lambda hdfs: hdfs.authentication_type != "SIMPLE" or hdfs.simple_user is not None,
            message="must be set where authenticationType is SIMPLE",
        ),
        Rule(
            field_path=".qopConfiguration",
            cel=(
                "self.authenticationType != 'SIMPLE' || !has(self.qopConfiguration)"
                " || (!has(self.qopConfiguration.rpcProtection) || self.qopConfiguration.rpcProtection == 'DISABLED')"
                " && (!has(self.qopConfiguration.dataTransferProtection)"
                " || self.qopConfiguration.dataTransferProtection == 'DISABLED')"
            ),
            holds=lambda hdfs: (
                hdfs.authentication_type != "SIMPLE"
                or hdfs.qop_configuration is None
                or {hdfs.qop_configuration.rpc_protection, hdfs.qop_configuration.data_transfer_protection}
                <= {None, "DISABLED"}
            ),
            message="must be DISABLED where authenticationType is SIMPLE: protected traffic needs KERBEROS",
        ),
        Rule(
            field_path=".kmsKeyProviderUri",
            cel=f"!has(self.kmsKeyProviderUri) || self.kmsKeyProviderUri.matches('{_KMS_URI}')",
            holds=lambda hdfs: (
                hdfs.kms_key_provider_uri is None or re.fullmatch(_KMS_URI, hdfs.kms_key_provider_uri) is not None
            ),
            message=(
                "must be kms://http@<host>:<port>/kms or kms://https@<host>:<port>/kms; several hosts are joined by ;"
            ),
            shown="self.kmsKeyProviderUri",
        ),
        Rule(
            field_path=".customSecretConfig",
            cel="!has(self.customSecretConfig) || !has(self.kerberosKeytab) && !has(self.cmkSecretConfig)",
            holds=lambda hdfs: (
                hdfs.custom_secret_config is None or (hdfs.kerberos_keytab is None and hdfs.cmk_secret_config is None)
            ),
            message="must not be set together with kerberosKeytab or cmkSecretConfig: it names the secret itself",
        ),
    )

    name_nodes: Annotated[tuple[HdfsNameNode, ...], Items(at_least=1, at_most=16), Updatable()]
    """The NameNode of the cluster."""
    subdirectory: Annotated[WindowsPath | None, Updatable()] = None
    """The directory in the file system. If not set: /."""
    agent_arns: Annotated[AgentArns, Updatable(), ArnOf("agent")] = ()
    """The ARNs of the agents that can reach the cluster."""
    agents: Annotated[AgentNameList, AgentNames("agentArns")] = ()
    """The names of agents in the DataMoverAccount, in place of their ARNs."""
    authentication_type: Annotated[Literal["SIMPLE", "KERBEROS"], Updatable()]
    """How DataSync authenticates."""
    simple_user: Annotated[
        Annotated[
            str,
            Field(min_length=1, max_length=256, pattern="^[_.A-Za-z0-9][-_.A-Za-z0-9]*$"),
            Words("must be the name of a user alone, such as hadoop: letters, digits, _, . and -, no realm"),
        ]
        | None,
        Updatable(),
    ] = None
    """The name of the user. For SIMPLE."""
    kerberos_principal: Annotated[Principal | None, Updatable()] = None
    """The Kerberos principal with access to the files. For KERBEROS."""
    kerberos_keytab: Annotated[SecretKeyRef | None, Updatable(), Secret("bytes")] = None
    """The Kerberos keytab: a key of a Secret in the mover's namespace. For KERBEROS."""
    kerberos_krb5_conf: Annotated[SecretKeyRef | None, Updatable(), Secret("bytes")] = None
    """The krb5.conf of the Kerberos realm: a key of a Secret in the mover's namespace. For KERBEROS."""
    qop_configuration: Annotated[QopConfiguration | None, Updatable()] = None
    """How the cluster protects its traffic."""
    kms_key_provider_uri: Annotated[Annotated[str, Field(min_length=1, max_length=255)] | None, Updatable()] = None
    """The URI of the cluster's Key Management Server, which encrypts its data at rest."""
    block_size: Annotated[
        Annotated[int, Field(ge=1_048_576, le=1_073_741_824, multiple_of=_SECTOR), WHOLE_FLOATS] | None,
        Updatable(134_217_728),
    ] = None
    """The size of the blocks that files are written in, in bytes, a multiple of 512. If not set: 128 MiB."""
    replication_factor: Annotated[Annotated[int, Field(ge=1, le=512), WHOLE_FLOATS] | None, Updatable(3)] = None
    """How many DataNodes hold a file that is written. If not set: 3."""
    cmk_secret_config: Annotated[CmkSecretConfig | None, Updatable()] = None
    """The key with which DataSync encrypts the keytab. If not set: a key that AWS manages."""
    custom_secret_config: Annotated[CustomSecretConfig | None, Updatable()] = None
    """A secret in AWS Secrets Manager that holds the keytab, instead of kerberosKeytab."""

    def needed(self) -> tuple[str, str] | None:
        """Who reads and writes the files."""
        return needed_kerberos(self) if self.authentication_type == "KERBEROS" else None

    @property
    def uri(self) -> str:
        """`hdfs://host:port/directory/`."""
        node = self.name_nodes[0]
        return f"hdfs://{node.hostname}:{node.port}{folder(self.subdirectory)}"

    @classmethod
    def located_at(cls, uri: str, realm: Realm) -> JsonObject:  # noqa: ARG003 - a cluster has no ARN
        """The directory; the NameNodes are described as they are."""
        return {"subdirectory": address_of(uri)[1]}
