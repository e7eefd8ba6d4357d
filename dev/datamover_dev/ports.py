"""Free ports on the loopback interface."""

from __future__ import annotations

import socket
from collections.abc import Callable
from types import TracebackType
from typing import Final, Self, TypeVar

from datamover_dev.errors import SetupError

T = TypeVar("T")
_TRIES: Final = 5
"""Somebody else may take the port between our choosing it and a program's start."""


def on_a_free_port(start: Callable[[int], T]) -> T:
    """Start a program that can't be handed a port that is held for it.

    Raises:
        SetupError: `start` has failed with it, each time.
    """
    for left in reversed(range(_TRIES)):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        try:
            return start(port)
        except SetupError:
            if not left:
                raise
    raise AssertionError("unreachable")


class ReservedPort:
    """A free loopback port that nobody else is given while it is held.

    The socket is bound with SO_REUSEPORT and never listens, so a program that sets the option too (kube-apiserver
    --permit-port-sharing, etcd --socket-reuse-port) can take the port over without a moment in which it is free.
    """

    def __init__(self) -> None:
        """Bind to a port that nobody has.

        With SO_REUSEPORT the kernel may choose one that another such socket has, so it is asked without it first.
        """
        with socket.socket() as unshared:
            unshared.bind(("127.0.0.1", 0))
            self.number: int = unshared.getsockname()[1]
        self._socket = socket.socket()
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        self._socket.bind(("127.0.0.1", self.number))

    def __enter__(self) -> Self:
        """Hold the port."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Let go of the port; by now the program has it."""
        self._socket.close()
