"""The server: uvicorn with connections of our own, its socket, and how it ends."""

from __future__ import annotations

import asyncio
import resource
import signal
import socket
import ssl
from types import FrameType
from typing import Final

import structlog
import uvicorn
from starlette.types import ASGIApp

from datamover_api.http.connections import Patience, connections
from datamover_api.http.crowd import Crowd
from datamover_api.http.peers import is_within, networks
from datamover_api.settings import Settings
from datamover_common.tasks import Background

_BACKLOG: Final = 2048
_OTHER_FILES: Final = 128
"""So many files the service may have open beside its clients' connections."""
_log = structlog.get_logger(__name__)


def crowd_of(settings: Settings) -> Crowd:
    """Who is let in. The system may allow fewer open files than that needs: they are asked for, as far as they go."""
    proxies = networks(settings.trusted_proxies)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = settings.most_connections + _OTHER_FILES
    if hard != resource.RLIM_INFINITY:
        wanted = min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    most = wanted - _OTHER_FILES
    if most < settings.most_connections:
        _log.warning("the system allows fewer connections than most_connections", most=most, open_files=hard)
    return Crowd(most, settings.most_connections_per_address, lambda host: is_within(host, proxies))


def uvicorn_config(app: ASGIApp, settings: Settings, crowd: Crowd, tls: ssl.SSLContext | None) -> uvicorn.Config:
    """What uvicorn needs."""
    patience = Patience(settings.head_timeout_seconds, settings.write_timeout_seconds)
    return uvicorn.Config(
        app,
        http=connections(patience, crowd, tls),
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        forwarded_allow_ips=settings.trusted_proxies,
        timeout_keep_alive=settings.keep_alive_seconds,
        timeout_graceful_shutdown=settings.shutdown_grace_seconds,
    )


class _Server(uvicorn.Server):
    """A server that tells when its end has been asked for: an answer that has no end of its own must end then."""

    ending: asyncio.Event

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """A signal has come."""
        self.ending.set()
        super().handle_exit(sig, frame)


async def serve_until_told(
    config: uvicorn.Config, listener: socket.socket, background: Background, ending: asyncio.Event
) -> None:
    """Serve until a signal comes or a task fails, set `ending`, then let requests in flight end."""
    # uvicorn raises the signals that it was told by once more when it is done: they are for nobody then.
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, _nobody)
    server = _Server(config)
    server.ending = ending

    def stop() -> None:
        ending.set()
        server.should_exit = True

    background.on_end(stop)
    await server.serve(sockets=[listener])


def _nobody() -> None:
    return


def bound(host: str, port: int) -> socket.socket:
    """A listening socket; port 0: any free one. Raises OSError."""
    family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
    listener = socket.create_server(address[:2], family=family, backlog=_BACKLOG)
    # Its connections inherit this. Without it an answer's body waits for the client's delayed acknowledgement: 40 ms.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener
