"""How DataSync gets at a location's secret: its own secret in Secrets Manager, or one that the user manages. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from typing import Self

from datasync_emulator.errors import invalid_request
from datasync_emulator.messages import JsonObject


@dataclass(frozen=True, slots=True)
class Credentials:
    """Which secret in Secrets Manager holds a location's credentials; the credentials themselves are not kept.

    `given` says that the request held them, so that DataSync keeps a secret of its own, under a KMS key of the user's
    where `cmk` names one; `custom` is a secret that the user manages.
    """

    given: bool = False
    cmk: JsonObject | None = None
    custom: JsonObject | None = None

    @classmethod
    def of(cls, params: JsonObject, secrets: Collection[str]) -> Self:
        """Read them from a create request; `secrets` are the members that hold a secret.

        Raises:
            ApiError: InvalidRequestException where the ways of giving a secret are mixed.
        """
        return cls().update(params, secrets)

    def update(self, params: JsonObject, secrets: Collection[str]) -> Self:
        """Apply an update request; a secret of one kind replaces one of the other.

        Raises:
            ApiError: as for `of`.
        """
        given = [name for name in secrets if name in params]
        cmk, custom = params.get("CmkSecretConfig"), params.get("CustomSecretConfig")
        if cmk and custom:
            raise invalid_request("Use either CmkSecretConfig or CustomSecretConfig, not both.")
        if custom and given:
            raise invalid_request(f"CustomSecretConfig names the secret to use: leave out {', '.join(sorted(given))}.")
        if cmk and not (given or self.given):
            raise invalid_request(f"CmkSecretConfig needs the secret that it is for: {' or '.join(sorted(secrets))}.")
        if custom:
            return type(self)(custom=custom)
        if given:
            return type(self)(given=True, cmk=cmk)
        return type(self)(self.given, cmk or self.cmk, self.custom)

    def __bool__(self) -> bool:
        """Whether there is a secret at all."""
        return self.given or self.custom is not None

    def describe(self, arn: str) -> JsonObject:
        """Give the members that name the secret of the location of this ARN."""
        managed = {"SecretArn": _managed_secret(arn)}
        return {
            "ManagedSecretConfig": managed if self.given and not self.cmk else None,
            "CmkSecretConfig": managed | {"KmsKeyArn": self.cmk.get("KmsKeyArn")} if self.cmk else None,
            "CustomSecretConfig": self.custom,
        }


def _managed_secret(arn: str) -> str:
    """The ARN of the secret that DataSync keeps; Secrets Manager ends every name in six characters of its own."""
    _, partition, _, region, account, resource = arn.split(":", 5)
    suffix = hashlib.sha256(arn.encode()).hexdigest()[:6]
    name = resource.rpartition("/")[2]
    return f"arn:{partition}:secretsmanager:{region}:{account}:secret:aws-datasync!{name}-{suffix}"
