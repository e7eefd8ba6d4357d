"""A TCP way to a server that can be shut and opened again, as when the server dies and comes back."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from concurrent.futures import Future
from typing import Self

from tests.support.waiting import PATIENCE_S

_CHUNK = 65536
_ROUNDS_TO_ACCEPT = 10
"""More rounds of the loop than pass between a connection's acceptance and the first step of its handler."""


class TcpGate:
    """Use as a context manager; shut at first. While shut, connections are refused; shutting resets those there are."""

    def __init__(self, host: str, port: int) -> None:
        self._target = (host, port)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._reserved = socket.socket()
        """Has the port and never listens: while the gate is shut, nobody else gets it."""
        self._reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._reserved.bind(("127.0.0.1", 0))
        self.port: int = self._reserved.getsockname()[1]

    def __enter__(self) -> Self:
        """Be there, shut."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Shut for good."""
        self.shut()
        self._run(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=PATIENCE_S)
        self._loop.close()
        self._reserved.close()

    def open(self) -> None:
        """Let connections through."""
        self._run(self._open())

    def shut(self) -> None:
        """Refuse connections, and reset those there are."""
        self._run(self._shut())

    def _run(self, work: object) -> None:
        done: Future[None] = asyncio.run_coroutine_threadsafe(work, self._loop)  # type: ignore[arg-type] # a coroutine
        done.result(timeout=PATIENCE_S)

    async def _open(self) -> None:
        if self._server is None:
            self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port, reuse_address=True)

    async def _shut(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        for writer in list(self._writers):
            writer.transport.abort()

    async def _end(self) -> None:
        """End what was just being accepted, too, once it has a handler: nobody else would close its socket."""
        await self._shut()
        for _ in range(_ROUNDS_TO_ACCEPT):
            await asyncio.sleep(0)
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        await self._shut()
        await asyncio.sleep(0)  # aborted connections are closed in the loop's next round

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            there, back = await asyncio.open_connection(*self._target)
            self._writers.add(back)
            if self._server is None:  # shut meanwhile
                await self._shut()
            await self._relay(reader, writer, there, back)
            self._writers.discard(back)
        except (OSError, asyncio.CancelledError):
            writer.transport.abort()
        finally:
            self._writers.discard(writer)

    async def _relay(
        self,
        client: asyncio.StreamReader,
        to_client: asyncio.StreamWriter,
        server: asyncio.StreamReader,
        to_server: asyncio.StreamWriter,
    ) -> None:
        """Relay one connection until both directions have ended."""
        await asyncio.gather(copy(client, to_server), copy(server, to_client))


async def copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Relay one direction, and close it at its end."""
    with contextlib.suppress(OSError):
        while chunk := await reader.read(_CHUNK):
            writer.write(chunk)
            await writer.drain()
    writer.close()
