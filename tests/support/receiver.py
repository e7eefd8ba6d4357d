"""A receiver of notifications: an HTTP server on loopback that remembers what it got, and answers as told."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Call:
    """One request."""

    path: str
    headers: Mapping[str, str]
    body: str

    @property
    def event(self) -> dict[str, Any]:
        event: dict[str, Any] = json.loads(self.body)
        return event


@dataclass
class ReceiverServer:
    """`answers` are the statuses of the next answers by path, then 204; what is sent to /hang has no answer."""

    url: str = ""
    calls: list[Call] = field(default_factory=list)
    answers: dict[str, list[int]] = field(default_factory=dict)
    closing: threading.Event = field(default_factory=threading.Event)

    def of(self, path: str) -> list[Call]:
        """What was sent to a path."""
        return [call for call in self.calls if call.path == path]


@contextmanager
def receiving() -> Iterator[ReceiverServer]:
    """Serve until the block is left."""
    state = ReceiverServer()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            state.calls.append(Call(self.path, {key.lower(): value for key, value in self.headers.items()}, body))
            if self.path == "/hang":
                state.closing.wait()
                return
            queued = state.answers.get(self.path, [])
            status = queued.pop(0) if queued else 204
            self.send_response(status)
            if status in {302, 307}:
                self.send_header("Location", f"{state.url}/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Be silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    state.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield state
    finally:
        state.closing.set()
        server.shutdown()
        server.server_close()
        thread.join()
