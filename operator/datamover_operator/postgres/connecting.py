"""The way into a database: the host is checked, its addresses are checked, and exactly those are connected to."""

from __future__ import annotations

import asyncio
import os
import ssl
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Final

import certifi
import psycopg
from psycopg.conninfo import make_conninfo

from datamover_common.hosts import Address, ForbiddenHostError, HostPolicy, UnknownHostError, resolve
from datamover_operator.postgres.destination import PostgresDestination
from datamover_operator.postgres.endpoint import Endpoint, SourceAddress
from datamover_operator.postgres.errors import classify
from datamover_operator.postgres.failure import DatabaseError, Failure, FailureKind, Side
from datamover_operator.postgres.session import STATEMENT_TIMEOUT, Counts, Session
from datamover_operator.postgres.source import PostgresSource

_APPLICATION: Final = "datamover-operator"
CONNECT_TIMEOUT: Final = 10.0
"""Seconds for all addresses together."""
_NOWHERE: Final = "/nonexistent"
"""In place of files in the home folder that libpq would look for."""
_SETTINGS: Final = {
    "statement_timeout": f"{STATEMENT_TIMEOUT * 1000:.0f}",
    "lock_timeout": "5000",
    "idle_in_transaction_session_timeout": "30000",
    "search_path": "pg_catalog",
    "standard_conforming_strings": "on",
    # How values are written out, so that both sides' texts can be compared.
    "timezone": "UTC",
    "datestyle": "ISO",
    "intervalstyle": "postgres",
    "extra_float_digits": "1",
    "bytea_output": "hex",
}
_CONNECT: Final = "connect"


class PostgresDatabases:
    """Opens sessions, to hosts that `policy` allows."""

    def __init__(self, policy: HostPolicy, counts: Counts) -> None:
        """`counts` counts statements. libpq's environment variables are taken away: they could lead elsewhere."""
        self.policy = policy
        self._counts = counts
        for name in [name for name in os.environ if name.startswith("PG")]:
            del os.environ[name]

    @asynccontextmanager
    async def source(self, endpoint: Endpoint) -> AsyncIterator[PostgresSource]:
        """Connect to a source."""
        async with self._open("source", endpoint) as session:
            yield PostgresSource(session)

    @asynccontextmanager
    async def destination(self, endpoint: Endpoint, source: SourceAddress) -> AsyncIterator[PostgresDestination]:
        """Connect to a destination, whose subscriptions connect to `source`."""
        await self._check_source(source.endpoint)
        async with self._open("destination", endpoint, (source.endpoint.password,)) as session:
            yield PostgresDestination(session, source)

    @asynccontextmanager
    async def _open(self, side: Side, endpoint: Endpoint, secrets: tuple[str, ...] = ()) -> AsyncIterator[Session]:
        """Connect, and disconnect at the end; errors tell none of `secrets`. Raises DatabaseError."""
        hidden = (endpoint.password, *secrets)
        addresses = await self._addresses(side, endpoint)
        try:
            with _authority(endpoint) as root:
                async with asyncio.timeout(CONNECT_TIMEOUT):
                    conninfo = make_conninfo("", **_parameters(endpoint, addresses, root))
                    connection = await psycopg.AsyncConnection.connect(
                        conninfo, autocommit=True, prepare_threshold=None
                    )
        except (psycopg.Error, OSError) as error:
            raise DatabaseError(classify(error, side, _CONNECT, hidden)) from None
        try:
            yield Session(side, connection, hidden, self._counts)
        finally:
            await connection.close()

    async def _check_source(self, endpoint: Endpoint) -> None:
        """See that the destination is sent to an allowed host; it resolves names itself, and may know others."""
        with _refused("destination"):
            self.policy.check_name(endpoint.host)
            try:
                addresses = await resolve(endpoint.host, endpoint.port)
            except UnknownHostError:
                self.policy.check_unresolved(endpoint.host)
                return
            self.policy.check_addresses(endpoint.host, addresses)

    async def _addresses(self, side: Side, endpoint: Endpoint) -> tuple[Address, ...]:
        with _refused(side):
            self.policy.check_name(endpoint.host)
            addresses = await resolve(endpoint.host, endpoint.port)
            self.policy.check_addresses(endpoint.host, addresses)
        return addresses


@contextmanager
def _refused(side: Side) -> Iterator[None]:
    try:
        yield
    except ForbiddenHostError as error:
        raise DatabaseError(Failure(FailureKind.DENIED, side, _CONNECT, "", str(error))) from None
    except UnknownHostError as error:
        raise DatabaseError(Failure(FailureKind.UNREACHABLE, side, _CONNECT, "", str(error))) from None


def _parameters(endpoint: Endpoint, addresses: tuple[Address, ...], root: str) -> dict[str, str]:
    """Everything that decides where libpq connects to, and how."""
    return {
        "host": ",".join([endpoint.host] * len(addresses)),
        "hostaddr": ",".join(map(str, addresses)),
        "port": str(endpoint.port),
        "dbname": endpoint.database,
        "user": endpoint.user,
        "password": endpoint.password,
        "passfile": _NOWHERE,
        "sslmode": endpoint.ssl_mode,
        "sslrootcert": root,
        "sslcert": _NOWHERE,
        "sslcrl": "",
        "gssencmode": "disable",
        "target_session_attrs": "any",
        "client_encoding": "utf8",
        "application_name": _APPLICATION,
        "connect_timeout": "5",
        "tcp_user_timeout": "20000",
        "options": " ".join(f"-c {name}={value}" for name, value in _SETTINGS.items()),
    }


@contextmanager
def _authority(endpoint: Endpoint) -> Iterator[str]:
    """The file with the certificates that the server is verified by: libpq reads it while it connects."""
    if not endpoint.ssl_mode.startswith("verify"):
        yield _NOWHERE
    elif endpoint.ca:
        with tempfile.NamedTemporaryFile("w", suffix=".crt") as file:
            file.write(endpoint.ca)
            file.flush()
            yield file.name
    else:
        yield _trusted()


def _trusted() -> str:
    """The certificates that this machine trusts."""
    known = (ssl.get_default_verify_paths().cafile or "", "/etc/ssl/certs/ca-certificates.crt")
    return next((path for path in known if path and Path(path).exists()), certifi.where())
