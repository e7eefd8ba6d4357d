"""Reads the Secrets that hold AWS credentials: by name, in the operator's namespace, never listed, never kept."""

from __future__ import annotations

import base64
import binascii

from datamover_operator.kube.client import KubeClient


class UnusableSecretError(Exception):
    """A Secret lacks a key, or a key's value is no base64 text; the message names the key, never a value."""


async def read_secret(client: KubeClient, namespace: str, name: str) -> dict[str, str]:
    """Return the Secret's decoded data. Raises KubeError, UnusableSecretError."""
    secret = await client.get(f"/api/v1/namespaces/{namespace}/secrets/{name}")
    data = secret.get("data")
    decoded = {}
    for key, value in (data if isinstance(data, dict) else {}).items():
        try:
            decoded[key] = base64.b64decode(str(value), validate=True).decode().strip()
        except (binascii.Error, UnicodeDecodeError):
            msg = f"the value of key '{key}' in Secret '{namespace}/{name}' is not text"
            raise UnusableSecretError(msg) from None
    return decoded
