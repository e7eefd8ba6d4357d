"""Clients that ask before they send a body (RFC 9110, 10.1.1), as S3's SDKs do."""

from __future__ import annotations

import socket
from urllib.parse import urlsplit

from tests.support.emulator import Emulator


def test_a_client_that_asks_first_is_told_to_go_on(emulator: Emulator) -> None:
    endpoint = urlsplit(emulator.endpoint)
    head = (
        f"PUT /bucket/key HTTP/1.1\r\nHost: {endpoint.netloc}\r\nExpect: 100-continue\r\n"
        "Content-Length: 4\r\nConnection: close\r\n\r\n"
    )
    with socket.create_connection((endpoint.hostname, endpoint.port), timeout=30) as connection:
        connection.sendall(head.encode())
        assert connection.recv(64) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(b"body")
        assert connection.recv(64).startswith(b"HTTP/1.1 404")  # there is no such bucket
