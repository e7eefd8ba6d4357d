"""`python -m datamover_operator.chores`: what the chart's Jobs run, in the operator's own image.

`apply FILE` creates or updates the custom resources of a YAML file. `release` deletes every mover and account and keeps
what they created in AWS; then it deletes the CRDs.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path
from typing import cast

import yaml
from pydantic import JsonValue

from datamover_common.kube.client import KubeClient
from datamover_common.kube.errors import KubeError
from datamover_common.kube.listing import list_objects
from datamover_common.kube.objects import metadata_of
from datamover_common.kube.resources import ObjectRef, ResourceType
from datamover_crds import JsonObject
from datamover_crds.common import GROUP
from datamover_crds.contract import FINALIZER
from datamover_operator.accounts.kind import ACCOUNT
from datamover_operator.controller.context import AnyKind
from datamover_operator.controllers import KINDS
from datamover_operator.movers.kind import MOVER
from datamover_operator.runs.kind import RUN
from datamover_operator.tablesyncs.kind import TABLE_SYNC

_DEFINITIONS = ResourceType("apiextensions.k8s.io/v1", "CustomResourceDefinition", "customresourcedefinitions")
RELEASE_TIMEOUT = 240.0
"""Less than the five minutes that Helm gives a hook, so that its Job can report what is left."""
_LOOK_INTERVAL = 1.0
_LOOKED_AT = ("namespace", "name", "finalizers", "deletionTimestamp")
_USAGE = "usage: python -m datamover_operator.chores apply FILE | release\n"


def main(arguments: Sequence[str]) -> int:
    """Return 0 when done, 1 where the API server refused or movers stay, 2 for a wrong command line."""
    try:
        match list(arguments):
            case ["apply", file]:
                asyncio.run(_apply(_documents(Path(file))))
            case ["release"]:
                asyncio.run(_release())
            case _:
                sys.stderr.write(_USAGE)
                return 2
    except (KubeError, OSError, ValueError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def _documents(file: Path) -> list[tuple[AnyKind, JsonObject]]:
    kinds = {kind.name: kind for kind in KINDS}
    found: list[tuple[AnyKind, JsonObject]] = []
    try:
        documents = list(yaml.safe_load_all(file.read_text(encoding="utf-8")))
    except yaml.YAMLError as error:
        raise ValueError(f"{file}: is no YAML: {error}") from error
    for document in documents:
        kind = document.get("kind") if isinstance(document, dict) else None
        if kind not in kinds:
            raise ValueError(f"{file}: kind is {kind}; must be one of {', '.join(kinds)}")
        if not metadata_of(document).get("name"):
            raise ValueError(f"{file}: a {kind} has no metadata.name")
        found.append((kinds[kind], cast("JsonObject", document)))
    return found


async def _apply(documents: list[tuple[AnyKind, JsonObject]]) -> None:
    client = await KubeClient.from_environment()
    try:
        for kind, document in documents:
            metadata = metadata_of(document)
            namespace, name = str(metadata.get("namespace", "")), str(metadata["name"])
            try:
                await client.create(kind.collection(namespace), document)
            except KubeError as error:
                if not error.is_already_there:
                    raise
                await client.patch(kind.named(namespace, name), document)
            sys.stdout.write(f"{kind.name} {name} applied\n")
    finally:
        await client.close()


async def _release() -> None:
    client = await KubeClient.from_environment()
    try:
        async with asyncio.timeout(RELEASE_TIMEOUT):
            # Each round looks at all kinds again: a tool may have applied a mover while runs or accounts were deleted.
            await _until_nothing(_let_go, client)
            for kind in KINDS:
                with _gone_already():
                    await client.delete(_definition(kind))
            # The operator is removed after this: what was applied meanwhile, and is deleted with its CRD, needs it.
            await _until_nothing(_definitions, client)
    except TimeoutError:
        left = [_name(each) for kind in KINDS async for each in _held(client, kind)] or await _definitions(client)
        raise ValueError(f"still there after {RELEASE_TIMEOUT:.0f} s: {', '.join(left)}") from None
    finally:
        await client.close()


async def _until_nothing(look: Callable[[KubeClient], Awaitable[Sequence[object]]], client: KubeClient) -> None:
    while await look(client):  # noqa: ASYNC110 - a look, now and then, is all that this waits for
        await asyncio.sleep(_LOOK_INTERVAL)


async def _let_go(client: KubeClient) -> list[JsonObject]:
    """Remove every mover; where there is none, look for runs; where none is held, remove accounts, then table syncs.

    Runs go with their movers; those that a finalizer holds need the operator. An account stays as long as a mover
    names it. Returns the metadata of what was there.
    """
    for kind in KINDS:
        held = [each async for each in _held(client, kind)]
        if kind is not RUN:
            for metadata in held:
                await _remove(client, kind, metadata)
        if held:
            return held
    return []


async def _remove(client: KubeClient, kind: AnyKind, metadata: JsonObject) -> None:
    ref = kind.named(str(metadata.get("namespace", "")), str(metadata["name"]))
    with _gone_already():
        if kind in {MOVER, TABLE_SYNC}:
            await client.patch(ref, {"spec": {"deletionPolicy": "Retain"}})
        if not metadata.get("deletionTimestamp"):
            await client.delete(ref)
            sys.stdout.write(f"{kind.name} {_name(metadata)} is let go\n")
        if kind is ACCOUNT:
            await client.patch(ref, {"metadata": {"finalizers": _of_others(metadata)}})


def _of_others(metadata: JsonObject) -> list[JsonValue]:
    """Whose finalizers stay: no operator, be it gone for good, has a mover left to hold an account for."""
    listed = metadata.get("finalizers")
    names = listed if isinstance(listed, list) else []
    return [each for each in names if each != FINALIZER and not str(each).endswith(f".{FINALIZER}")]


async def _held(client: KubeClient, kind: AnyKind) -> AsyncIterator[JsonObject]:
    """The metadata of what is there; of runs only those that would not go with their kind."""
    with _gone_already():
        async for item in list_objects(client, kind.collections(())):
            metadata = metadata_of(item)
            if kind is not RUN or metadata.get("finalizers"):
                yield {key: metadata[key] for key in _LOOKED_AT if key in metadata}


async def _definitions(client: KubeClient) -> list[str]:
    """The CRDs that are there."""
    found: list[str] = []
    for kind in KINDS:
        with _gone_already():
            found.append(str(metadata_of(await client.get(_definition(kind)))["name"]))
    return found


def _definition(kind: AnyKind) -> ObjectRef:
    return _DEFINITIONS.within().named(f"{kind.type.plural}.{GROUP}")


@contextmanager
def _gone_already() -> Iterator[None]:
    """Nothing to do where the object, or its kind, is not there."""
    try:
        yield
    except KubeError as error:
        if error.status != HTTPStatus.NOT_FOUND:
            raise


def _name(metadata: JsonObject) -> str:
    return "/".join(str(metadata[key]) for key in ("namespace", "name") if key in metadata)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
