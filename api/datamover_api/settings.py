"""The service's settings: `DATAMOVER_API_*` variables, or flags of the same names, which take precedence."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, model_validator
from pydantic_settings import SettingsConfigDict

from datamover_api.http.peers import networks
from datamover_common.settings import HostPatterns, ProgramSettings

PREFIX = "DATAMOVER_API_"
_DATABASE = re.compile("/?|/[0-9]{1,5}")
_WORD = {"accepted": "a text of at most 100 characters"}


def _checked_networks(text: str) -> str:
    networks(text)
    return text


def _checked_storage(text: str) -> str:
    if text == "memory":
        return text
    parts = urlsplit(text)  # it, and its port, may raise ValueError, as pydantic wants it
    is_one_server = bool(parts.hostname and parts.port) and parts.netloc.count("@") <= 1
    if parts.scheme not in {"redis", "rediss"} or not is_one_server or not _DATABASE.fullmatch(parts.path):
        raise ValueError("no URL of Redis")
    return text


class Settings(ProgramSettings):
    """All settings."""

    model_config = SettingsConfigDict(env_prefix=PREFIX)

    legacy_enabled: Annotated[bool, Field(description="Serve the older service's API (/v1/datasync).")] = True
    label_studio_enabled: Annotated[bool, Field(description="Serve Label Studio's storage API (/api/storages).")] = (
        False
    )
    sync_enabled: Annotated[bool, Field(description="Serve the DataSync API v2.1 (/api/v1/sync).")] = False

    keys_file: Annotated[
        Path | None,
        Field(
            description="The file with the pre-shared keys of the older service's clients, one per line; it is "
            "reloaded when it changes. Needed where that API is served."
        ),
    ] = None
    highest_bcrypt_cost: Annotated[
        int, Field(ge=4, le=16, description="A token whose bcrypt cost is higher is refused without computing it.")
    ] = 12

    label_studio_keys_file: Annotated[
        Path | None,
        Field(
            description="The file with the keys of Label Studio's clients, each on a line as key or name=key; it is "
            "reloaded when it changes. Needed where that API is served."
        ),
    ] = None
    label_studio_check_seconds: Annotated[
        float,
        Field(
            ge=0,
            le=60,
            description="How long a new storage waits for the operator to say whether AWS accepts it, in seconds.",
        ),
    ] = 10
    sync_keys_file: Annotated[
        Path | None,
        Field(
            description="The file with the keys of the DataSync API's clients, each on a line as key or name=key; it "
            "is reloaded when it changes. Where that API is served, it or the variable API_KEY is needed."
        ),
    ] = None
    sync_administrators: Annotated[
        str,
        Field(
            max_length=4096,
            description="The names of the keys that see the syncs of all keys.",
            json_schema_extra={"accepted": "names, separated by commas"},
        ),
    ] = ""
    sync_requests_per_minute: Annotated[
        int, Field(ge=1, le=1_000_000, description="How many requests a key may send to the DataSync API in a minute.")
    ] = 1000
    sync_rate_limit_storage: Annotated[
        str,
        Field(
            description="Where the DataSync API's requests are counted: in each replica's memory, or in a Redis that "
            "all share.",
            json_schema_extra={"accepted": "memory, or a URL such as redis://redis:6379/0"},
        ),
        AfterValidator(_checked_storage),
    ] = "memory"
    database_hosts: Annotated[
        HostPatterns,
        Field(
            description="The operator's setting of that name: syncs of databases on other hosts are refused. Empty: "
            "all are. A loopback address must be named itself.",
            json_schema_extra={"accepted": "names with *, IP addresses and networks (CIDR), separated by commas"},
        ),
    ] = ()
    sync_config_file: Annotated[
        Path | None,
        Field(description="The DataSync API's configuration (datasync.yaml); it is reloaded when it changes."),
    ] = None

    http_host: Annotated[
        str,
        Field(
            min_length=1,
            description="The address that is served; in a pod 0.0.0.0.",
            json_schema_extra={"accepted": "an IP address or a host name"},
        ),
    ] = "127.0.0.1"
    http_port: Annotated[int, Field(ge=0, le=65535, description="Its port; 0: any free one, which is logged.")] = 8000
    tls_certificate_file: Annotated[
        Path | None,
        Field(description="The certificate and its chain (PEM), to serve HTTPS; reloaded when it changes."),
    ] = None
    tls_key_file: Annotated[Path | None, Field(description="The certificate's private key (PEM).")] = None

    largest_body_bytes: Annotated[
        int, Field(ge=1024, le=16 * 1024 * 1024, description="The maximum size of a request body, in bytes.")
    ] = 256 * 1024
    head_timeout_seconds: Annotated[
        float, Field(ge=0.1, le=300, description="How long a request's head may take to arrive, in seconds.")
    ] = 10
    body_timeout_seconds: Annotated[
        float, Field(ge=0.1, le=300, description="How long a request's body may take to arrive, in seconds.")
    ] = 10
    keep_alive_seconds: Annotated[
        int, Field(ge=0, le=3600, description="How long a connection may be idle between requests, in seconds.")
    ] = 75

    write_timeout_seconds: Annotated[
        float, Field(ge=0.1, le=300, description="How long an answer may wait to be read by the client, in seconds.")
    ] = 30
    most_connections: Annotated[
        int,
        Field(
            ge=1,
            le=100_000,
            description="How many connections there may be; then the address with the most of them loses one.",
        ),
    ] = 1000
    most_connections_per_address: Annotated[
        int, Field(ge=1, le=100_000, description="How many connections one address may have, proxies excepted.")
    ] = 250
    trusted_proxies: Annotated[
        str,
        Field(
            max_length=4096,
            description="The proxies in front of the service: their X-Forwarded-For is believed.",
            json_schema_extra={"accepted": "IP addresses or networks, separated by commas"},
        ),
        AfterValidator(_checked_networks),
    ] = ""

    start_timeout_seconds: Annotated[
        float,
        Field(ge=0.1, le=300, description="How long a start waits for the operator to take it up, in seconds."),
    ] = 15
    outcome_timeout_seconds: Annotated[
        float,
        Field(
            ge=0.1,
            le=600,
            description="How long a start waits for AWS once the operator has taken it up, in seconds; "
            "longer than the operator's AWS call timeout.",
        ),
    ] = 60
    stop_timeout_seconds: Annotated[
        float, Field(ge=0.1, le=300, description="How long a stop waits to be passed on to AWS, in seconds.")
    ] = 15
    delete_timeout_seconds: Annotated[
        float,
        Field(
            ge=0.1,
            le=300,
            description="How long a deletion, or a creation that waits for one, waits for it to finish, in seconds.",
        ),
    ] = 20
    kubernetes_timeout_seconds: Annotated[
        float, Field(ge=0.1, le=300, description="The timeout of a request to Kubernetes, in seconds.")
    ] = 15
    shutdown_grace_seconds: Annotated[
        int,
        Field(ge=0, le=600, description="How long requests in flight may take to finish after SIGTERM, in seconds."),
    ] = 25

    githash: Annotated[
        str, Field(max_length=100, description="The commit that /version shows.", json_schema_extra=dict(_WORD))
    ] = "unknown"
    buildstamp: Annotated[
        str, Field(max_length=100, description="The build time that /version shows.", json_schema_extra=dict(_WORD))
    ] = "unknown"

    @model_validator(mode="after")
    def _has_both_halves_of_tls(self) -> Self:
        if (self.tls_certificate_file is None) != (self.tls_key_file is None):
            raise ValueError(f"{PREFIX}TLS_CERTIFICATE_FILE, {PREFIX}TLS_KEY_FILE: must be set both or neither")
        return self

    @model_validator(mode="after")
    def _has_keys(self) -> Self:
        if self.legacy_enabled and self.keys_file is None:
            raise ValueError(f"{PREFIX}KEYS_FILE: must be set where {PREFIX}LEGACY_ENABLED is true")
        if self.label_studio_enabled and self.label_studio_keys_file is None:
            name = f"{PREFIX}LABEL_STUDIO"
            raise ValueError(f"{name}_KEYS_FILE: must be set where {name}_ENABLED is true")
        return self
