"""Whom the DataSync API lets in: `Authorization: Bearer <key>`, and no more often than its limit allows."""

from __future__ import annotations

import time
from http import HTTPStatus
from typing import Final

from fastapi import Request
from starlette.responses import Response

from datamover_api.auth.keys import KeyRing, NamedKey, Standing, holder_of
from datamover_api.http.gate import ANSWER_HEADERS
from datamover_api.metrics import Metrics
from datamover_api.sync.problems import ProblemError, refuse
from datamover_api.sync.rates import Rates
from datamover_api.sync.views import Client

_CLIENT: Final = "datamover.sync.client"
_STANDING: Final = "datamover.sync.standing"
_CHALLENGE: Final = {"WWW-Authenticate": 'Bearer realm="DataSync API"'}


class Admission:
    """Admits requests with a key."""

    def __init__(self, ring: KeyRing[NamedKey], administrators: frozenset[str], rates: Rates, metrics: Metrics) -> None:
        """`administrators` are the names of the keys that see the syncs of all."""
        self._ring = ring
        self._administrators = administrators
        self._rates = rates
        self._metrics = metrics

    async def __call__(self, request: Request) -> Response | None:
        """The answer to a request that must not reach a route."""
        scheme, _, key = request.headers.get("Authorization", "").strip().partition(" ")
        if scheme.lower() != "bearer" or not key.strip():
            return self._refused("send your API key as Authorization: Bearer <key>")
        given = key.strip().encode("latin-1")
        name = holder_of(self._ring.keys, given)
        if name is None:
            return self._refused("the API key is not valid")
        rate = await self._rates.hit(name)
        told = rate.headers(time.time())
        request.scope[ANSWER_HEADERS] = [(each.encode(), value.encode()) for each, value in told]
        if not rate.is_within:
            detail = f"more than {rate.limit} requests in a minute with the key '{name}'"
            return refuse(ProblemError(HTTPStatus.TOO_MANY_REQUESTS, detail))
        request.scope[_CLIENT] = Client(name, name in self._administrators)
        request.scope[_STANDING] = Standing(self._ring, name, given)
        return None

    def _refused(self, detail: str) -> Response:
        self._metrics.token_refused()
        return refuse(ProblemError(HTTPStatus.UNAUTHORIZED, detail, headers=_CHALLENGE))


def client_of(request: Request) -> Client:
    """Who sent a request that was admitted."""
    client = request.scope[_CLIENT]
    assert isinstance(client, Client)  # noqa: S101 - the admission put it there
    return client


def standing_of(request: Request) -> Standing:
    """Whether the key that a request was admitted with is valid still."""
    standing = request.scope[_STANDING]
    assert isinstance(standing, Standing)  # noqa: S101 - the admission put it there
    return standing
