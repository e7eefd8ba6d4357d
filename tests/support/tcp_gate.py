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
_ROUNDS = 10
"""Of the loop: within so many, what was begun has taken its first step, and what was aborted is closed."""


class TcpGate:
    """Use as a context manager; shut at first. While shut, connections are refused; shutting resets those there are.

    It accepts by itself: an asyncio.Server that is closed leaves open what it has just accepted.
    """

    def __init__(self, host: str, port: int) -> None:
        self._target = (host, port)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._listener: socket.socket | None = None
        self._serving: set[asyncio.Task[None]] = set()
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
        if self._listener is None:
            self._listener = socket.create_server(("127.0.0.1", self.port))
            self._listener.setblocking(False)
            self._loop.add_reader(self._listener, self._accept, self._listener)

    async def _shut(self) -> None:
        if self._listener is not None:
            self._loop.remove_reader(self._listener)
            self._listener.close()
            self._listener = None
        for writer in self._writers:
            writer.transport.abort()

    async def _end(self) -> None:
        await _pass_rounds()
        await self._shut()
        for task in self._serving:
            task.cancel()
        await asyncio.gather(*self._serving, return_exceptions=True)
        await _pass_rounds()

    def _accept(self, listener: socket.socket) -> None:
        with contextlib.suppress(BlockingIOError, ConnectionError):
            connection, _ = listener.accept()
            task = self._loop.create_task(self._serve(connection))
            self._serving.add(task)
            task.add_done_callback(self._serving.discard)

    async def _serve(self, connection: socket.socket) -> None:
        connection.setblocking(False)
        ends: list[asyncio.StreamWriter] = []
        try:
            client, to_client = await asyncio.open_connection(sock=connection)
            ends.append(to_client)
            self._writers.add(to_client)
            server, to_server = await asyncio.open_connection(*self._target)
            ends.append(to_server)
            self._writers.add(to_server)
            if self._listener is not None:  # else it has been shut meanwhile
                await self._relay(client, to_client, server, to_server)
                for each in ends:  # what is still to be sent keeps it open
                    await each.wait_closed()
        except (OSError, asyncio.CancelledError):
            pass
        finally:
            for each in ends:
                each.transport.abort()
            self._writers.difference_update(ends)

    async def _relay(
        self,
        client: asyncio.StreamReader,
        to_client: asyncio.StreamWriter,
        server: asyncio.StreamReader,
        to_server: asyncio.StreamWriter,
    ) -> None:
        """Relay one connection until both directions have ended."""
        await asyncio.gather(copy(client, to_server), copy(server, to_client))


async def _pass_rounds() -> None:
    for _ in range(_ROUNDS):
        await asyncio.sleep(0)


async def copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Relay one direction, and close it at its end."""
    with contextlib.suppress(OSError):
        while chunk := await reader.read(_CHUNK):
            writer.write(chunk)
            await writer.drain()
    writer.close()
