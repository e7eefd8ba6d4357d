"""The routes of the DataSync API v2.1."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Annotated, Final, TypeVar

from fastapi import APIRouter, Path, Request
from pydantic import BaseModel
from starlette.responses import JSONResponse, Response

from datamover_api.http.answers import shown
from datamover_api.http.bodies import BodyLimits, read_body
from datamover_api.sync import openapi
from datamover_api.sync.admission import client_of, standing_of
from datamover_api.sync.paging import cursor_of, page_of
from datamover_api.sync.problems import as_problems
from datamover_api.sync.runs import began
from datamover_api.sync.service import Syncs
from datamover_api.sync.streams import EVENT_STREAM, Streams
from datamover_api.sync.views import Client
from datamover_api.sync.wire import ChangeSync, CreateSync
from datamover_api.sync.wire import read_body as read_wire
from datamover_crds import JsonObject

W = TypeVar("W", bound=BaseModel)
BASE: Final = "/api/v1/sync"
PREFIXES: Final = (BASE,)
_ONE: Final = BASE + "/{sync}"

Sync = Annotated[str, Path(description="The sync's ID.", examples=["sync_abc123xyz789"])]


def sync_routes(syncs: Syncs, streams: Streams, limits: BodyLimits) -> APIRouter:
    """All routes; `limits` bound the bodies."""
    router = APIRouter()
    _add_reading_routes(router, syncs, streams)
    _add_writing_routes(router, syncs, limits)
    return router


def _add_reading_routes(router: APIRouter, syncs: Syncs, streams: Streams) -> None:
    @router.get(BASE, **openapi.LIST)
    async def list_syncs(request: Request) -> Response:
        return shown(await syncs.page(request.query_params, client_of(request)))

    @router.get(_ONE, **openapi.GET)
    async def show(request: Request, sync: Sync) -> Response:
        room, entry = await syncs.find(sync, client_of(request))
        return shown(syncs.views.one(room, entry))

    @router.get(f"{_ONE}/status", **openapi.STATUS)
    async def show_status(request: Request, sync: Sync) -> Response:
        client = client_of(request)
        room, entry = await syncs.find(sync, client)
        if EVENT_STREAM not in request.headers.get("Accept", ""):
            return JSONResponse(syncs.views.status(room, entry))

        look = syncs.views.look(room, entry, client)
        return streams.open(client.name, look, standing_of(request), request.headers.get("Last-Event-ID", ""))

    @router.get(f"{_ONE}/runs", **openapi.RUNS)
    async def show_runs(request: Request, sync: Sync) -> Response:
        return shown(await _runs(syncs, request, sync, client_of(request)))


def _add_writing_routes(router: APIRouter, syncs: Syncs, limits: BodyLimits) -> None:
    @router.post(BASE, **openapi.CREATE)
    async def create(request: Request) -> Response:
        wanted = await _read(CreateSync, request, limits)
        return shown(await syncs.create(wanted, client_of(request)), HTTPStatus.CREATED)

    @router.patch(_ONE, **openapi.CHANGE)
    async def change(request: Request, sync: Sync) -> Response:
        wanted = await _read(ChangeSync, request, limits)
        return shown(await syncs.change(sync, wanted, client_of(request)))

    @router.delete(_ONE, **openapi.DELETE)
    async def delete(request: Request, sync: Sync) -> Response:
        await syncs.delete(sync, client_of(request))
        return Response(status_code=HTTPStatus.NO_CONTENT)


async def _runs(syncs: Syncs, request: Request, sync: str, client: Client) -> bytes:
    with as_problems():
        page = page_of(request.query_params)
    found = await syncs.runs(sync, client)
    if page.after is not None:
        found = [each for each in found if _place(each) < page.after]
    part = found[: page.limit]
    cursor = cursor_of(_place(part[-1])) if len(found) > len(part) else None
    return json.dumps({"items": part, "nextCursor": cursor}, separators=(",", ":")).encode()


def _place(run: JsonObject) -> tuple[str, str]:
    return began(run), str(run["id"])


async def _read(model: type[W], request: Request, limits: BodyLimits) -> W:
    body = await read_body(request, limits)
    with as_problems():
        return read_wire(model, body)
