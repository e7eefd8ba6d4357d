"""Label Studio's storage API on the whole stack, by its own SDK."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import label_studio_sdk
import pytest
from label_studio_sdk.core.api_error import ApiError

from tests.support.api_proxy import ApiProxy
from tests.support.movers import NOTHING, World
from tests.support.operator_process import Operators
from tests.support.rest import NAMED_KEY, PASSWORD, Client, RestServices
from tests.support.waiting import eventually

Connect = Callable[..., Any]
ON: Any = {"label_studio_enabled": True, "legacy_enabled": False}


@pytest.fixture
def connect() -> Iterator[Callable[..., Any]]:
    """Makes clients of Label Studio's own SDK, whose connections are closed at the end."""
    with ExitStack() as ends:

        def connected(url: str, key: str = NAMED_KEY) -> Any:  # noqa: ANN401 - the SDK's client has no type
            sdk: Any = label_studio_sdk.LabelStudio  # here: it loads pandas, a second in each worker
            http = ends.enter_context(httpx.Client(timeout=60, trust_env=False))
            return sdk(base_url=url, api_key=key, httpx_client=http).import_storage.s3

        yield connected


@pytest.fixture
def base(world: World, operator: Operators, facade_services: RestServices) -> str:
    """The service's URL: projects 1 and 2 read prefixes of bucket dst, 3 has no destination."""
    world.bucket("src", {"a.txt": b"alpha", "in/b.txt": b"bravo", "in/deep/c.txt": b"charlie"})
    world.bucket("dst")
    world.bucket("lists")
    projects = [{"id": number, "destination": _into(f"/{number}")} for number in (1, 2)]
    selections = {"s3BucketArn": "arn:aws:s3:::lists"}
    world.grant_all(labelStudio={"namespace": world.namespace, "projects": projects}, selections=selections)
    operator()
    return facade_services.start(
        label_studio_keys_file=facade_services.named_keys, label_studio_check_seconds=60, **ON
    ).url


def _into(prefix: str) -> dict[str, Any]:
    return {"s3": {"s3BucketArn": "arn:aws:s3:::dst", "subdirectory": prefix}}


@pytest.fixture
def sdk(base: str, connect: Connect) -> Any:  # noqa: ANN401 - the SDK's client has no type
    return connect(base)


def test_a_storage_s_whole_life(world: World, sdk: Any) -> None:  # noqa: ANN401
    sdk.validate(project=1, bucket="src")
    made = sdk.create(project=1, bucket="src", prefix="in/", title="Scans", use_blob_urls=True, presign_ttl=5)
    assert (made.id, made.type, made.status, made.title, made.presign_ttl) == (1, "s3", "initialized", "Scans", 5)
    assert sdk.list(project=1) == [sdk.get(id=made.id)]
    assert sdk.list(project=2) == []

    queued = sdk.sync(id=made.id)
    assert queued.status in {"queued", "in_progress"}
    ended = eventually(lambda: _ended(sdk, made.id), what="the sync has ended")
    assert (ended.status, ended.last_sync_count, ended.traceback) == ("completed", 1, None)
    assert ended.last_sync_job.startswith("exec-")
    assert ended.last_sync is not None
    assert ended.meta["attempts"] == 1
    assert world.objects("dst") == {"1/b.txt": b"bravo"}

    changed = sdk.update(id=made.id, recursive_scan=True, project=2, title=None)
    assert (changed.title, changed.project, changed.presign_ttl, changed.use_blob_urls) == (None, 2, 5, True)
    sdk.sync(id=made.id)
    assert eventually(lambda: _ended(sdk, made.id, attempts=2)).last_sync_count == 2
    assert world.objects("dst").keys() == {"1/b.txt", "2/b.txt", "2/deep/c.txt"}

    filtered = sdk.update(id=made.id, regex_filter=r"in/deep/.*\.txt", recursive_scan=True)
    assert filtered.regex_filter == r"in/deep/.*\.txt"
    for key in ("in/deep/d.txt", "in/deep/d.csv", "in/e.txt"):
        world.aws("s3").put_object(Bucket="src", Key=key, Body=b"new")
    sdk.sync(id=made.id)
    assert eventually(lambda: _ended(sdk, made.id, attempts=3)).status == "completed"
    assert world.objects("dst").keys() == {"1/b.txt", "2/b.txt", "2/deep/c.txt", "2/deep/d.txt"}

    sdk.delete(id=made.id)
    with pytest.raises(ApiError) as gone:
        sdk.get(id=made.id)
    assert gone.value.status_code == 404
    world.wait_gone("DataMover", "label-studio-1")
    assert world.leftovers() == NOTHING


def _ended(sdk: Any, storage: int, attempts: int = 1) -> Any:  # noqa: ANN401
    found = sdk.get(id=storage)
    assert found.meta.get("attempts") == attempts, found
    assert found.status in {"completed", "failed"}, found
    return found


def test_what_can_t_be_is_refused_in_its_words(
    world: World,
    base: str,
    sdk: Any,  # noqa: ANN401
    connect: Connect,
) -> None:
    def refused(**given: object) -> Any:  # noqa: ANN401
        with pytest.raises(ApiError) as error:
            sdk.create(**given)
        assert error.value.status_code == 400, error.value
        return error.value.body["validation_errors"]

    assert "has no destination" in refused(project=3, bucket="src")["project"][0]
    assert refused(project=1, bucket="src", presign="perhaps") == {"presign": ["Must be a valid boolean."]}
    assert "bucket" in refused(project=1)
    assert "missing" in refused(project=1, bucket="missing")["non_field_errors"][0]
    eventually(lambda: not world.list("DataMover"), what="what was refused is removed")

    wrong = connect(base, "wrong-sesame")
    with pytest.raises(ApiError) as denied:
        wrong.list(project=1)
    assert (denied.value.status_code, denied.value.body["detail"]) == (401, "Invalid token.")

    raw = Client(base)
    key = {"Authorization": f"Bearer {NAMED_KEY}"}
    assert raw.send("GET", "/api/storages/s3?project=1", headers=key).json == []
    assert raw.send("GET", "/api/storages/s3/", headers=key).status == 400
    assert raw.send("POST", "/api/storages/s3/", b"{", headers=key).json["detail"].startswith("JSON parse error - ")
    assert raw.send("PUT", "/api/storages/s3/", {}, headers=key).headers["allow"] == "GET, POST, HEAD, OPTIONS"
    assert raw.send("GET", "/api/storages/s3/..%2f..", headers=key).status == 404
    files = raw.send("POST", "/api/storages/s3/files", {"bucket": "src", "project": 1}, headers=key)
    assert (files.status, "no access to buckets" in files.json["detail"]) == (404, True)
    metadata = {"bucket": "src", "project": 1, "s3_endpoint": "http://169.254.169.254"}
    forbidden = raw.send("POST", "/api/storages/s3/", metadata, headers=key)
    assert (forbidden.status, forbidden.json["status_code"]) == (403, 403)
    form = raw.send(
        "POST", "/api/storages/s3/", b"--x--", headers=key | {"Content-Type": "multipart/form-data; boundary=x"}
    )
    told = 'Unsupported media type "multipart/form-data" in request: send application/json or '
    assert (form.status, form.json["detail"].startswith(told)) == (415, True)


def test_an_endpoint_s_keys_are_in_secrets_and_nowhere_else(world: World, sdk: Any) -> None:  # noqa: ANN401
    secrets = f"/api/v1/namespaces/{world.namespace}/secrets"
    made = sdk.create(
        project=1,
        bucket="src",
        s3endpoint="http://minio.example.com:9000",
        aws_access_key_id="AKIA",
        aws_secret_access_key=PASSWORD,
    )
    assert "aws_secret_access_key" not in made.dict(exclude_none=True)
    mover = world.get("DataMover", f"label-studio-{made.id}")
    assert mover is not None
    assert PASSWORD not in str(mover)
    source = mover["spec"]["source"]["objectStorage"]
    assert (source["serverHostname"], source["serverPort"], source["serverProtocol"]) == (
        "minio.example.com",
        9000,
        "HTTP",
    )
    first = source["secretKey"]["name"]

    sdk.update(id=made.id, aws_secret_access_key=f"{PASSWORD}-2")
    mover = world.get("DataMover", f"label-studio-{made.id}")
    assert mover is not None
    assert mover["spec"]["source"]["objectStorage"]["accessKey"] == source["accessKey"]
    second = mover["spec"]["source"]["objectStorage"]["secretKey"]["name"]
    assert first != second
    names = {each["metadata"]["name"] for each in world.api.get(secrets)["items"]}
    assert (first in names, second in names) == (False, True)

    sdk.delete(id=made.id)
    world.wait_gone("DataMover", f"label-studio-{made.id}")
    eventually(lambda: world.get_at(f"{secrets}/{second}") is None, what="its Secret goes with it")


def test_ids_are_unique_on_several_replicas_and_one_sync_runs_at_a_time(
    world: World, facade_services: RestServices, connect: Connect
) -> None:
    world.bucket("src", {"a.txt": b"alpha"})
    world.bucket("dst")
    world.grant_all(labelStudio={"namespace": world.namespace, "default": _into("/")})
    urls = [
        facade_services.start(label_studio_keys_file=facade_services.named_keys, label_studio_check_seconds=0, **ON).url
        for _ in range(2)
    ]
    clients = [connect(url) for url in urls * 4]
    with ThreadPoolExecutor(8) as threads:
        made = list(threads.map(lambda sdk: sdk.create(project=7, bucket="src").id, clients))
        assert sorted(made) == list(range(1, 9))
        eventually(lambda: len(clients[0].list(project=7)) == 8)
        eventually(lambda: len(clients[1].list(project=7)) == 8)
        statuses = list(threads.map(lambda sdk: sdk.sync(id=made[0]).status, clients))
    clients[0].delete(id=8)
    world.wait_gone("DataMover", "label-studio-8")
    assert clients[1].create(project=7, bucket="src").id == 9, "an id is given once"
    assert statuses == ["queued"] * 8
    assert [each["metadata"]["name"] for each in world.list("DataMoverRun")] == [f"label-studio-{made[0]}-1"]


def test_a_storage_whose_creation_gets_no_answer_is_made_once_and_has_its_keys(
    world: World, facade_services: RestServices, connect: Connect, tmp_path: Path
) -> None:
    world.grant_all(labelStudio={"namespace": world.namespace, "default": _into("/")})
    settings = {"label_studio_keys_file": facade_services.named_keys, "label_studio_check_seconds": 0} | ON
    given = {"s3endpoint": "http://minio.example.com", "aws_access_key_id": "AKIA", "aws_secret_access_key": PASSWORD}
    with ApiProxy(facade_services.kubeconfig, tmp_path) as proxy, ThreadPoolExecutor(1) as threads:
        sdk = connect(facade_services.start(kubeconfig=proxy.kubeconfig, **settings).url)
        eventually(lambda: sdk.list(project=7) == [], what="it serves the account")
        hold = proxy.hold(lambda write: write.method == "POST" and write.path.endswith("/datamovers"), "after")
        made = threads.submit(lambda: sdk.create(project=7, bucket="src", **given))
        hold.wait_held()
        hold.release(drop=True)
        assert made.result().id == 1
    (mover,) = world.list("DataMover")
    source = mover["spec"]["source"]["objectStorage"]
    secrets = world.api.get(f"/api/v1/namespaces/{world.namespace}/secrets")["items"]
    assert {each["metadata"]["name"] for each in secrets} == {source[key]["name"] for key in ("accessKey", "secretKey")}
    assert {each["metadata"]["ownerReferences"][0]["uid"] for each in secrets} == {mover["metadata"]["uid"]}
