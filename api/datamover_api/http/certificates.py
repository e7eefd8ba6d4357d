"""Reloads a renewed certificate for new connections, without a restart."""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path
from typing import Final

import structlog

_LOOK_INTERVAL_S: Final = 5.0
_log = structlog.get_logger(__name__)


def tls_context(certificate: Path, key: Path) -> ssl.SSLContext:
    """A server's context. Raises OSError where the files can't be read or don't fit each other."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(certificate, key)
    return context


async def keep_certificate(context: ssl.SSLContext, certificate: Path, key: Path) -> None:
    """Reload the files whenever they change, until cancelled; while they can't be read, the old ones stay in use."""
    loaded = await asyncio.to_thread(_stamp, certificate, key)
    while True:
        await asyncio.sleep(_LOOK_INTERVAL_S)
        found = await asyncio.to_thread(_stamp, certificate, key)
        if found == loaded:
            continue
        try:
            _load(context, certificate, key)
        except OSError as error:
            _log.error("the certificate could not be reloaded; keeping the old one", problem=str(error))
        else:
            _log.info("certificate reloaded")
        loaded = found


def _load(context: ssl.SSLContext, certificate: Path, key: Path) -> None:
    """Raise OSError where the files can't be read or don't fit each other; the context is as before then."""
    # OpenSSL takes a certificate before it looks at the key: a context that has refused a pair serves nobody.
    ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key)
    context.load_cert_chain(certificate, key)


def _stamp(*paths: Path) -> tuple[int, ...]:
    """What changes with the files; 0 for one that is not there."""
    return tuple(path.stat().st_mtime_ns if path.exists() else 0 for path in paths)
