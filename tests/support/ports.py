"""Ports for servers that can neither be handed a bound socket nor choose a port themselves."""

from __future__ import annotations

import secrets
import socket

_BELOW_EPHEMERAL = range(20_000, 30_000)


def unshared_port() -> int:
    """Return a free loopback port that the kernel gives nobody who asks for any port: those begin at 32768.

    Raises OSError where ten ports in a row are taken.
    """
    for _ in range(9):
        try:
            return _free(secrets.choice(_BELOW_EPHEMERAL))
        except OSError:
            continue
    return _free(secrets.choice(_BELOW_EPHEMERAL))


def _free(port: int) -> int:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(("127.0.0.1", port))
    return port
