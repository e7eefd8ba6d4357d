"""Reads Secrets: by name, where the chart allows it, never listed; and keeps the key for the hashes in status."""

from __future__ import annotations

import base64
import binascii
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field

from datamover_common.kube.client import KubeClient
from datamover_common.kube.errors import KubeError
from datamover_common.kube.objects import metadata_of
from datamover_common.kube.resources import ResourceType
from datamover_crds import JsonObject

SECRETS = ResourceType("v1", "Secret", "secrets")
_FORBIDDEN = 403
_KEY_BYTES = 32
_KEY_NAME = "key"


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
        secret = await client.get(SECRETS.within(namespace).named(name))
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


class HashKey:
    """The operator's own key for hashes that stand in status: made once, and kept in a Secret beside the operator."""

    def __init__(self, client: KubeClient, namespace: str, name: str) -> None:
        """Keep it in the Secret of this name."""
        self._client = client
        self._namespace = namespace
        self._name = name
        self._key: bytes | None = None

    async def read(self) -> bytes:
        """The key, made where there is none yet. Raises KubeError, UnusableSecretError."""
        if self._key is None:
            self._key = await self._stored() or await self._make()
        return self._key

    async def _stored(self) -> bytes | None:
        try:
            data = (await self._client.get(SECRETS.within(self._namespace).named(self._name))).get("data")
        except KubeError as error:
            if error.is_not_found:
                return None
            raise self._unusable(error) from error
        encoded = data.get(_KEY_NAME) if isinstance(data, dict) else None
        key = base64.b64decode(str(encoded or ""))
        if len(key) < _KEY_BYTES:
            raise UnusableSecretError(
                f"Secret '{self._namespace}/{self._name}' has no value of {_KEY_BYTES} bytes for key '{_KEY_NAME}'; "
                "delete it: the operator makes a new one, and sends the secrets of all locations to AWS once more"
            )
        return key

    async def _make(self) -> bytes:
        key = secrets.token_bytes(_KEY_BYTES)
        body: JsonObject = {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": self._name, "namespace": self._namespace},
            "data": {_KEY_NAME: base64.b64encode(key).decode()},
        }
        try:
            await self._client.create(SECRETS.within(self._namespace), body)
        except KubeError as error:
            if error.is_already_there:  # another operator was faster
                return await self._stored() or key
            raise self._unusable(error) from error
        return key

    def _unusable(self, error: KubeError) -> Exception:
        if error.status != _FORBIDDEN:
            return error
        return UnusableSecretError(
            f"Secret '{self._namespace}/{self._name}', which holds the operator's key for hashes: may not be read or "
            "created; add a namespace to the chart's value secretNamespaces"
        )
