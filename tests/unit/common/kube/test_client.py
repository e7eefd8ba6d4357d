"""What the client sends, and what it makes of answers, over real HTTP."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st
from kubernetes.aio.client import Configuration

from datamover_common.kube.client import KubeClient
from datamover_common.kube.errors import KubeError
from datamover_common.kube.listing import list_objects
from datamover_common.kube.resources import ResourceType, ours
from datamover_crds import DataMover, JsonObject
from tests.support import hostile
from tests.support.api_server import answering, api_server, client_of, client_that_gets, never, nowhere, telling

Json = dict[str, Any]

MOVERS = ours(DataMover).within("team")
MOVER = MOVERS.named("m")
BASE = "/apis/datamover.io/v1alpha1/namespaces/team/datamovers"


def mover(**changed: object) -> Json:
    metadata: Json = {"name": "m", "namespace": "team", "uid": "u", "resourceVersion": "7"}
    whole: Json = {"apiVersion": "datamover.io/v1alpha1", "kind": "DataMover", "metadata": metadata, "spec": {}}
    for name, value in changed.items():
        (whole if name in {"apiVersion", "kind"} else metadata)[name] = value
    return whole


# what is sent


async def test_each_verb_is_sent_as_the_api_has_it() -> None:
    sent: list[tuple[str, str, object]] = []

    async def answer(request: web.BaseRequest) -> web.Response:
        body = await request.text()
        sent.append((request.method, request.path_qs, json.loads(body) if body else None))
        is_list = request.method == "GET" and request.path == BASE
        return web.json_response({"kind": "DataMoverList", "items": []} if is_list else mover())

    async with client_that_gets(answer) as client:
        await client.get(MOVER)
        await client.page(MOVERS, 5, "a/b=")
        await client.create(MOVERS, mover())
        await client.create(MOVERS, mover(), dry_run=True)
        await client.patch(MOVER, {"spec": {}})
        await client.patch(MOVER, {"status": {}}, "status")
        await client.delete(MOVER)
        await client.delete(MOVER, uid="u", version="7")
    assert sent == [
        ("GET", f"{BASE}/m", None),
        ("GET", f"{BASE}?limit=5&continue=a/b%3D", None),
        ("POST", f"{BASE}?fieldValidation=Strict", mover()),
        ("POST", f"{BASE}?fieldValidation=Strict&dryRun=All", mover()),
        ("PATCH", f"{BASE}/m", {"spec": {}}),
        ("PATCH", f"{BASE}/m/status", {"status": {}}),
        ("DELETE", f"{BASE}/m", {}),
        ("DELETE", f"{BASE}/m", {"preconditions": {"uid": "u", "resourceVersion": "7"}}),
    ]


def test_where_objects_live() -> None:
    assert ResourceType("v1", "Secret", "secrets").within("n").named("s").path == "/api/v1/namespaces/n/secrets/s"
    assert ResourceType("v1", "Namespace", "namespaces").within().named("n").path == "/api/v1/namespaces/n"
    assert ours(DataMover).within().path == "/apis/datamover.io/v1alpha1/datamovers"
    assert MOVER.path == f"{BASE}/m"


# names that lead elsewhere


@pytest.mark.parametrize("name", [*hostile.NAMES, hostile.TOO_LONG, ""])
async def test_a_name_that_no_object_can_have_is_never_sent(name: str) -> None:
    asked: list[str] = []

    async def answer(request: web.BaseRequest) -> web.Response:
        asked.append(request.path_qs)
        return web.json_response(mover())

    as_name, as_namespace = MOVERS.named(name), ours(DataMover).within(name or "/").named("m")
    async with client_that_gets(answer) as client:
        for ref in (as_name, as_namespace):
            for request in (
                client.get(ref),
                client.patch(ref, {}),
                client.patch(ref, {}, "status"),
                client.delete(ref),
                client.create(ref.collection, mover(name=ref.name)),
            ):
                with pytest.raises(KubeError) as caught:
                    await request
                assert (caught.value.status, caught.value.is_not_found) == (404, True)
        with pytest.raises(KubeError, match="NotFound"):
            await client.page(as_namespace.collection, 1)
        with pytest.raises(KubeError, match="NotFound"):
            await anext(client.watch(as_namespace.collection, "1", 1))
    assert asked == []


@given(st.text() | st.text("a.-/%?#~", max_size=6))
def test_whatever_the_name_it_is_one_segment_of_the_path(name: str) -> None:
    path = MOVERS.named(name).path
    assert path.startswith(f"{BASE}/")
    assert not set(path.removeprefix(f"{BASE}/")) & set("/?#;\\ \r\n")


@pytest.mark.parametrize("name", ["m", "0", "a-b", "a.b", "nightly.team-a.0", "x" * 253, "a--b", "1.2.3"])
async def test_every_other_name_is_itself_in_the_path(name: str) -> None:
    async with client_that_gets(telling(mover(name=name))) as client:
        assert await client.get(MOVERS.named(name)) == mover(name=name)
    assert MOVERS.named(name).path == f"{BASE}/{name}"


# answers


@pytest.mark.parametrize(
    "answer",
    [
        mover(kind="DataMoverList"),
        mover(kind="DataMoverRun"),
        mover(apiVersion="v1"),
        mover(name="another"),
        mover(namespace="other"),
        mover(uid=""),
        mover(uid=None),
        mover(uid=5),
        mover(resourceVersion="x"),
        mover(resourceVersion=7),
        mover(resourceVersion="\u0661"),
        {"kind": "DataMoverList", "apiVersion": "datamover.io/v1alpha1", "items": [mover()], "metadata": {}},
        {},
        [],
        [mover()],
        "m",
        None,
    ],
    ids=str,
)
async def test_an_answer_that_is_not_the_object_that_was_asked_for_is_an_error(answer: object) -> None:
    async with client_that_gets(telling(answer)) as client:
        for request in (
            client.get(MOVER),
            client.patch(MOVER, {}),
            client.create(MOVERS, mover()),
            client.delete(MOVER),
        ):
            with pytest.raises(KubeError) as caught:
                await request
            assert (caught.value.status, caught.value.reason) == (0, "UnexpectedAnswer")
            assert caught.value.is_doubtful, "the write may have been carried out"


@pytest.mark.parametrize(
    "answer",
    [
        mover(),
        {"kind": "DataMoverList"},
        {"kind": "DataMoverList", "items": {}},
        {"kind": "DataMoverRunList", "items": []},
        {"kind": "DataMoverList", "items": [mover(), mover(namespace="other")]},
        {"kind": "DataMoverList", "items": [mover(kind="Secret")]},
        {"kind": "DataMoverList", "items": [mover(uid="")]},
        {"kind": "DataMoverList", "items": [[]]},
        [],
    ],
    ids=str,
)
async def test_a_list_of_anything_else_is_an_error(answer: object) -> None:
    async with client_that_gets(telling(answer)) as client:
        with pytest.raises(KubeError, match="UnexpectedAnswer"):
            await client.page(MOVERS, 10)


async def test_what_is_deleted_at_once_is_gone_and_what_is_held_comes_back_marked() -> None:
    async with client_that_gets(telling({"kind": "Status", "status": "Success"})) as client:
        assert await client.delete(MOVER) is None
    async with client_that_gets(telling(mover(deletionTimestamp="2026-01-01T00:00:00Z"))) as client:
        left = await client.delete(MOVER)
        assert left is not None


async def test_a_list_of_all_namespaces_is_read_page_by_page() -> None:
    pages: dict[str, tuple[list[str], str]] = {"": (["a", "b"], "more"), "more": (["c"], "")}

    async def answer(request: web.BaseRequest) -> web.Response:
        namespaces, more = pages[request.query.get("continue", "")]
        items = [mover(namespace=each) for each in namespaces]
        return web.json_response({"kind": "DataMoverList", "items": items, "metadata": {"continue": more}})

    async with client_that_gets(answer) as client:
        found: list[JsonObject] = [each async for each in list_objects(client, [ours(DataMover).within()])]
    assert found == [mover(namespace=each) for each in "abc"]


# errors


@pytest.mark.parametrize(
    ("status", "text", "reason", "message"),
    [
        (409, '{"reason": "Conflict", "message": "has changed"}', "Conflict", "has changed"),
        (502, "<html>bad gateway</html>", "", "<html>bad gateway</html>"),
        (500, '["no", "object"]', "", '["no", "object"]'),
        (403, "", "", ""),
    ],
)
async def test_an_error_bears_what_the_server_said(status: int, text: str, reason: str, message: str) -> None:
    async with client_that_gets(answering(status, text)) as client:
        with pytest.raises(KubeError) as caught:
            await client.get(MOVER)
    assert (caught.value.status, caught.value.reason, caught.value.message) == (status, reason, message)
    assert str(caught.value) == f"{status} {reason}: {message}"


async def test_a_namespace_that_is_being_deleted_is_told_apart() -> None:
    causes = [{"reason": "NamespaceTerminating", "message": "…"}]
    refusal = {"reason": "Forbidden", "message": "no", "details": {"causes": causes}}
    async with client_that_gets(answering(403, json.dumps(refusal))) as client:
        with pytest.raises(KubeError) as caught:
            await client.create(MOVERS, mover())
    assert caught.value.is_terminating


async def test_where_nobody_listens_it_is_out_of_reach() -> None:
    async with client_of(await nowhere()) as client:
        with pytest.raises(KubeError, match=r"^0 Unreachable: GET /apis/"):
            await client.get(MOVER)


async def test_a_request_that_is_not_answered_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    async with api_server(never) as host:
        client = KubeClient(Configuration(host=host), seconds=0.2)
        with pytest.raises(KubeError, match=r"^0 Unreachable: DELETE .*: TimeoutError"):
            await client.delete(MOVER)
        await client.close()


@pytest.mark.parametrize(
    ("set_to", "place"),
    [("/nowhere/config", "KUBECONFIG=/nowhere/config: "), ("", r"\S+/\.kube/config \(KUBECONFIG is not set")],
)
async def test_where_a_kubeconfig_was_looked_for_is_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, set_to: str, place: str
) -> None:
    monkeypatch.setenv("KUBECONFIG", set_to)
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(KubeError, match=f"no usable kubeconfig in {place}"):
        await KubeClient.from_environment()


async def test_neither_a_kubeconfig_nor_a_pod_is_an_error_in_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KUBECONFIG", raising=False)
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "10.0.0.1")
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", "443")
    with pytest.raises(KubeError, match="no usable service account in this pod: Service token file does not exist"):
        await KubeClient.from_environment()
