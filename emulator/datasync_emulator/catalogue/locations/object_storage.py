"""Object storage servers that speak S3's protocol."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import ClassVar, Self

from datasync_emulator.catalogue.locations.credentials import Credentials
from datasync_emulator.catalogue.locations.parameters import folder, same_agents
from datasync_emulator.catalogue.locations.spec import BOTH_MODES, LocationSpec, Metadata, Site
from datasync_emulator.catalogue.locations.storage import RemoteBucket
from datasync_emulator.errors import invalid_request
from datasync_emulator.messages import Caller, JsonObject

_SECRETS = ("SecretKey",)
_PORTS = {"HTTPS": 443, "HTTP": 80}


@dataclass(frozen=True, slots=True)
class ObjectStorage(LocationSpec):
    """A bucket of a server, with the key to it; the secret key is kept, for it is needed to reach the server."""

    operation: ClassVar[str] = "ObjectStorage"
    title: ClassVar[str] = "Object storage"

    host: str
    bucket: str
    prefix: str
    protocol: str
    port: int
    agents: tuple[str, ...]
    credentials: Credentials
    access_key: str | None = None
    secret_key: str | None = field(default=None, repr=False)
    certificates: bytes | None = field(default=None, repr=False)
    identity: JsonObject | None = None

    def __post_init__(self) -> None:
        """Refuse two ways of authentication at once."""
        if self.identity and (self.access_key or self.credentials):
            raise invalid_request("Use either FederatedIdentity or AccessKey and SecretKey, not both.")

    @classmethod
    def create(cls, caller: Caller, params: JsonObject) -> Self:  # noqa: ARG003 - servers belong to no account
        """Read CreateLocationObjectStorage."""
        protocol = params.get("ServerProtocol", "HTTPS")
        return cls(
            host=params["ServerHostname"],
            bucket=params["BucketName"],
            prefix=folder(params.get("Subdirectory", "")).lstrip("/"),
            protocol=protocol,
            port=params.get("ServerPort", _PORTS[protocol]),
            agents=tuple(params.get("AgentArns", ())),
            credentials=Credentials.of(params, _SECRETS),
            access_key=params.get("AccessKey") or None,
            secret_key=params.get("SecretKey") or None,
            certificates=params.get("ServerCertificate") or None,
            identity=params.get("FederatedIdentity"),
        )

    def update(self, params: JsonObject) -> Self:
        """Apply UpdateLocationObjectStorage; empty keys and an empty certificate remove them."""
        same_agents(self.agents, params)
        return replace(
            self,
            host=params.get("ServerHostname", self.host),
            prefix=folder(params["Subdirectory"]).lstrip("/") if "Subdirectory" in params else self.prefix,
            protocol=params.get("ServerProtocol", self.protocol),
            port=params.get("ServerPort", self.port),
            credentials=self.credentials.update(params, _SECRETS),
            access_key=params.get("AccessKey", self.access_key) or None,
            secret_key=params.get("SecretKey", self.secret_key) or None,
            certificates=params.get("ServerCertificate", self.certificates) or None,
            identity=params.get("FederatedIdentity", self.identity),
        )

    def describe(self, arn: str) -> JsonObject:
        """Give what DescribeLocationObjectStorage adds."""
        return {
            "AccessKey": self.access_key,
            "FederatedIdentity": self.identity,
            "ServerPort": self.port,
            "ServerProtocol": self.protocol,
            "AgentArns": list(self.agents) or None,
            "ServerCertificate": self.certificates,
            **self.credentials.describe(arn),
        }

    @property
    def filter_value(self) -> str:
        """OBJECT_STORAGE."""
        return "OBJECT_STORAGE"

    @property
    def uri(self) -> str:
        """object-storage://host/bucket/prefix/."""
        return f"object-storage://{self.host}/{self.bucket}/{self.prefix}"

    @property
    def storage(self) -> RemoteBucket:
        """The server's bucket."""
        return RemoteBucket(
            self.host,
            self.port,
            self.protocol,
            self.bucket,
            self.prefix,
            self.access_key,
            self.secret_key,
            self.certificates,
        )

    @property
    def metadata(self) -> Metadata:
        """What objects have."""
        return Metadata.OBJECT

    @property
    def site(self) -> Site:
        """Another cloud's, or one's own behind an agent."""
        return Site.OTHER_CLOUD

    @property
    def modes(self) -> frozenset[str]:
        """Both."""
        return BOTH_MODES

    @property
    def agent_arns(self) -> tuple[str, ...]:
        """The agents that reach it."""
        return self.agents
