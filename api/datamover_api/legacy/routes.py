"""The routes of the older service."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Final

from fastapi import APIRouter, Path, Request
from starlette.responses import JSONResponse, Response

from datamover_api.http.answers import ANY_ORIGIN, RefusalError, shown, text
from datamover_api.http.bodies import BodyLimits, read_body
from datamover_api.http.health import show_metrics
from datamover_api.legacy import openapi
from datamover_api.legacy.decoding import DecodingError, W, decode
from datamover_api.legacy.service import Service
from datamover_api.legacy.wire import CreateMover, SetState
from datamover_api.metrics import Metrics
from datamover_api.mirror.keys import MoverKey
from datamover_api.mirror.place import Listing

BASE: Final = "/v1/datasync"
TEST: Final = "/v1/test"
PREFIXES: Final = (BASE, TEST)
PUBLIC: Final = frozenset(f"{base}/{leaf}" for base in (BASE, TEST) for leaf in ("ping", "version", "metrics"))
"""The paths that need no token."""
_MOVERS: Final = BASE + "/{account}/movers"
_GROUP: Final = _MOVERS + "/{group}"
_MOVER: Final = _GROUP + "/{name}"
_RUNS: Final = _MOVER + "/runs"


Account = Annotated[str, Path(description="The 12-digit ID of the AWS account.", examples=["123456789012"])]
Group = Annotated[str, Path(description="The group that the mover belongs to.", examples=["abc-123"])]
Name = Annotated[str, Path(description="The mover's name.", examples=["best-effort-datasync-01"])]
Run = Annotated[str, Path(description="The ID of the task execution.", examples=["exec-086d6c629a6bf3581"])]


def legacy_routes(service: Service, limits: BodyLimits, metrics: Metrics, version: Mapping[str, str]) -> APIRouter:
    """All routes: `limits` bound the bodies, `version` is what the version route shows."""
    router = APIRouter()
    _add_reading_routes(router, service)
    _add_writing_routes(router, service, limits)
    for base in (BASE, TEST):
        _add_public_routes(router, base, metrics, version)
    return router


def _add_public_routes(router: APIRouter, base: str, metrics: Metrics, version: Mapping[str, str]) -> None:
    @router.get(f"{base}/ping", **openapi.PING)
    async def ping() -> Response:
        return text("pong", headers=ANY_ORIGIN)

    @router.get(f"{base}/version", **openapi.VERSION)
    async def show_version() -> Response:
        return JSONResponse(dict(version), headers=ANY_ORIGIN)

    @router.get(f"{base}/metrics", **openapi.METRICS)
    async def metrics_() -> Response:
        return await show_metrics(metrics)


def _add_reading_routes(router: APIRouter, service: Service) -> None:
    @router.get(f"{BASE}/flywheel", **openapi.FLYWHEEL)
    async def flywheel(request: Request) -> Response:
        ids = request.query_params.getlist("task")
        return JSONResponse(await service.flywheel(ids)) if ids else Response(status_code=400)

    @router.get(_MOVERS, **openapi.LIST)
    async def list_movers(account: Account) -> Response:
        return _list(await service.listing(account))

    @router.get(_GROUP, **openapi.LIST_GROUP)
    async def list_group(account: Account, group: Group) -> Response:
        return _list(await service.listing_of(account, group))

    @router.get(_MOVER, **openapi.SHOW)
    async def show(account: Account, group: Group, name: Name) -> Response:
        return shown(await service.show(account, MoverKey(group, name)))

    @router.get(_RUNS, **openapi.LIST_RUNS)
    async def list_runs(account: Account, group: Group, name: Name) -> Response:
        return shown(await service.run_ids(account, MoverKey(group, name)))

    @router.get(_RUNS + "/{run}", **openapi.SHOW_RUN)
    async def show_run(account: Account, group: Group, name: Name, run: Run) -> Response:
        return shown(await service.run(account, MoverKey(group, name), run))


def _add_writing_routes(router: APIRouter, service: Service, limits: BodyLimits) -> None:
    @router.post(_GROUP, **openapi.CREATE)
    async def create(request: Request, account: Account, group: Group) -> Response:
        await service.check_account(account)
        wanted = await _decoded(CreateMover, request, limits, "create data mover input")
        task = await service.create(account, group, wanted)
        return Response(status_code=202, headers={"X-Flywheel-Task": task, "Content-Type": "application/json"})

    @router.put(_MOVER, **openapi.SET_STATE)
    async def set_state(request: Request, account: Account, group: Group, name: Name) -> Response:
        wanted = await _decoded(SetState, request, limits, "update data mover input")
        execution = await service.set_state(account, MoverKey(group, name), wanted)
        return Response(status_code=204) if execution is None else JSONResponse(execution)

    @router.delete(_MOVER, **openapi.DELETE)
    async def delete(account: Account, group: Group, name: Name) -> Response:
        await service.delete(account, MoverKey(group, name))
        return Response(status_code=204)


def _list(listing: Listing) -> Response:
    return shown(listing.document, headers={"X-Items": str(listing.count)})


async def _decoded(model: type[W], request: Request, limits: BodyLimits, what: str) -> W:
    body = await read_body(request, limits)
    try:
        return decode(model, body)
    except DecodingError as error:
        raise RefusalError(400, f"cannot decode body into {what}: {error}") from None
