"""One connection's limits: what it may send and how fast, and how long its answers may wait to be read.

uvicorn itself only bounds how long a connection may rest between requests.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import struct
from contextlib import suppress
from dataclasses import dataclass
from typing import ClassVar, Final, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from datamover_api.http.crowd import Crowd

_LARGEST_HEAD: Final = 64 * 1024
_MOST_PIPELINED: Final = 8
"""So many whole requests may wait behind the one that is being answered: each takes more memory than it has bytes."""
_SEPARATORS: Final = 4
_AT_ONCE: Final = struct.pack("ii", 1, 0)
"""struct linger: on, for no time."""
_TOO_LARGE: Final = b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a head may take to arrive, TLS included, and an answer to be read; in seconds."""

    head: float
    write: float


class Connection(HttpToolsProtocol):
    """One connection. A head's time counts from its first byte on, or the connection's beginning."""

    patience: ClassVar[Patience]
    crowd: ClassVar[Crowd]
    tls: ClassVar[ssl.SSLContext | None]
    _raw: asyncio.Transport
    _deadline: asyncio.TimerHandle | None = None
    _unread_since: float | None = None
    _securing: asyncio.Task[None] | None = None
    _early = b""
    _is_lost = False
    _head = 0
    _has_crossed = False
    _has_given_up = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn has it
        """Find a place for it, and expect the first request."""
        peer = transport.get_extra_info("peername")
        self._raw = transport
        if not self.crowd.admit(self, str(peer[0]) if peer else ""):
            transport.abort()
            return
        self._expect_head()
        if self.tls is None:
            super().connection_made(transport)
        else:
            transport.pause_reading()
            self._securing = self.loop.create_task(self._secure(transport, self.tls), name="tls")

    async def _secure(self, transport: asyncio.Transport, tls: ssl.SSLContext) -> None:
        """Shake hands under the same limits as everything else: asyncio's own server counts nobody until then."""
        try:
            secured = await self.loop.start_tls(transport, self, tls, server_side=True)
        except OSError:
            secured = None
        if secured is None or self._is_lost:
            self.connection_lost(None)
            transport.abort()
            return
        super().connection_made(secured)
        if self._early:
            self.data_received(self._early)

    def connection_lost(self, exc: Exception | None) -> None:
        """Expect nothing any more."""
        self._is_lost = True
        self.crowd.leave(self)
        self._stop_head_deadline()
        if self._has_begun():
            super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read what has come, and see whether it made a whole head."""
        if not self._has_begun():
            self._early += data
            return
        self._has_crossed = False
        super().data_received(data)
        if self._has_crossed:
            self._head = 0  # what has come of the next head is at most one read
        else:  # a head, or what may come with a body: extensions of its chunks, and fields after it
            self._head += len(data)
        if self._head > _LARGEST_HEAD:
            self._give_up()
        elif self._is_busy():
            self._stop_head_deadline()
        elif self._deadline is None:
            self._expect_head()

    def on_headers_complete(self) -> None:
        """A whole head has come."""
        self._has_crossed = True
        size = len(self.url) + sum(len(name) + len(value) + _SEPARATORS for name, value in self.headers)
        if size > _LARGEST_HEAD or len(self.pipeline) >= _MOST_PIPELINED:
            self._give_up()
        if not self._has_given_up:
            super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """A part of a body has come."""
        if not self._has_given_up:
            self._has_crossed = self._has_crossed or self._is_busy()
            super().on_body(body)

    def on_message_complete(self) -> None:
        """A whole request has come."""
        self._has_crossed = True
        if not self._has_given_up:
            super().on_message_complete()

    def look(self, now: float) -> None:
        """End it where its answers have waited too long to be read."""
        if self._raw.get_write_buffer_size() == 0:
            self._unread_since = None
        elif self._unread_since is None:
            self._unread_since = now
        elif now - self._unread_since > self.patience.write:
            self.dismiss()

    @property
    def is_idle(self) -> bool:
        """Whether nobody loses an answer by its end: it is between requests, or does not read what it asked for."""
        return not self._has_begun() or not self._is_busy() or self._unread_since is not None

    def dismiss(self) -> None:
        """End it at once; the system, too, forgets what was still to be sent."""
        with suppress(OSError):  # it is closed already
            self._raw.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
        self._raw.abort()

    def _has_begun(self) -> bool:
        """Whether HTTP is spoken: uvicorn has no transport before, whatever its annotation says."""
        return cast("asyncio.Transport | None", self.transport) is not None

    def _is_busy(self) -> bool:
        """Whether a request's head has come, and its answer has not been given yet."""
        return (cycle := self._cycle()) is not None and not cycle.response_complete

    def _cycle(self) -> RequestResponseCycle | None:
        """The last request; uvicorn has None before the first one, whatever its annotation says."""
        return cast("RequestResponseCycle | None", self.cycle)

    def _expect_head(self) -> None:
        self._deadline = self.loop.call_later(self.patience.head, self.dismiss)

    def _stop_head_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _give_up(self) -> None:
        """End the connection; what comes after a request may be the rest of its body, and no head."""
        if not self._has_given_up and self._cycle() is None:
            self.transport.write(_TOO_LARGE)
        self._has_given_up = True
        self.transport.close()


def connections(patience: Patience, crowd: Crowd, tls: ssl.SSLContext | None) -> type[Connection]:
    """The protocol for uvicorn with these limits; with `tls` all of it is HTTPS."""
    return type("Connection", (Connection,), {"patience": patience, "crowd": crowd, "tls": tls})
