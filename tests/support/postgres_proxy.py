"""A TCP way to a PostgreSQL server that sees the operator's statements, and can hold one before or after its effect.

Without TLS: the operator's connections are told by their application_name, all others are relayed as they are.
Messages: https://www.postgresql.org/docs/current/protocol-message-formats.html.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Literal, Self

from tests.support.tcp_gate import TcpGate, copy

OPERATOR = b"datamover-operator"
When = Literal["before", "after"]
_CHUNK = 65536


@dataclass
class Held:
    """The statement that is being waited for: `reached` has its path, once it is held."""

    wanted: Callable[[str], bool]
    when: When
    reached: Future[str] = field(default_factory=Future)


class PostgresProxy(TcpGate):
    """A gate that is open at first."""

    def __init__(self, host: str, port: int) -> None:
        super().__init__(host, port)
        self._held: Held | None = None
        self.statements: list[str] = []

    def __enter__(self) -> Self:
        super().__enter__()
        self.open()
        return self

    def hold(self, wanted: Callable[[str], bool], when: When) -> Future[str]:
        """Hold the operator's next statement whose path is wanted; the future tells it once it is held.

        A path is what the statement and those before it in its transaction begin with.
        """
        self._held = Held(wanted, when)
        return self._held.reached

    async def _relay(
        self,
        client: asyncio.StreamReader,
        to_client: asyncio.StreamWriter,
        server: asyncio.StreamReader,
        to_server: asyncio.StreamWriter,
    ) -> None:
        connection = _Connection(self, client, to_client, server, to_server)
        await asyncio.gather(connection.forth(), connection.back())

    def is_held(self, path: str) -> Held | None:
        """Whether this statement is the one that is waited for, which is one statement alone."""
        self.statements.append(path)
        held = self._held
        if held is None or not held.wanted(path):
            return None
        self._held = None
        return held


class _Connection:
    def __init__(
        self,
        proxy: PostgresProxy,
        client: asyncio.StreamReader,
        to_client: asyncio.StreamWriter,
        server: asyncio.StreamReader,
        to_server: asyncio.StreamWriter,
    ) -> None:
        self._proxy, self._client, self._to_client = proxy, client, to_client
        self._server, self._to_server = server, to_server
        self._path: list[str] = []
        self._swallowed: Held | None = None

    async def forth(self) -> None:
        """Relay what the client sends."""
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            head = await self._client.readexactly(4)
            startup = head + await self._client.readexactly(int.from_bytes(head) - 4)
            self._to_server.write(startup)
            if OPERATOR not in startup:
                await copy(self._client, self._to_server)
                return
            held: Held | None = None
            while True:
                tag = await self._client.readexactly(1)
                size = await self._client.readexactly(4)
                body = await self._client.readexactly(int.from_bytes(size) - 4)
                if tag == b"P":
                    held = self._proxy.is_held(self._statement(body.split(b"\0")[1].decode()))
                    if held is not None and held.when == "before":
                        held.reached.set_result(" > ".join(self._path))
                        await asyncio.Event().wait()
                if held is not None and tag == b"S":
                    self._swallowed = held
                self._to_server.write(tag + size + body)
        self._to_server.close()

    async def back(self) -> None:
        """Relay what the server answers."""
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            while chunk := await self._server.read(_CHUNK):
                if self._swallowed is not None:
                    if b"Z\0\0\0\5" in chunk:
                        self._swallowed.reached.set_result(" > ".join(self._path))
                        await asyncio.Event().wait()
                    continue
                self._to_client.write(chunk)
        self._to_client.close()

    def _statement(self, text: str) -> str:
        """Add a statement to the path of its transaction; one outside of transactions is a path of its own."""
        kind = " ".join(re.sub(r"datamover_[0-9a-f_]+", "", re.sub(r"--.*|\"", "", text)).split()[:4])
        is_inside = self._path[:1] == ["BEGIN"] and self._path[-1] not in {"COMMIT", "ROLLBACK"}
        self._path = [*self._path, kind] if is_inside else [kind]
        return " > ".join(self._path)
