"""What one documented system is to the service: its paths, who may call them, and the words in which it refuses."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from fastapi import APIRouter, Request
from starlette.responses import Response

from datamover_api.http.answers import RefusalError, text

Admit = Callable[[Request], Awaitable[Response | None]]
"""Gives the answer to a request that no route is to see: it is not allowed, or needs none. None lets it in."""
Refuse = Callable[[RefusalError], Response]


@dataclass(frozen=True, slots=True)
class Facade:
    """One documented system.

    `prefixes` are the beginnings of its paths, `public` those of its paths that need no credentials, `schemes` its
    ways to authenticate as OpenAPI describes them, and `work` what it does all the time beside requests, by name.
    """

    routes: APIRouter
    prefixes: tuple[str, ...]
    public: frozenset[str]
    admit: Admit
    refuse: Refuse
    schemes: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    work: Mapping[str, Callable[[], Coroutine[Any, Any, None]]] = field(default_factory=dict)
    degraded: Callable[[], str] = lambda: ""
    """What does not work at the moment, beside what is served all the same; empty where all is well."""


class Facades:
    """The facades that are served; a path that none of them has is the first one's."""

    def __init__(self, served: Sequence[Facade]) -> None:
        """Serve these."""
        self.served: Final = tuple(served)
        self._by_prefix = sorted(
            ((prefix, f"{prefix}/", facade) for facade in served for prefix in facade.prefixes),
            key=lambda each: -len(each[0]),
        )

    def of(self, path: str) -> Facade:
        """The facade that a path belongs to."""
        for prefix, folder, facade in self._by_prefix:
            if path == prefix or path.startswith(folder):
                return facade
        return self.served[0] if self.served else NOBODYS


async def _nobody(_: Request) -> Response | None:
    return None


def _plainly(error: RefusalError) -> Response:
    return text(error.message, error.status)


NOBODYS: Final = Facade(APIRouter(), (), frozenset(), _nobody, _plainly)
"""What a path belongs to where nothing is served."""
