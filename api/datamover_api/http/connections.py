"""Connections: a client that does not send its request's head in time, or without end, loses its connection.

uvicorn itself only bounds how long a connection may rest between requests.
"""

from __future__ import annotations

import asyncio
from typing import ClassVar, Final, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

_LARGEST_HEAD: Final = 64 * 1024
_TOO_LARGE: Final = b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"


class Connection(HttpToolsProtocol):
    """One connection; `head_seconds` is the time for a head, from its first byte or the connection on."""

    head_seconds: ClassVar = 10.0
    _deadline: asyncio.TimerHandle | None = None
    _head = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn has it
        """Expect the first request."""
        super().connection_made(transport)
        self._expect_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Expect nothing any more."""
        self._have_head()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read what has come, and see whether it made a whole head."""
        super().data_received(data)
        if self._is_busy():
            self._have_head()
            return
        if self._deadline is None:
            self._expect_head()
        self._head += len(data)
        if self._head > _LARGEST_HEAD:
            self._give_up()

    def _is_busy(self) -> bool:
        """Whether a request's head has come, and its answer has not been given yet."""
        return (cycle := self._cycle()) is not None and not cycle.response_complete

    def _cycle(self) -> RequestResponseCycle | None:
        """The last request; uvicorn has None before the first one, whatever its annotation says."""
        return cast("RequestResponseCycle | None", self.cycle)

    def _expect_head(self) -> None:
        self._deadline = self.loop.call_later(self.head_seconds, self.transport.abort)

    def _have_head(self) -> None:
        self._head = 0
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _give_up(self) -> None:
        """End the connection; what comes after an answered request may be the rest of its body, and no head."""
        if self._cycle() is None:
            self.transport.write(_TOO_LARGE)
        self.transport.close()


def connections(head_seconds: float) -> type[Connection]:
    """The protocol for uvicorn that gives each request's head so many seconds."""
    return type("Connection", (Connection,), {"head_seconds": head_seconds})
