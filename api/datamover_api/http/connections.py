"""Connections: a client that does not send its request's head in time, or without end, loses its connection.

uvicorn itself only bounds how long a connection may rest between requests.
"""

from __future__ import annotations

import asyncio
from typing import Final, Protocol

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_LARGEST_HEAD: Final = 64 * 1024
_TOO_LARGE: Final = b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"


def connections(head_seconds: float) -> type[HttpToolsProtocol]:
    """A protocol for uvicorn that gives each request's head so many seconds, from the first byte or the connection."""

    class Connection(HttpToolsProtocol):
        """One connection."""

        _deadline: asyncio.TimerHandle | None = None
        _head = 0

        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn has it
            super().connection_made(transport)
            self._expect_head()

        def connection_lost(self, exc: Exception | None) -> None:
            self._have_head()
            super().connection_lost(exc)

        def data_received(self, data: bytes) -> None:
            if not self._is_busy():
                self._head += len(data)
                if self._head > _LARGEST_HEAD:
                    self.transport.write(_TOO_LARGE)
                    self.transport.close()
                    return
            super().data_received(data)
            if self._is_busy():
                self._have_head()
            elif self._deadline is None:
                self._expect_head()

        def _is_busy(self) -> bool:
            """Whether a request's head has come, and its answer has not been given yet."""
            cycle: _Cycle | None = self.cycle
            return cycle is not None and not cycle.response_complete

        def _expect_head(self) -> None:
            self._deadline = self.loop.call_later(head_seconds, self.transport.abort)

        def _have_head(self) -> None:
            self._head = 0
            if self._deadline is not None:
                self._deadline.cancel()
                self._deadline = None

    return Connection


class _Cycle(Protocol):
    response_complete: bool
