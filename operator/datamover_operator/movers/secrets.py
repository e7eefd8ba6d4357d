"""Reads the Secrets that locations name: their values go to AWS, and a keyed hash of them to status."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Mapping

from datamover_common.kube.client import KubeClient
from datamover_common.kube.errors import KubeError
from datamover_crds import LocationType
from datamover_crds.locations import Secret
from datamover_operator.kube.secrets import SECRETS, HashKey, UnusableSecretError
from datamover_operator.movers.plan.copies import changed
from datamover_operator.movers.plan.desired import location_of, location_path
from datamover_operator.movers.plan.names import SIDES
from datamover_operator.movers.plan.observed import KnownSecrets, Observed

_FORBIDDEN = 403
_DIGITS = 32
_LARGEST = 131_072
"""The largest value that DataSync takes is a krb5.conf of this many bytes."""


class MoverSecrets:
    """Reads the Secrets of movers' namespaces."""

    def __init__(self, client: KubeClient, key: HashKey) -> None:
        """Hash with `key`."""
        self._client = client
        self._key = key

    async def read(self, o: Observed) -> Observed:
        """Add what the Secrets of both locations hold. Raises KubeError where the API server does not answer."""
        found = {}
        for side in SIDES:
            location = location_of(o.mover.spec, side)
            if any(True for _ in location.secrets()):
                found[side] = await self._known(location, o.identity.namespace, location_path(o.mover.spec, side))
        return changed(o, secrets=found)

    async def _known(self, location: LocationType, namespace: str, path: str) -> KnownSecrets:
        values: dict[str, str | bytes] = {}
        try:
            for place, mark, ref in location.secrets():
                values[place] = await self._value(namespace, ref.name, ref.key, mark, f"{path}.{place}")
            return KnownSecrets(_digest(await self._key.read(), values), values=values)
        except UnusableSecretError as error:
            return KnownSecrets(problem=str(error))

    async def _value(self, namespace: str, name: str, key: str, mark: Secret, path: str) -> str | bytes:
        try:
            secret = await self._client.get(SECRETS.within(namespace).named(name))
        except KubeError as error:
            if error.is_not_found:
                raise UnusableSecretError(
                    f"{path}: Secret '{name}' does not exist in the mover's namespace '{namespace}'; create it there, "
                    f"with a key '{key}', or name another one"
                ) from None
            if error.status != _FORBIDDEN:
                raise
            raise UnusableSecretError(
                f"{path}: the operator may not read Secret '{name}' in namespace '{namespace}'; add the namespace to "
                "the chart's value secretNamespaces"
            ) from None
        data = secret.get("data")
        encoded = data.get(key) if isinstance(data, dict) else None
        if not isinstance(encoded, str) or not encoded:
            raise UnusableSecretError(
                f"{path}: Secret '{name}' in namespace '{namespace}' has no value for key '{key}'; add it there, or "
                "name another key"
            )
        return _decoded(encoded, mark, f"{path}: key '{key}' of Secret '{name}' in namespace '{namespace}'")


def _decoded(encoded: str, mark: Secret, what: str) -> str | bytes:
    try:
        value = base64.b64decode(encoded, validate=True)
        if len(value) > _LARGEST:
            raise UnusableSecretError(f"{what} holds {len(value)} bytes; at most {_LARGEST} are allowed")
        # Editors and `echo` put a line break at the end, which no password has.
        return value.decode().rstrip("\r\n") if mark.form == "text" else value
    except (binascii.Error, UnicodeDecodeError):
        raise UnusableSecretError(f"{what} does not hold text") from None


def _digest(key: bytes, values: Mapping[str, str | bytes]) -> str:
    told = [(place, value if isinstance(value, str) else value.hex()) for place, value in sorted(values.items())]
    return hmac.new(key, json.dumps(told).encode(), hashlib.sha256).hexdigest()[:_DIGITS]
