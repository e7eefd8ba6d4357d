"""How a PostgreSQL database is reached, and the words for what is in it."""

from typing import Annotated, ClassVar, Final, Literal

from pydantic import Field

from datamover_crds.common import WHOLE_FLOATS, Model
from datamover_crds.rules import Rule
from datamover_crds.secrets import SecretKeyRef
from datamover_crds.words import Words

HOST_PATTERN = "^([A-Za-z0-9_]([A-Za-z0-9._-]*[A-Za-z0-9_])?|[0-9A-Fa-f.]*:[0-9A-Fa-f:.]*)$"
Host = Annotated[
    str,
    Field(min_length=1, max_length=253, pattern=HOST_PATTERN),
    Words("must be a DNS name or an IP address alone, such as db.example.com: no scheme, port or brackets"),
]
"""A DNS name, or an IP address without brackets; never a socket's folder or a list."""
Port = Annotated[int, Field(ge=1, le=65535), WHOLE_FLOATS]
ON_ONE_LINE: Final = "^[^\\x00-\\x1f\\x7f]+$"
POSTGRESQL_NAME: Final = Words(
    "must be a name as PostgreSQL has it, such as orders: no line breaks or control characters"
)
Identifier = Annotated[str, Field(min_length=1, max_length=63, pattern=ON_ONE_LINE), POSTGRESQL_NAME]
"""A name in PostgreSQL, exactly as it is stored: without quotes, in upper and lower case."""
SslMode = Literal["disable", "require", "verify-ca", "verify-full"]
LSN_PATTERN = "^[0-9A-Fa-f]{1,8}/[0-9A-Fa-f]{1,8}$"
Lsn = Annotated[
    str,
    Field(min_length=3, max_length=17, pattern=LSN_PATTERN),
    Words("must be a position in the write-ahead log, such as 0/14C0378"),
]
"""A position in the write-ahead log, such as `0/14C0378`."""
CertificateFile = Annotated[
    str,
    Field(min_length=2, max_length=1024, pattern="^/[A-Za-z0-9._/-]+$"),
    Words("must be the absolute path of a file on the destination server, such as /etc/ssl/ca.pem"),
]


class FromDestination(Model):
    """How the destination server reaches the source server. What is not set is as the operator reaches it."""

    host: Host | None = None
    """The source's host name or IP address, as the destination server knows it."""
    port: Port | None = None
    """The source's port, as the destination server reaches it."""
    ssl_mode: SslMode | None = None
    """How the destination server verifies the source (libpq's sslmode)."""
    ssl_root_cert: CertificateFile | None = None
    """The file on the destination server with the CA certificates that the source is verified by.

    On Amazon RDS it is `/rdsdbdata/rds-metadata/ca-cert.pem`. Not set: what the destination's libpq looks at, which is
    the system's certificates from PostgreSQL 16 on.
    """


class Postgresql(Model):
    """A PostgreSQL database."""

    host: Host
    """The server's host name or IP address. The operator's setting `databaseHosts` says which are allowed."""
    port: Port = 5432
    """The server's port."""
    database: Identifier
    """The database's name."""
    user: Identifier
    """The role to log in as."""
    password_secret_ref: SecretKeyRef | None = None
    """The key of a Secret that holds the password. Not set: no password is sent."""
    ssl_mode: SslMode = "verify-full"
    """How the server is verified (libpq's sslmode)."""
    ca_secret_ref: SecretKeyRef | None = None
    """The key of a Secret that holds the CA certificates (PEM) for verify-ca and verify-full.

    Not set: the certificates that the operator's image trusts.
    """


class PostgresqlSource(Postgresql):
    """A PostgreSQL database that tables are read from."""

    reached_from_destination: FromDestination | None = None
    """How the destination server reaches this server, where that differs: the destination connects to the source."""


_ONE_KIND = "must set exactly one of postgresql and uriSecretRef"


def _has_one_kind(database: "DestinationDatabase | SourceDatabase") -> bool:
    return (database.postgresql is None) != (database.uri_secret_ref is None)


def _one_kind() -> Rule:
    return Rule(
        field_path="",
        cel="has(self.postgresql) != has(self.uriSecretRef)",
        holds=_has_one_kind,
        message=_ONE_KIND,
    )


class SourceDatabase(Model):
    """The database that tables are read from: its parts, or a URI in a Secret."""

    rules: ClassVar = (_one_kind(),)

    postgresql: PostgresqlSource | None = None
    """The database, part by part."""
    uri_secret_ref: SecretKeyRef | None = None
    """The key of a Secret that holds the database's URI: `postgresql://user:password@host:5432/database?sslmode=require`.

    The destination server reaches the source by the same URI. Of its parameters only sslmode is accepted.
    """


class DestinationDatabase(Model):
    """The database that tables are written to: its parts, or a URI in a Secret."""

    rules: ClassVar = (_one_kind(),)

    postgresql: Postgresql | None = None
    """The database, part by part."""
    uri_secret_ref: SecretKeyRef | None = None
    """The key of a Secret that holds the database's URI: `postgresql://user:password@host:5432/database?sslmode=require`.

    Of its parameters only sslmode is accepted.
    """
