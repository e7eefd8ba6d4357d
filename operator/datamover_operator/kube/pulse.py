"""Checks whether the API server answers: a connection to one that hangs looks like a quiet one."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Protocol, TypeVar

import structlog

from datamover_common.kube.client import KubeClient
from datamover_common.kube.errors import KubeError

_SUBJECT = "the API server"
_INTERVAL = 5.0
_PATIENCE = 5.0
_SERVER_ERROR = 500
_RETRY = 2.0
T = TypeVar("T")
_log = structlog.get_logger(__name__)


class Listener(Protocol):
    """Learns whether the API server answers."""

    def reached(self, what: str) -> None:
        """It answers."""

    def lost(self, what: str, reason: str) -> None:
        """It does not, or says that it can't serve."""


async def feel_forever(client: KubeClient, listener: Listener) -> None:
    """Ask the API server every few seconds for its own readiness, and tell `listener`."""
    while True:
        problem = await _problem(client)
        if problem:
            listener.lost(_SUBJECT, problem)
        else:
            listener.reached(_SUBJECT)
        await asyncio.sleep(_INTERVAL)


async def when_it_serves(ask: Callable[[], Awaitable[T]]) -> T:
    """Ask until the API server is there to answer, however long that takes. Raises KubeError for a refusal."""
    while True:
        try:
            return await ask()
        except KubeError as error:
            if not error.is_away:
                raise
            _log.warning("the API server can't be asked; waiting for it", error=str(error))
        await asyncio.sleep(_RETRY)


async def _problem(client: KubeClient) -> str:
    """Why it does not serve, or an empty string. A refusal to tell us counts as an answer."""
    try:
        async with asyncio.timeout(_PATIENCE):
            await client.check_ready()
    except TimeoutError:
        return f"no answer within {_PATIENCE:g} s"
    except KubeError as error:
        is_answer = 0 < error.status < _SERVER_ERROR
        return "" if is_answer else f"{error.status or 'no connection'} {error.reason}".strip()
    return ""
