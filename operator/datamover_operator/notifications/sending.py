"""Sends webhooks over HTTP: to hosts that the setting allows, at addresses that were checked, without redirects."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Mapping
from types import TracebackType
from typing import Final, Self
from urllib.parse import urlsplit

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from datamover_common.hosts import ForbiddenHostError, HostPolicy, UnknownHostError, resolve
from datamover_operator.notifications.plan.deliveries import Outcome

_AT_ONCE: Final = 64
_AT_ONE_HOST: Final = 8
_GONE: Final = 410
_OK: Final = range(200, 300)
_REDIRECTS: Final = range(300, 400)


class _CheckedResolver(AbstractResolver):
    """Gives only addresses that may be connected to, at the moment of connecting."""

    def __init__(self, policy: HostPolicy) -> None:
        self._policy = policy

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Raises OSError where the host is unknown, ForbiddenHostError where it may not be connected to."""
        self._policy.check_name(host)
        addresses = await resolve(host, port)
        self._policy.check_addresses(host, addresses)
        wanted = [each for each in addresses if family in {socket.AF_UNSPEC, _family(each.version)}]
        return [
            ResolveResult(
                hostname=host,
                host=str(address),
                port=port,
                family=_family(address.version),
                proto=socket.IPPROTO_TCP,
                flags=socket.AI_NUMERICHOST,
            )
            for address in wanted
        ]

    async def close(self) -> None:
        """Hold nothing."""


class WebhookSender:
    """Sends; a context manager. A receiver that hangs has eight connections at most, and holds up no other."""

    def __init__(self, policy: HostPolicy) -> None:
        """`policy` says which hosts may be connected to."""
        self._policy = policy
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        connector = aiohttp.TCPConnector(
            resolver=_CheckedResolver(self._policy),
            use_dns_cache=False,
            limit=_AT_ONCE,
            limit_per_host=_AT_ONE_HOST,
            force_close=True,
        )
        self._session = aiohttp.ClientSession(connector=connector, trust_env=False, cookie_jar=aiohttp.DummyCookieJar())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._session is not None:
            await self._session.close()

    async def post(self, url: str, body: str, headers: Mapping[str, str], seconds: float) -> Outcome:
        """POST once, and tell what came of it. The URL, which may be secret, is in no message."""
        assert self._session is not None  # noqa: S101 - the context is open
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            return Outcome("the URL is none that begins with http:// or https://", is_final=True)
        try:
            self._policy.check_name(parts.hostname)  # aiohttp asks no resolver for IP addresses
            async with (
                asyncio.timeout(seconds),
                self._session.post(url, data=body.encode(), headers=dict(headers), allow_redirects=False) as response,
            ):
                return _outcome(response.status)
        except ForbiddenHostError as error:
            return Outcome(str(error), is_final=True)
        except TimeoutError:
            return Outcome(f"the receiver did not answer within {seconds:g} s")
        except (UnknownHostError, aiohttp.ClientConnectorDNSError):
            return Outcome(f"host '{parts.hostname}' can't be resolved")
        except (aiohttp.ClientError, OSError, ValueError) as error:
            return Outcome(f"could not be sent: {type(error).__name__}")


def _outcome(status: int) -> Outcome:
    if status in _OK:
        return Outcome()
    if status == _GONE:
        return Outcome("the receiver answered HTTP 410: it is gone for good", is_final=True)
    if status in _REDIRECTS:
        return Outcome(f"the receiver answered HTTP {status}; redirects are not followed")
    return Outcome(f"the receiver answered HTTP {status}")


def _family(version: int) -> socket.AddressFamily:
    return socket.AF_INET if version == 4 else socket.AF_INET6  # noqa: PLR2004 - IP's version
