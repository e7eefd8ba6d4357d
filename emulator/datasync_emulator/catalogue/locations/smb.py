"""SMB file servers."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import ClassVar, Self

from datasync_emulator.catalogue.locations.credentials import Credentials
from datasync_emulator.catalogue.locations.parameters import folder, mount_version
from datasync_emulator.catalogue.locations.spec import BOTH_MODES, LocationSpec, Metadata, Site
from datasync_emulator.catalogue.locations.storage import Folder
from datasync_emulator.errors import invalid_request
from datasync_emulator.messages import Caller, JsonObject

_SECRETS = ("KerberosKeytab", "Password")
_IP_ADDRESS = re.compile(r"[\d.]+|.*:.*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Smb(LocationSpec):
    """A share of a server, as a user sees it (NTLM), or a principal (Kerberos)."""

    operation: ClassVar[str] = "Smb"
    title: ClassVar[str] = "SMB"

    host: str
    subdirectory: str
    agents: tuple[str, ...]
    mount_options: JsonObject
    authentication: str
    credentials: Credentials
    user: str | None = None
    domain: str | None = None
    principal: str | None = None
    dns_addresses: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse what does not fit the way of authentication."""
        if self.authentication == "NTLM" and not self.user:
            raise invalid_request("AuthenticationType NTLM needs User.")
        if self.authentication == "KERBEROS":
            if not self.principal:
                raise invalid_request("AuthenticationType KERBEROS needs KerberosPrincipal.")
            if _IP_ADDRESS.fullmatch(self.host):
                raise invalid_request(f"AuthenticationType KERBEROS needs a domain name, not {self.host}.")
        if not self.credentials:
            secret = "Password" if self.authentication == "NTLM" else "KerberosKeytab"
            raise invalid_request(f"AuthenticationType {self.authentication} needs {secret}, or CustomSecretConfig.")

    @classmethod
    def create(cls, caller: Caller, params: JsonObject) -> Self:  # noqa: ARG003 - servers belong to no account
        """Read CreateLocationSmb."""
        return cls(
            host=params["ServerHostname"],
            subdirectory=folder(params["Subdirectory"]),
            agents=tuple(params["AgentArns"]),
            mount_options=mount_version(params.get("MountOptions")),
            authentication=params.get("AuthenticationType", "NTLM"),
            credentials=Credentials.of(params, _SECRETS),
            user=params.get("User"),
            domain=params.get("Domain"),
            principal=params.get("KerberosPrincipal"),
            dns_addresses=tuple(params.get("DnsIpAddresses", ())),
        )

    def update(self, params: JsonObject) -> Self:
        """Apply UpdateLocationSmb."""
        return replace(
            self,
            host=params.get("ServerHostname", self.host),
            subdirectory=folder(params["Subdirectory"]) if "Subdirectory" in params else self.subdirectory,
            agents=tuple(params.get("AgentArns", self.agents)),
            mount_options=mount_version(params.get("MountOptions", self.mount_options)),
            authentication=params.get("AuthenticationType", self.authentication),
            credentials=self.credentials.update(params, _SECRETS),
            user=params.get("User", self.user),
            domain=params.get("Domain", self.domain),
            principal=params.get("KerberosPrincipal", self.principal),
            dns_addresses=tuple(params.get("DnsIpAddresses", self.dns_addresses)),
        )

    def describe(self, arn: str) -> JsonObject:
        """Give what DescribeLocationSmb adds; what belongs to the other way of authentication is left out."""
        ntlm = self.authentication == "NTLM"
        return {
            "AgentArns": list(self.agents),
            "User": self.user if ntlm else None,
            "Domain": self.domain if ntlm else None,
            "MountOptions": self.mount_options,
            "DnsIpAddresses": None if ntlm else list(self.dns_addresses) or None,
            "KerberosPrincipal": None if ntlm else self.principal,
            "AuthenticationType": self.authentication,
            **self.credentials.describe(arn),
        }

    @property
    def filter_value(self) -> str:
        """SMB."""
        return "SMB"

    @property
    def uri(self) -> str:
        """smb://host/share/."""
        return f"smb://{self.host}{self.subdirectory}"

    @property
    def storage(self) -> Folder:
        """smb/<host>."""
        return Folder(PurePosixPath("smb", self.host), self.subdirectory, exported=True)

    @property
    def metadata(self) -> Metadata:
        """What Windows keeps."""
        return Metadata.WINDOWS

    @property
    def site(self) -> Site:
        """One's own."""
        return Site.SELF_MANAGED

    @property
    def modes(self) -> frozenset[str]:
        """Both."""
        return BOTH_MODES

    @property
    def agent_arns(self) -> tuple[str, ...]:
        """The agents that mount it."""
        return self.agents
