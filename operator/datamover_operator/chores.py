"""`python -m datamover_operator.chores`: what the chart's Jobs do, with the image that is there anyway.

`apply FILE` creates the custom resources of a YAML file, or brings those that are there to what it says.
`release` deletes every mover and account and leaves what they made in AWS; then it deletes the CRDs.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path
from typing import cast

import yaml
from pydantic import JsonValue

from datamover_crds import JsonObject
from datamover_crds.common import GROUP
from datamover_operator.kube.cache import metadata_of
from datamover_operator.kube.client import KubeClient, KubeError
from datamover_operator.kube.resources import Kind
from datamover_operator.planning.names import FINALIZER

RELEASE_TIMEOUT = 240.0
"""Less than the five minutes that helm gives a hook: then its Job tells what is still there."""
_LOOK_INTERVAL = 1.0
_DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
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


def _documents(file: Path) -> list[tuple[Kind, JsonObject]]:
    kinds = {kind.value.kind: kind for kind in Kind}
    found: list[tuple[Kind, JsonObject]] = []
    try:
        documents = list(yaml.safe_load_all(file.read_text(encoding="utf-8")))
    except yaml.YAMLError as error:
        raise ValueError(f"{file}: is no YAML: {error}") from error
    for document in documents:
        kind = document.get("kind") if isinstance(document, dict) else None
        if kind not in kinds:
            raise ValueError(f"{file}: kind is {kind}; accepted is {', '.join(kinds)}")
        if not metadata_of(document).get("name"):
            raise ValueError(f"{file}: a {kind} has no metadata.name")
        found.append((kinds[kind], cast("JsonObject", document)))
    return found


async def _apply(documents: list[tuple[Kind, JsonObject]]) -> None:
    client = await KubeClient.from_environment()
    try:
        for kind, document in documents:
            metadata = metadata_of(document)
            namespace, name = str(metadata.get("namespace", "")), str(metadata["name"])
            try:
                await client.create(kind.value.collection(namespace), document)
            except KubeError as error:
                if not error.is_already_there:
                    raise
                await client.patch(kind.value.path(namespace, name), document)
            sys.stdout.write(f"{kind.value.kind} {name} applied\n")
    finally:
        await client.close()


async def _release() -> None:
    client = await KubeClient.from_environment()
    try:
        async with asyncio.timeout(RELEASE_TIMEOUT):
            # Accounts after movers: an account stays as long as a mover names it.
            await _remove_all(client, Kind.MOVER)
            # Runs go with their movers; those that a finalizer holds need the operator, which goes next.
            await _gone(client, Kind.RUN)
            await _remove_all(client, Kind.ACCOUNT)
    except TimeoutError:
        left = [_name(each) for kind in Kind for each in await _held(client, kind)]
        raise ValueError(f"still there after {RELEASE_TIMEOUT:.0f} s: {', '.join(left)}") from None
    else:
        for kind in Kind:
            with _gone_already():
                await client.delete(f"{_DEFINITIONS}/{kind.value.plural}.{GROUP}", {})
    finally:
        await client.close()


async def _remove_all(client: KubeClient, kind: Kind) -> None:
    for item in await _items(client, kind):
        metadata = metadata_of(item)
        path = kind.value.path(str(metadata.get("namespace", "")), str(metadata["name"]))
        with _gone_already():
            if kind is Kind.MOVER:
                await client.patch(path, {"spec": {"deletionPolicy": "Retain"}})
            await client.delete(path, {})
            if kind is Kind.ACCOUNT:
                await client.patch(path, {"metadata": {"finalizers": _of_others(metadata)}})
        sys.stdout.write(f"{kind.value.kind} {_name(item)} is let go\n")
    await _gone(client, kind)


async def _gone(client: KubeClient, kind: Kind) -> None:
    while await _held(client, kind):  # noqa: ASYNC110 - a list, now and then, is all that this waits for
        await asyncio.sleep(_LOOK_INTERVAL)


def _of_others(metadata: JsonObject) -> list[JsonValue]:
    """Whose finalizers stay: no operator, be it gone for good, has a mover left to hold an account for."""
    listed = metadata.get("finalizers")
    names = listed if isinstance(listed, list) else []
    return [each for each in names if each != FINALIZER and not str(each).endswith(f".{FINALIZER}")]


async def _items(client: KubeClient, kind: Kind) -> list[JsonObject]:
    listed: JsonObject = {"items": []}
    with _gone_already():
        listed = await client.get(kind.value.collection(""))
    return cast("list[JsonObject]", listed["items"])


@contextmanager
def _gone_already() -> Iterator[None]:
    """Nothing to do where the object, or its kind, is not there."""
    try:
        yield
    except KubeError as error:
        if error.status != HTTPStatus.NOT_FOUND:
            raise


async def _held(client: KubeClient, kind: Kind) -> list[JsonObject]:
    """What is there; of runs only those that would not go with their kind."""
    items = await _items(client, kind)
    return [each for each in items if kind is not Kind.RUN or metadata_of(each).get("finalizers")]


def _name(item: JsonObject) -> str:
    metadata = metadata_of(item)
    return "/".join(str(metadata[key]) for key in ("namespace", "name") if key in metadata)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
