"""Sees that a Secret has changed that a location names: the value reaches AWS within a minute."""

from __future__ import annotations

import asyncio

import structlog

from datamover_common.kube.client import KubeClient
from datamover_common.kube.errors import KubeError
from datamover_common.kube.objects import metadata_of
from datamover_common.slices import in_slices
from datamover_operator.controller.context import Context
from datamover_operator.kube.secrets import SECRETS
from datamover_operator.movers.kind import MOVER, NAMES_SECRETS, named_secrets
from datamover_operator.movers.memory import Memories
from datamover_operator.movers.plan.observed import is_ready

INTERVAL = 20.0
"""Seconds between two looks."""
_log = structlog.get_logger(__name__)


class SecretSweep:
    """Looks at each Secret that a mover names, once for all movers that name it."""

    def __init__(self, context: Context, client: KubeClient, memories: Memories) -> None:
        """Nothing has been seen yet."""
        self._context = context
        self._client = client
        self._memories = memories
        self._versions: dict[tuple[str, str], str] = {}

    async def run_forever(self) -> None:
        """Look every INTERVAL seconds."""
        while True:
            await asyncio.sleep(INTERVAL)
            await self.look()

    async def look(self) -> None:
        """Wake the movers whose Secrets are others than before, have become readable, or were not seen yet."""
        users = self._users()
        versions = {secret: await self._version(secret) for secret in users}
        known, self._versions = self._versions, versions
        news = [
            (uid, secret in known) for secret in users for uid in users[secret] if known.get(secret) != versions[secret]
        ]
        async for uid, is_changed in in_slices(news):
            self._wake(uid, is_changed=is_changed)

    def _wake(self, uid: str, *, is_changed: bool) -> None:
        """A Secret that is seen for the first time may have changed since the mover was last applied.

        A mover that is Ready compares it with what it has applied; one that is not is let off the rest that it takes.
        """
        entry = self._context.caches[MOVER].get(uid)
        if is_changed or (entry is not None and not is_ready(entry.model)):
            self._memories.of(uid).everything.request()
        self._context.queue.add((MOVER, uid))

    def _users(self) -> dict[tuple[str, str], list[str]]:
        """The uids of the movers that name each Secret."""
        movers = self._context.caches[MOVER]
        users: dict[tuple[str, str], list[str]] = {}
        for uid in movers.uids(NAMES_SECRETS):
            entry = movers.get(uid)
            if entry is not None:
                for name in named_secrets(entry.digest):
                    users.setdefault((entry.namespace, name), []).append(uid)
        return users

    async def _version(self, secret: tuple[str, str]) -> str:
        """What tells this state of a Secret from others, also where it is not there or may not be read."""
        namespace, name = secret
        try:
            found = await self._client.get(SECRETS.within(namespace).named(name))
        except KubeError as error:
            if not error.status:
                _log.info("a Secret could not be read", namespace=namespace, name=name, error=str(error))
                return self._versions.get(secret, "")
            return str(error.status)
        return str(metadata_of(found).get("resourceVersion", ""))
