"""The routes of Label Studio's storage API: list and create are served with and without a slash at the end."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated, Final

from fastapi import APIRouter, Path, Request
from starlette.convertors import Convertor, register_url_convertor
from starlette.responses import JSONResponse, Response

from datamover_api.auth.keys import KeyRing, NamedKey
from datamover_api.http.answers import RefusalError, shown
from datamover_api.http.bodies import BodyLimits
from datamover_api.labelstudio import openapi
from datamover_api.labelstudio.admission import access_token
from datamover_api.labelstudio.bodies import read_members
from datamover_api.labelstudio.members import new_members
from datamover_api.labelstudio.refusals import (
    NO_PROJECT,
    NOT_FOUND,
    MembersRefusedError,
    UnauthorizedError,
    in_its_words,
    refused,
)
from datamover_api.labelstudio.service import Storages

BASE: Final = "/api/storages"
_REFRESH: Final = "/api/token/refresh"
PREFIXES: Final = (BASE, _REFRESH)
PUBLIC: Final = frozenset({_REFRESH, f"{_REFRESH}/"})
"""The paths that need no key."""
_S3: Final = f"{BASE}/s3"
_ONE: Final = _S3 + "/{storage:number}"
_UNSERVED: Final = {
    f"{_S3}/files": "The files of a bucket are not listed: this service has no access to buckets.",
    f"{_S3}/form": "There are no forms: this service has no user interface.",
}
_NUMBER: Final = re.compile("[0-9]{1,18}")


class _Numbers(Convertor[str]):
    """Digits in a path: an id must not take `validate` for one. They stay a text, however long."""

    regex = "[0-9]+"

    def convert(self, value: str) -> str:
        """The digits."""
        return value

    def to_string(self, value: str) -> str:
        """The digits."""
        return value


register_url_convertor("number", _Numbers())

Storage = Annotated[str, Path(description="The storage's ID.", examples=["1"])]


def storage_routes(storages: Storages, limits: BodyLimits, ring: KeyRing[NamedKey]) -> APIRouter:
    """All routes: `limits` bound the bodies, `ring` has the keys that can be exchanged for access tokens."""
    router = APIRouter()
    _add_collection(router, storages, limits)
    _add_items(router, storages, limits)
    _add_refresh(router, limits, ring)
    for path, reason in _UNSERVED.items():
        _add_unserved(router, path, reason)
    return router


def _add_collection(router: APIRouter, storages: Storages, limits: BodyLimits) -> None:
    async def list_storages(request: Request) -> Response:
        given = request.query_params.get("project")
        if given is None:
            raise refused('query parameter "project" is required')
        if not _NUMBER.fullmatch(given):
            raise RefusalError(HTTPStatus.NOT_FOUND, NO_PROJECT)
        return shown(await storages.of_project(int(given)))

    async def create(request: Request) -> Response:
        return shown(await storages.create(await read_members(request, limits)), HTTPStatus.CREATED)

    for path in (BASE, _S3):
        router.add_api_route(f"{path}/", list_storages, methods=["GET"], **openapi.LIST)
        router.add_api_route(path, list_storages, methods=["GET"], include_in_schema=False)
    router.add_api_route(f"{_S3}/", create, methods=["POST"], **openapi.CREATE)
    router.add_api_route(_S3, create, methods=["POST"], include_in_schema=False)

    @router.get(f"{BASE}/types", **openapi.LIST_TYPES)
    async def list_types() -> Response:
        return JSONResponse(openapi.TYPES)

    @router.post(f"{_S3}/validate", **openapi.VALIDATE)
    async def validate(request: Request) -> Response:
        await storages.validate(await read_members(request, limits))
        return Response()


def _add_items(router: APIRouter, storages: Storages, limits: BodyLimits) -> None:
    @router.get(_ONE, **openapi.GET)
    async def show(storage: Storage) -> Response:
        return shown(await storages.get(_id(storage)))

    @router.patch(_ONE, **openapi.PATCH)
    async def change(request: Request, storage: Storage) -> Response:
        changed = await storages.update(_id(storage), await read_members(request, limits))
        return JSONResponse({name: value for name, value in changed.items() if name != "type"})

    @router.put(_ONE, **openapi.PUT)
    async def replace(request: Request, storage: Storage) -> Response:
        given = await read_members(request, limits)
        with in_its_words():
            return JSONResponse(await storages.update(_id(storage), new_members(given)))

    @router.delete(_ONE, **openapi.DELETE)
    async def delete(storage: Storage) -> Response:
        await storages.delete(_id(storage))
        return Response(status_code=HTTPStatus.NO_CONTENT)

    @router.post(f"{_ONE}/sync", **openapi.SYNC)
    async def sync(storage: Storage) -> Response:
        return shown(await storages.sync(_id(storage)))


def _add_refresh(router: APIRouter, limits: BodyLimits, ring: KeyRing[NamedKey]) -> None:
    async def refresh(request: Request) -> Response:
        given = (await read_members(request, limits)).get("refresh")
        if not isinstance(given, str):
            raise MembersRefusedError({"refresh": ["This field is required."]})
        access = access_token(given, ring.keys, lambda: datetime.now(UTC))
        if access is None:
            raise UnauthorizedError("Token is invalid")
        return JSONResponse({"access": access})

    router.add_api_route(f"{_REFRESH}/", refresh, methods=["POST"], **openapi.REFRESH)
    router.add_api_route(_REFRESH, refresh, methods=["POST"], include_in_schema=False)


def _add_unserved(router: APIRouter, path: str, reason: str) -> None:
    """A path of Label Studio's that would otherwise look like a mistake in the address."""

    async def refuse() -> Response:
        raise RefusalError(HTTPStatus.NOT_FOUND, reason)

    router.add_api_route(path, refuse, methods=["GET", "POST"], include_in_schema=False)


def _id(text: str) -> int:
    if not _NUMBER.fullmatch(text):
        raise RefusalError(HTTPStatus.NOT_FOUND, NOT_FOUND)
    return int(text)
