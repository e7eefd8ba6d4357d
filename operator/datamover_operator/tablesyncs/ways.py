"""The ways into both databases of a sync: what the spec says, with the Secrets that it names."""

from __future__ import annotations

from dataclasses import dataclass, replace

from datamover_common.kube.client import KubeClient
from datamover_common.kube.errors import KubeError
from datamover_crds import DestinationDatabase, FromDestination, Postgresql, SecretKeyRef, SourceDatabase, TableSync
from datamover_operator.kube.secrets import UnusableSecretError, get_secret
from datamover_operator.postgres.endpoint import Endpoint, SourceAddress, UnusableUriError, from_uri
from datamover_operator.tablesyncs.plan.names import digest


@dataclass(frozen=True, slots=True)
class Ways:
    """Both databases, the source as the destination reaches it, and a digest of that last one without secrets in it."""

    source: Endpoint
    destination: Endpoint
    from_destination: SourceAddress
    connection: str

    @property
    def where(self) -> tuple[str, str]:
        """Where both databases are."""
        return self.source.address, self.destination.address


class UnusableWayError(Exception):
    """The spec or a Secret leads into no database; the message begins with the field, and holds no secret."""


class WayFinder:
    """Reads the Secrets of one pass, each once."""

    def __init__(self, client: KubeClient, namespace: str) -> None:
        """Look Secrets up in `namespace`."""
        self._client = client
        self._namespace = namespace
        self._versions: list[str] = []

    async def ways(self, sync: TableSync) -> Ways:
        """The ways of a sync. Raises KubeError, UnusableWayError."""
        source = await self._endpoint("spec.source", sync.spec.source)
        versions = tuple(self._versions)
        destination = await self._endpoint("spec.destination", sync.spec.destination)
        part = sync.spec.source.postgresql
        address = seen_from_destination(source, part.reached_from_destination if part is not None else None)
        shown = replace(address, endpoint=replace(address.endpoint, password="", ca=""))
        return Ways(source, destination, address, digest(shown, versions))

    async def _endpoint(self, path: str, database: SourceDatabase | DestinationDatabase) -> Endpoint:
        if database.postgresql is not None:
            return await self._from_parts(f"{path}.postgresql", database.postgresql)
        assert database.uri_secret_ref is not None  # noqa: S101 - a rule of the model
        path = f"{path}.uriSecretRef"
        try:
            return from_uri(await self._value(path, database.uri_secret_ref))
        except UnusableUriError as error:
            raise UnusableWayError(f"{path}: the Secret's value {error}") from None

    async def _from_parts(self, path: str, part: Postgresql) -> Endpoint:
        password, ca = part.password_secret_ref, part.ca_secret_ref
        return Endpoint(
            host=part.host,
            port=part.port,
            database=part.database,
            user=part.user,
            password=await self._value(f"{path}.passwordSecretRef", password) if password is not None else "",
            ssl_mode=part.ssl_mode,
            ca=await self._value(f"{path}.caSecretRef", ca) if ca is not None else "",
        )

    async def _value(self, path: str, ref: SecretKeyRef) -> str:
        way_out = f"add '{self._namespace}' to the chart's value secretNamespaces"
        try:
            secret = await get_secret(self._client, self._namespace, ref.name, way_out)
        except UnusableSecretError as error:
            raise UnusableWayError(f"{path}: {error}") from None
        except KubeError as error:
            if not error.is_not_found:
                raise
            missing = f"Secret '{self._namespace}/{ref.name}' does not exist; create it"
            raise UnusableWayError(f"{path}: {missing}") from None
        self._versions.append(secret.version)
        value = secret.data.get(ref.key)
        if not value:
            raise UnusableWayError(f"{path}: Secret '{self._namespace}/{ref.name}' has no key '{ref.key}'")
        return value


def seen_from_destination(source: Endpoint, other: FromDestination | None) -> SourceAddress:
    """The source as the destination server connects to it."""
    if other is None:
        return SourceAddress(source)
    endpoint = replace(
        source,
        host=other.host or source.host,
        port=other.port or source.port,
        ssl_mode=other.ssl_mode or source.ssl_mode,
    )
    return SourceAddress(endpoint, other.ssl_root_cert or "")
