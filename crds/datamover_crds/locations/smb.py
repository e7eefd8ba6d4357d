"""SMB file servers: API_CreateLocationSmb, API_DescribeLocationSmb, API_UpdateLocationSmb."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from datamover_crds.common import Items, JsonObject
from datamover_crds.locations.agents import NEEDS_AGENT, AgentArns, AgentNameList
from datamover_crds.locations.base import LocationType
from datamover_crds.locations.kerberos import Principal, needed_kerberos
from datamover_crds.locations.marks import AgentNames, ArnOf, Secret, Updatable
from datamover_crds.locations.mounts import (
    PLAIN_USER,
    Hostname,
    SmbDomain,
    SmbMountOptions,
    SmbUser,
    WindowsPath,
    needed_password,
    one_secret_source,
)
from datamover_crds.locations.secret_keys import CmkSecretConfig, CustomSecretConfig, SecretKeyRef
from datamover_crds.locations.uris import Realm, address_of, folder
from datamover_crds.words import Words

IpAddress = Annotated[
    str,
    Field(min_length=7, max_length=39, pattern="^[0-9a-fA-F:.]+$"),
    Words("must be the IP address of a DNS server, such as 10.0.0.2"),
]


class SmbLocation(LocationType):
    """A share of an SMB file server (API_CreateLocationSmb)."""

    operation: ClassVar = "Smb"
    schemes: ClassVar = ("smb",)
    attributes: ClassVar = "windows"
    is_in_aws: ClassVar = False
    enhanced: ClassVar = "from or to s3"
    rules: ClassVar = (
        NEEDS_AGENT,
        PLAIN_USER,
        one_secret_source("password"),
    )

    server_hostname: Annotated[Hostname, Updatable()]
    """The DNS name or the IP address of the file server."""
    subdirectory: Annotated[WindowsPath, Updatable()]
    """The name of the share, or the path of a directory in it, with forward slashes."""
    agent_arns: Annotated[AgentArns, Updatable(), ArnOf("agent")] = ()
    """The ARNs of the agents that can reach the file server."""
    agents: Annotated[AgentNameList, AgentNames("agentArns")] = ()
    """The names of agents in the DataMoverAccount, in place of their ARNs."""
    authentication_type: Annotated[Literal["NTLM", "KERBEROS"] | None, Updatable("NTLM")] = None
    """How DataSync authenticates. If not set: NTLM."""
    user: Annotated[SmbUser | None, Updatable()] = None
    """The user who mounts the share and has access to the files, without the domain. For NTLM."""
    domain: Annotated[SmbDomain | None, Updatable()] = None
    """The Windows domain that the file server belongs to. For NTLM."""
    password: Annotated[SecretKeyRef | None, Updatable(), Secret()] = None
    """The password of the user: a key of a Secret in the mover's namespace. For NTLM."""
    kerberos_principal: Annotated[Principal | None, Updatable()] = None
    """The Kerberos principal with access to the files. For KERBEROS."""
    kerberos_keytab: Annotated[SecretKeyRef | None, Updatable(), Secret("bytes")] = None
    """The Kerberos keytab: a key of a Secret in the mover's namespace. For KERBEROS."""
    kerberos_krb5_conf: Annotated[SecretKeyRef | None, Updatable(), Secret("bytes")] = None
    """The krb5.conf of the Kerberos realm: a key of a Secret in the mover's namespace. For KERBEROS."""
    dns_ip_addresses: Annotated[tuple[IpAddress, ...], Items(at_most=2), Updatable()] = ()
    """The IP addresses of the DNS servers that know the file server. For KERBEROS."""
    cmk_secret_config: Annotated[CmkSecretConfig | None, Updatable()] = None
    """The key with which DataSync encrypts password or keytab. If not set: a key that AWS manages."""
    custom_secret_config: Annotated[CustomSecretConfig | None, Updatable()] = None
    """A secret in AWS Secrets Manager that holds password or keytab, instead of these."""
    mount_options: Annotated[SmbMountOptions | None, Updatable()] = None
    """How the share is mounted."""

    def needed(self) -> tuple[str, str] | None:
        """Who mounts the share."""
        if self.authentication_type == "KERBEROS":
            return needed_kerberos(self)
        if self.user is None:
            return "user", "must be set, unless authenticationType is KERBEROS; domain names the user's Windows domain"
        return needed_password(self)

    @property
    def uri(self) -> str:
        """`smb://host/share/`."""
        return f"smb://{self.server_hostname}{folder(self.subdirectory)}"

    @classmethod
    def located_at(cls, uri: str, realm: Realm) -> JsonObject:  # noqa: ARG003 - a server has no ARN
        """The server and the share."""
        host, path = address_of(uri)
        return {"serverHostname": host, "subdirectory": path}
