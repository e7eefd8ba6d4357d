"""Reads the Secrets that hold AWS credentials: by name, in the operator's namespace, never listed, never kept."""

from __future__ import annotations

import base64
import binascii

from datamover_common.kube.client import KubeClient
from datamover_common.kube.errors import KubeError
from datamover_common.kube.resources import ResourceType

_SECRETS = ResourceType("v1", "Secret", "secrets")
_FORBIDDEN = 403


class UnusableSecretError(Exception):
    """A Secret may not be read, lacks a key, or a key's value is no base64 text; the message never holds a value."""


async def read_secret(client: KubeClient, namespace: str, name: str) -> dict[str, str]:
    """Return the Secret's decoded data. Raises KubeError, UnusableSecretError."""
    try:
        secret = await client.get(_SECRETS.within(namespace).named(name))
    except KubeError as error:
        if error.status != _FORBIDDEN:
            raise
        way_out = f"add '{name}' to the chart's value operator.secretNames"
        raise UnusableSecretError(f"Secret '{namespace}/{name}': may not be read; {way_out}") from error
    data = secret.get("data")
    decoded = {}
    for key, value in (data if isinstance(data, dict) else {}).items():
        try:
            decoded[key] = base64.b64decode(str(value), validate=True).decode().strip()
        except (binascii.Error, UnicodeDecodeError):
            msg = f"the value of key '{key}' in Secret '{namespace}/{name}' is not text"
            raise UnusableSecretError(msg) from None
    return decoded
