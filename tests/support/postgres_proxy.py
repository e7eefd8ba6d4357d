"""A TCP way to a PostgreSQL server that sees the operator's statements, and can hold one before or after its effect.

Without TLS: the operator's connections are told by their application_name, all others are relayed as they are.
Messages: https://www.postgresql.org/docs/current/protocol-message-formats.html.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Literal, Self

OPERATOR = b"datamover-operator"
When = Literal["before", "after"]
_CHUNK = 65536


@dataclass
class Held:
    """The statement that is being waited for: `reached` has its path, once it is held."""

    wanted: Callable[[str], bool]
    when: When
    reached: Future[str] = field(default_factory=Future)


class PostgresProxy:
    """Use as a context manager. `shut` refuses connections and resets those there are, `open` lets them in again."""

    def __init__(self, host: str, port: int) -> None:
        self._target = (host, port)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._held: Held | None = None
        self.statements: list[str] = []
        self.port = 0

    def __enter__(self) -> Self:
        self._thread.start()
        self._run(self._open())
        return self

    def __exit__(self, *_: object) -> None:
        self._run(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=10)
        self._loop.close()

    def hold(self, wanted: Callable[[str], bool], when: When) -> Future[str]:
        """Hold the operator's next statement whose path is wanted; the future tells it once it is held.

        A path is what the statement and those before it in its transaction begin with.
        """
        self._held = Held(wanted, when)
        return self._held.reached

    def open(self) -> None:
        self._run(self._open())

    def shut(self) -> None:
        self._run(self._shut())

    def _run(self, work: object) -> None:
        done: Future[None] = asyncio.run_coroutine_threadsafe(work, self._loop)  # type: ignore[arg-type] # a coroutine
        done.result(timeout=10)

    async def _open(self) -> None:
        if self._server is None:
            self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port, reuse_address=True)
            self.port = self._server.sockets[0].getsockname()[1]

    async def _shut(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        for writer in list(self._writers):
            writer.transport.abort()

    async def _end(self) -> None:
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        await self._shut()
        await asyncio.sleep(0)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            there, back = await asyncio.open_connection(*self._target)
            self._writers.add(back)
            connection = _Connection(self, reader, writer, there, back)
            await asyncio.gather(connection.forth(), connection.back())
            self._writers.discard(back)
        except (OSError, asyncio.CancelledError, asyncio.IncompleteReadError):
            writer.transport.abort()
        finally:
            self._writers.discard(writer)

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
                await _relay(self._client, self._to_server)
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


async def _relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while chunk := await reader.read(_CHUNK):
        writer.write(chunk)
        await writer.drain()
    writer.close()
