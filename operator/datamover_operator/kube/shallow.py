"""Answers of the API server as kopf may read them: its JSON reader ends with the first object that is nested too deep.

One object of one tenant would end the watch of all.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any, Self

import aiohttp

from datamover_common.kube.decoding import decoded, readable

if TYPE_CHECKING:
    from aiohttp.connector import Connection


class ShallowResponse(aiohttp.ClientResponse):
    """An answer without what is nested too deep: a list by `json`, a watch by the chunks of its content."""

    async def start(self, connection: Connection) -> Self:
        """Begin to read the answer."""
        await super().start(connection)
        self.content = _Lines(self.content)  # type: ignore[assignment] # in all other respects it is what it wraps
        return self

    async def json(self, **_: object) -> Any:  # noqa: ANN401 - as in aiohttp
        """Read a whole answer."""
        return decoded(await self.read())


class _Lines:
    """A stream that is read line by line."""

    def __init__(self, content: aiohttp.StreamReader) -> None:
        self._content = content

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - as the stream has it
        return getattr(self._content, name)

    async def iter_chunked(self, size: int) -> AsyncIterator[bytes]:
        """Yield whole lines, a line a chunk."""
        begun: list[bytes] = []
        async for chunk in self._content.iter_chunked(size):
            end, *following = chunk.split(b"\n")
            begun.append(end)
            for start in following:
                yield readable(b"".join(begun)) + b"\n"
                begun = [start]
        if last := b"".join(begun):
            yield readable(last)
