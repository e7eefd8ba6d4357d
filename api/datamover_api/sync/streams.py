"""A sync's status as server-sent events: one for each change, and heartbeats between them."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Callable
from http import HTTPStatus
from typing import Final

from starlette.responses import StreamingResponse

from datamover_api.sync.problems import ProblemError
from datamover_crds import JsonObject

EVENT_STREAM: Final = "text/event-stream"
_LOOK_S: Final = 0.5
"""How often the mirror is looked at, which is in memory: a change is told within that time."""
_HEARTBEAT_S: Final = 10.0
_MOST_OF_A_KEY: Final = 100
_HEADERS: Final = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}

Look = Callable[[], tuple[str, JsonObject] | None]
"""Gives the version of a sync and its status; None where it is gone."""


class Streams:
    """The streams there are, so many for each key."""

    def __init__(self, ending: asyncio.Event) -> None:
        """End all of them when `ending` is set."""
        self._ending = ending
        self._open: Counter[str] = Counter()

    def open(self, key: str, look: Look, stands: Callable[[], bool], last_event_id: str) -> StreamingResponse:
        """A stream of what `look` finds while the key `stands`, without the event that the client has already.

        Raises:
            ProblemError: the key has too many streams.
        """
        if self._open[key] >= _MOST_OF_A_KEY:
            detail = f"the key '{key}' has {_MOST_OF_A_KEY} streams open: close one first"
            raise ProblemError(HTTPStatus.TOO_MANY_REQUESTS, detail, headers={"Retry-After": "10"})
        events = self._counted(key, look, stands, last_event_id)
        return StreamingResponse(events, headers=_HEADERS, media_type=EVENT_STREAM)

    async def _counted(
        self, key: str, look: Look, stands: Callable[[], bool], last_event_id: str
    ) -> AsyncIterator[str]:
        if self._open[key] >= _MOST_OF_A_KEY:
            return
        self._open[key] += 1
        try:
            async for event in self._events(look, stands, last_event_id):
                yield event
        finally:
            self._open[key] -= 1
            if not self._open[key]:
                del self._open[key]

    async def _events(self, look: Look, stands: Callable[[], bool], known: str) -> AsyncIterator[str]:
        yield "retry: 2000\n\n"
        loop = asyncio.get_running_loop()
        quiet_since, told = loop.time(), ""
        while stands() and not self._ending.is_set():
            seen = look()
            if seen is None:
                yield "event: deleted\ndata: {}\n\n"
                return
            version, status = seen
            text = json.dumps(status, separators=(",", ":"))
            if version != known and text != told:
                known, told, quiet_since = version, text, loop.time()
                yield f"id: {version}\nevent: status\ndata: {text}\n\n"
            elif loop.time() - quiet_since >= _HEARTBEAT_S:
                quiet_since = loop.time()
                yield ": heartbeat\n\n"
            try:
                await asyncio.wait_for(self._ending.wait(), _LOOK_S)
            except TimeoutError:
                continue
