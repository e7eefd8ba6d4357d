"""A plain HTTP way to the API server that writes down what its clients write, holds single requests, and hangs up.

It does for Kubernetes what the emulator's journal and faults do for AWS: an operator that is pointed at it can be
killed before, in and after any of its writes.
"""

from __future__ import annotations

import asyncio
import base64
import json
import re
import socket
import ssl
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self
from weakref import WeakSet

import aiohttp
from aiohttp import web

from tests.support.waiting import PATIENCE_S, eventually, eventually_async

if TYPE_CHECKING:
    import aiohappyeyeballs

Json = dict[str, Any]
Moment = Literal["before", "after"]
Wanted = Callable[["Write"], bool]
Asked = Callable[[web.BaseRequest], bool]
_WRITES = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_NOT_FORWARDED = frozenset({"host", "content-length", "transfer-encoding", "connection", "accept-encoding"})
_LEASES = re.compile(r"/leases(/|$)")


@dataclass(frozen=True)
class Write:
    """A request that changes something; `path` has no query."""

    method: str
    path: str
    body: Json

    def __str__(self) -> str:
        return f"{self.method} {self.path} {json.dumps(self.body)}"


@dataclass(eq=False)
class Hold:
    """The first write that is `wanted` waits, before or after its effect, until it is released."""

    wanted: Wanted
    moment: Moment
    write: Write | None = None
    taken: Future[Write] = field(default_factory=Future)
    outcome: Future[bool] = field(default_factory=Future)

    def wait_held(self, timeout: float = PATIENCE_S) -> Write:
        """Wait until a write waits here: before its effect, or after it."""
        eventually(self.taken.done, timeout, what="a write to the API server is held")
        return self.taken.result()

    def release(self, *, drop: bool = False) -> None:
        """Let it go on; with `drop` its connection closes without an answer (and before the effect, if not yet)."""
        if not self.outcome.done():
            self.outcome.set_result(drop)

    def takes(self, write: Write) -> bool:
        """Whether this write is the one."""
        if self.write is not None or self.outcome.done() or not self.wanted(write):
            return False
        self.write = write
        return True

    async def is_dropped(self) -> bool:
        """Hold the write that was taken until the release."""
        assert self.write is not None
        self.taken.set_result(self.write)
        return await asyncio.wrap_future(self.outcome)


class ApiProxy:
    """Use as a context manager; `kubeconfig` leads through it."""

    def __init__(self, kubeconfig: Path, folder: Path) -> None:
        """Lead to the API server of `kubeconfig`; write the new kubeconfig into `folder`."""
        self._config = json.loads(kubeconfig.read_text())
        self.kubeconfig = folder / "proxied-kubeconfig"
        self.writes: list[Write] = []
        self.forbidden: list[str] = []
        """The requests that the API server has refused for lack of a right."""
        self._holds: list[Hold] = []
        self._hanging = re.compile("(?!)")
        self._recovered = asyncio.Event()
        self._refusals: list[tuple[Asked, int]] = []
        self._streams: list[tuple[web.BaseRequest, aiohttp.ClientResponse]] = []
        self._sockets: WeakSet[socket.socket] = WeakSet()
        self._loop = asyncio.new_event_loop()
        self._ready: Future[int] = Future()
        self._stop = asyncio.Event()
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=[self._serve()], daemon=True)

    def __enter__(self) -> Self:
        """Serve on a free port."""
        self._thread.start()
        server = {"name": "proxy", "cluster": {"server": f"http://127.0.0.1:{self._ready.result(timeout=PATIENCE_S)}"}}
        context = {"name": "proxy", "context": {"cluster": "proxy", "user": self._config["users"][0]["name"]}}
        changed = {"clusters": [server], "contexts": [context], "current-context": "proxy"}
        self.kubeconfig.write_text(json.dumps(self._config | changed))
        return self

    def __exit__(self, *_: object) -> None:
        """Let everything go that is held, and end."""
        for hold in self._holds:
            hold.release(drop=True)
        self.recover()
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(timeout=PATIENCE_S)
        self._loop.close()

    def hold(self, wanted: Wanted, moment: Moment = "before") -> Hold:
        """Hold the first write that is `wanted`."""
        hold = Hold(wanted, moment)
        self._holds.append(hold)
        return hold

    def hang(self, wanted: str = "") -> None:
        """From now on let nothing through for requests whose path and query match, until `recover`."""
        self._hanging = re.compile(wanted)

    def refuse(self, asked: Asked, status: int) -> None:
        """From now on answer such requests with an HTTP status of ours, until `recover`."""
        self._refusals.append((asked, status))

    def recover(self) -> None:
        """Let everything through again, also what has waited."""
        self._refusals = []
        self._hanging = re.compile("(?!)")
        self._loop.call_soon_threadsafe(self._let_through)

    def hang_up(self) -> int:
        """Close every watch; returns how many there were."""
        return asyncio.run_coroutine_threadsafe(self._hang_up(), self._loop).result(timeout=PATIENCE_S)

    @property
    def watches(self) -> int:
        """How many watches are open now."""
        return len(self._streams)

    async def _serve(self) -> None:
        cluster = self._config["clusters"][0]["cluster"]
        authority = base64.b64decode(cluster["certificate-authority-data"]).decode()
        connector = aiohttp.TCPConnector(
            ssl=ssl.create_default_context(cadata=authority), limit=0, socket_factory=self._socket
        )
        async with aiohttp.ClientSession(cluster["server"], connector=connector, auto_decompress=False) as session:

            async def forward(request: web.BaseRequest) -> web.StreamResponse:
                return await self._forward(session, request)

            runner = web.ServerRunner(web.Server(forward, access_log=None), shutdown_timeout=0.1)
            await runner.setup()
            try:
                site = web.TCPSite(runner, "127.0.0.1", 0)
                await site.start()
                self._ready.set_result(runner.addresses[0][1])
                await self._stop.wait()
            finally:
                await self._hang_up()
                await runner.cleanup()
                others = asyncio.all_tasks() - {asyncio.current_task()}
                for task in others:
                    task.cancel()
                await asyncio.gather(*others, return_exceptions=True)
        # TLS takes leave of its peer in the background.
        await eventually_async(self._has_closed, what="the connections to the API server are closed")

    async def _has_closed(self) -> bool:
        return all(each.fileno() < 0 for each in self._sockets)

    def _socket(self, address: aiohappyeyeballs.AddrInfoType) -> socket.socket:
        family, kind, protocol, *_ = address
        made = socket.socket(family, kind, protocol)
        self._sockets.add(made)
        return made

    async def _forward(self, session: aiohttp.ClientSession, request: web.BaseRequest) -> web.StreamResponse:
        body = await request.read()
        await self._pass(request)
        if refusal := next((status for asked, status in self._refusals if asked(request)), None):
            return web.json_response({"kind": "Status", "code": refusal, "message": "refused"}, status=refusal)
        hold = self._note(request, body)
        if hold is not None and hold.moment == "before" and await hold.is_dropped():
            return _hung_up(request)
        headers = {name: value for name, value in request.headers.items() if name.lower() not in _NOT_FORWARDED}
        headers["Accept-Encoding"] = "identity"  # what is passed on has to be as it came
        timeout = aiohttp.ClientTimeout(total=None)
        async with session.request(
            request.method, request.rel_url, data=body or None, headers=headers, timeout=timeout
        ) as answer:
            if answer.status == web.HTTPForbidden.status_code:
                self.forbidden.append(f"{request.method} {request.path_qs}")
            if request.query.get("watch") == "true":
                return await self._stream(request, answer)
            content = await answer.read()
        if hold is not None and hold.moment == "after" and await hold.is_dropped():
            return _hung_up(request)
        return web.Response(status=answer.status, body=content, headers=_passed_on(answer))

    def _note(self, request: web.BaseRequest, body: bytes) -> Hold | None:
        if request.method not in _WRITES or _LEASES.search(request.path):
            return None
        write = Write(request.method, request.path, json.loads(body or b"{}"))
        self.writes.append(write)
        return next((hold for hold in self._holds if hold.takes(write)), None)

    async def _pass(self, request: web.BaseRequest) -> None:
        while self._hanging.search(request.path_qs):
            await self._recovered.wait()

    def _let_through(self) -> None:
        self._recovered.set()
        self._recovered = asyncio.Event()

    async def _stream(self, request: web.BaseRequest, answer: aiohttp.ClientResponse) -> web.StreamResponse:
        response = web.StreamResponse(status=answer.status, headers=_passed_on(answer))
        await response.prepare(request)
        self._streams.append((request, answer))
        try:
            async for chunk in answer.content.iter_any():
                await self._pass(request)
                await response.write(chunk)
        except (OSError, aiohttp.ClientError):
            pass
        finally:
            self._streams = [each for each in self._streams if each[0] is not request]
        return response

    async def _hang_up(self) -> int:
        streams = list(self._streams)
        for request, answer in streams:
            _hung_up(request)
            answer.close()
        return len(streams)


def status_of(write: Write) -> Json:
    """The status that a write sets; {} where it sets none."""
    status = write.body.get("status")
    return status if isinstance(status, dict) else {}


def _passed_on(answer: aiohttp.ClientResponse) -> dict[str, str]:
    return {name: value for name, value in answer.headers.items() if name.lower() in {"content-type", "warning"}}


def _hung_up(request: web.BaseRequest) -> web.Response:
    if request.transport is not None:
        request.transport.abort()
    return web.Response()
