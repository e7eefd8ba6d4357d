"""How an account is reached: its spec, with the credentials of its Secret."""

from __future__ import annotations

from datamover_common.kube.client import KubeClient
from datamover_crds import DataMoverAccount
from datamover_operator.aws.access import AccountAccess, Credentials
from datamover_operator.kube.secrets import UnusableSecretError, read_secret


async def access_to(account: DataMoverAccount, client: KubeClient, namespace: str) -> AccountAccess:
    """The way into an account; its Secret is looked up in `namespace`. Raises KubeError, UnusableSecretError."""
    spec = account.spec
    role = spec.assume_role
    secret = spec.credentials_secret_ref
    return AccountAccess(
        key=account.metadata.uid,
        account_id=spec.account_id,
        region=spec.region,
        assume_role_arn=role.arn if role is not None else None,
        external_id=role.external_id if role is not None else None,
        credentials=await _credentials(client, namespace, secret.name) if secret is not None else None,
    )


async def _credentials(client: KubeClient, namespace: str, name: str) -> Credentials:
    data = await read_secret(client, namespace, name)
    for key in ("aws_access_key_id", "aws_secret_access_key"):
        if not data.get(key):
            raise UnusableSecretError(f"Secret '{namespace}/{name}' has no key '{key}'")
    token = data.get("aws_session_token") or None
    return Credentials(data["aws_access_key_id"], data["aws_secret_access_key"], token)
