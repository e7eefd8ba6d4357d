"""How accounts are reached, and the ports into each of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from datamover_operator.aws.ports import Aws


class Accounts(Protocol):
    """Ports by account. Sessions are cached and made again when the account's spec or its secret changes."""

    def connect(self, account: AccountAccess) -> Aws:
        """Return the ports of an account; makes no call. Calls refresh assumed credentials before they end."""

    def forget(self, key: str) -> None:
        """Release an account's clients, which may be made again; calls in flight end as they would have."""

    async def close(self) -> None:
        """Let go of the thread pools; does not wait for calls in flight."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """Static credentials from a Secret. Never printed: repr hides them."""

    access_key_id: str
    secret_access_key: str
    session_token: str | None = None

    def __repr__(self) -> str:
        """Show nothing of the keys."""
        return "Credentials(…)"


@dataclass(frozen=True, slots=True)
class AccountAccess:
    """How an account is reached: equal values share one session, a changed value makes a new one.

    `key` stands for the account, whatever its access: its object's uid.
    """

    key: str
    account_id: str
    region: str
    assume_role_arn: str | None = None
    external_id: str | None = None
    credentials: Credentials | None = None
