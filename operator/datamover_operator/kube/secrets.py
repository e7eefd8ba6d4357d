"""Reads Secrets: by name, in the namespaces that the chart names, never listed."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass, field

from datamover_common.kube.client import KubeClient
from datamover_common.kube.errors import KubeError
from datamover_common.kube.objects import metadata_of
from datamover_common.kube.resources import ResourceType

_SECRETS = ResourceType("v1", "Secret", "secrets")
_FORBIDDEN = 403


class UnusableSecretError(Exception):
    """A Secret may not be read, lacks a key, or a key's value is no base64 text; the message never holds a value."""


@dataclass(frozen=True, slots=True)
class Secret:
    """A Secret's decoded data, which is never shown, and its version, which is another after each change."""

    version: str
    data: Mapping[str, str] = field(repr=False)


async def read_secret(client: KubeClient, namespace: str, name: str) -> Mapping[str, str]:
    """Return the decoded data of a Secret in the operator's namespace. Raises KubeError, UnusableSecretError."""
    way_out = f"add '{name}' to the chart's value operator.secretNames"
    return (await get_secret(client, namespace, name, way_out)).data


async def get_secret(client: KubeClient, namespace: str, name: str, way_out: str) -> Secret:
    """Return a Secret; `way_out` says how it comes to be readable. Raises KubeError, UnusableSecretError."""
    try:
        secret = await client.get(_SECRETS.within(namespace).named(name))
    except KubeError as error:
        if error.status != _FORBIDDEN:
            raise
        raise UnusableSecretError(f"Secret '{namespace}/{name}': may not be read; {way_out}") from error
    data = secret.get("data")
    decoded = {}
    for key, value in (data if isinstance(data, dict) else {}).items():
        try:
            decoded[key] = base64.b64decode(str(value), validate=True).decode().strip()
        except (binascii.Error, UnicodeDecodeError):
            msg = f"the value of key '{key}' in Secret '{namespace}/{name}' is not text"
            raise UnusableSecretError(msg) from None
    metadata = metadata_of(secret)
    return Secret(f"{metadata.get('uid')}/{metadata.get('resourceVersion')}", decoded)
