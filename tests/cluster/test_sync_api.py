"""The DataSync API v2.1 on the whole stack: syncs of files and objects."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import urllib3

from datamover_dev.redis import is_installed, redis_server
from tests.support.movers import NOTHING, World
from tests.support.operator_process import Operators
from tests.support.rest import NAMED_KEY, PASSWORD, RestServices
from tests.support.sync_client import ON, SYNC, SyncClient
from tests.support.waiting import eventually

FILES = {
    "source": {"type": "s3", "url": "s3://src/in/"},
    "destination": {"type": "s3", "url": "s3://dst"},
}


@pytest.fixture
def url(world: World, operator: Operators, facade_services: RestServices) -> str:
    """The service's URL; buckets src and dst are there."""
    world.bucket("src", {"in/a.txt": b"alpha", "in/b.txt": b"bravo", "out.txt": b"out"})
    world.bucket("dst")
    world.grant_all(syncApi={"namespace": world.namespace})
    operator()
    return facade_services.start(sync_keys_file=facade_services.named_keys, **ON).url


@contextmanager
def events(url: str, path: str) -> Iterator[list[str]]:
    """What a stream of events has sent so far, line by line."""
    pool = urllib3.PoolManager(timeout=60)
    headers = {"Authorization": f"Bearer {NAMED_KEY}", "Accept": "text/event-stream"}
    answer = pool.request("GET", f"{url}{SYNC}{path}/status", headers=headers, preload_content=False)
    assert (answer.status, answer.headers["Content-Type"]) == (200, "text/event-stream; charset=utf-8")
    lines: list[str] = []

    def read() -> None:
        lines.extend(chunk.decode() for chunk in answer.stream(1, decode_content=True))

    thread = threading.Thread(target=read, daemon=True)
    thread.start()
    try:
        yield lines
    finally:
        thread.join(60)


def test_a_sync_s_whole_life(world: World, url: str) -> None:
    client = SyncClient(url)
    created = client.ask("POST", "", FILES)
    made = created.json
    assert created.status == 201
    assert re.fullmatch("sync_[a-z0-9]{12}", made["id"])
    assert (made["status"], made["progress"], made["source"], made["error"]) == ("running", 0, FILES["source"], None)
    assert re.fullmatch(r"[0-9-]{10}T[0-9:]{8}Z", made["createdAt"])
    path = f"/{made['id']}"

    with events(url, path) as lines:
        ended = client.until(path, status="completed", progress=100)
        assert world.objects("dst") == {"a.txt": b"alpha", "b.txt": b"bravo"}
        assert ended["lastSyncAt"] is not None
        runs = client.ask("GET", f"{path}/runs").json
        assert [(each["status"], each["filesTransferred"] >= 2) for each in runs["items"]] == [("completed", True)]
        listed = "?status=completed&type=s3"
        eventually(lambda: client.ask("GET", listed).json["items"] == [client.ask("GET", path).json])
        assert client.ask("GET", "?status=failed").json == {"items": [], "nextCursor": None}

        eventually(lambda: '"status":"completed"' in "".join(lines), what="the stream tells")
        paused = client.ask("PATCH", path, {"paused": True, "syncInterval": "2h"})
        assert (paused.status, paused.json["status"], paused.json["syncInterval"]) == (200, "paused", "2h")
        eventually(lambda: '"status":"paused"' in "".join(lines), what="the stream tells")
        mover = world.get("DataMover", made["id"].replace("_", "-"))
        assert mover is not None
        assert mover["spec"]["trigger"]["interval"] == "2h"
        refused = client.ask("PATCH", path, {"source": {"type": "efs"}})
        assert (refused.status, refused.headers["content-type"]) == (409, "application/problem+json")

        assert client.ask("DELETE", path).status == 204
        assert client.ask("GET", path).status == client.ask("DELETE", path).status == 404
    told = "".join(lines)
    statuses = [json.loads(each)["status"] for each in re.findall("event: status\ndata: (.*)\n", told)]
    assert "completed" in statuses
    assert statuses[-1] == "paused"
    assert told.endswith("event: deleted\ndata: {}\n\n")
    world.wait_gone("DataMover", made["id"].replace("_", "-"))
    assert world.leftovers() == NOTHING


def test_what_became_of_a_webhook_s_calls_is_in_the_status(world: World, url: str) -> None:
    client = SyncClient(url)
    webhook = {"url": "https://hooks.example.com/a", "events": ["sync.completed"], "secret": PASSWORD * 2}
    made = client.ask("POST", "", {**FILES, "webhook": webhook}).json
    assert made["webhook"] == {"url": webhook["url"], "events": webhook["events"]}
    assert PASSWORD not in json.dumps(world.get("DataMover", made["id"].replace("_", "-")))
    path = f"/{made['id']}"
    client.until(path, status="completed")

    def told() -> Any:  # noqa: ANN401 - JSON
        deliveries = client.ask("GET", f"{path}/status").json["deliveries"]
        assert len(deliveries) == 1, deliveries
        assert deliveries[0]["message"], deliveries
        return deliveries[0]

    delivery = eventually(told, 60, what="the operator's webhookHosts refuse the host")
    assert (delivery["event"], delivery["state"] in {"pending", "failed"}) == ("sync.completed", True)

    def secrets() -> set[str]:
        found = world.api.get(f"/api/v1/namespaces/{world.namespace}/secrets")["items"]
        return {each["metadata"]["name"] for each in found if each["metadata"]["name"].startswith(name)}

    name = made["id"].replace("_", "-")
    for number in range(3):
        assert client.ask("PATCH", path, {"webhook": {**webhook, "secret": f"{PASSWORD}-{number}-long"}}).status == 200
    assert len(secrets()) == 2, "that of the sync, and that of the last change"
    assert client.ask("PATCH", path, {"webhook": None}).json["webhook"] is None
    assert secrets() == {name}


def test_what_can_t_be_is_a_problem_that_names_the_field(world: World, url: str) -> None:
    client = SyncClient(url)

    def problem(body: object, status: int = 400) -> Any:  # noqa: ANN401 - JSON
        answer = client.ask("POST", "", body)
        assert (answer.status, answer.headers["content-type"]) == (status, "application/problem+json"), answer
        told = json.loads(answer.body)
        assert told["status"] == status
        return [each["field"] for each in told["errors"]]

    mixed = {**FILES, "destination": {"type": "postgresql", "url": "postgresql://h/d"}}
    assert problem(mixed) == ["destination.type"]
    database = {"type": "postgresql", "url": "postgresql://db/d"}
    metadata = {"type": "postgresql", "url": "postgresql://169.254.169.254/d"}
    assert problem({"source": database, "destination": metadata, "tables": ["t"]}) == ["destination.url"]
    assert problem({**FILES, "source": {"type": "ftp"}}) == ["source.type"]
    assert problem({**FILES, "source": {"type": "s3", "url": "https://x"}}) == ["source.url"]
    assert problem({**FILES, "syncInterval": "soon"}) == problem({**FILES, "syncInterval": 9}) == ["syncInterval"]
    assert problem({**FILES, "surprise": 1}) == ["surprise"]
    assert problem({"source": FILES["source"]}) == ["destination"]
    assert problem(b"{") == [""]
    smb = {
        "type": "smb",
        "serverHostname": "h",
        "subdirectory": "/s",
        "user": "u",
        "password": {"name": "x", "key": "y"},
    }
    assert problem({**FILES, "source": smb}) == ["source.password"]
    assert client.ask("GET", "/sync_abc123xyz789").status == 404
    assert client.ask("GET", "/..%2f..%2fsecrets").status == 404
    assert client.ask("PUT", "", {}).headers["allow"] == "GET, POST, HEAD, OPTIONS"
    assert world.list("DataMover") == world.list("TableSync") == []

    failed = client.ask("POST", "", {**FILES, "source": {"type": "s3", "url": "s3://missing"}}).json
    told = client.until(f"/{failed['id']}", status="failed")["error"]
    assert "missing" in told["message"]


def test_passwords_go_into_a_secret_and_are_never_shown(world: World, url: str) -> None:
    client = SyncClient(url)
    agent = "arn:aws:datasync:eu-central-1:123456789012:agent/agent-0123456789abcdef0"
    smb = {"type": "smb", "url": f"smb://me:{PASSWORD}@files.example.com/share", "agentArns": [agent]}
    body = {**FILES, "source": smb}
    created = client.ask("POST", "", body)
    assert created.status == 201, created
    assert created.json["source"]["url"] == "smb://me:***@files.example.com/share"
    name = created.json["id"].replace("_", "-")
    mover = world.get("DataMover", name)
    assert PASSWORD not in json.dumps(mover)
    secret = world.api.get(f"/api/v1/namespaces/{world.namespace}/secrets/{name}")
    assert secret["data"].keys() == {"source.password"}
    assert client.ask("DELETE", f"/{created.json['id']}").status == 204
    path = f"/api/v1/namespaces/{world.namespace}/secrets/{name}"
    eventually(lambda: world.get_at(path) is None, 60, what="its Secret goes with it")


def test_each_key_has_its_own_syncs_and_its_own_limit(world: World, url: str, facade_services: RestServices) -> None:
    mine, other = SyncClient(url), SyncClient(url, f"{NAMED_KEY}-b")
    root = SyncClient(url, f"{NAMED_KEY}-root")
    ids = [mine.ask("POST", "", {**FILES, "paused": True}).json["id"] for _ in range(3)]
    assert other.ask("GET", f"/{ids[0]}").status == 404
    assert other.ask("GET").json["items"] == []
    assert root.ask("GET", f"/{ids[0]}").status == 200

    first = mine.ask("GET", "?limit=2").json
    second = mine.ask("GET", f"?limit=2&cursor={first['nextCursor']}").json
    assert {each["id"] for each in (*first["items"], *second["items"])} == set(ids)
    assert (len(first["items"]), second["nextCursor"]) == (2, None)

    wrong = SyncClient(url, "wrong-sesame").ask("GET")
    assert (wrong.status, wrong.headers["www-authenticate"]) == (401, 'Bearer realm="DataSync API"')

    limited = SyncClient(
        facade_services.start(sync_keys_file=facade_services.named_keys, sync_requests_per_minute=5, **ON).url
    )
    answers = [limited.ask("GET") for _ in range(12)]  # at most two minutes see them
    assert answers[0].headers["x-ratelimit-limit"] == "5"
    assert answers[0].headers["x-ratelimit-remaining"] == "4"
    refused = next(each for each in answers if each.status == 429)
    assert int(refused.headers["retry-after"]) >= 1
    assert {"x-ratelimit-remaining", "x-ratelimit-reset"} <= refused.headers.keys()

    keys = facade_services.named_keys
    keys.write_text(f"new-{NAMED_KEY}\nteam-b={NAMED_KEY}-b\n")
    renewed = SyncClient(url, f"new-{NAMED_KEY}")
    eventually(lambda: renewed.ask("GET").status == 200, what="the new key is taken")
    eventually(lambda: mine.ask("GET").status == 401, what="the old key is not")
    assert {each["id"] for each in renewed.ask("GET").json["items"]} == set(ids)


@pytest.mark.skipif(not is_installed(), reason="Redis is not installed (on Debian: apt-get install redis-server)")
def test_replicas_count_together_in_redis_and_alone_when_it_is_gone(
    world: World, facade_services: RestServices, tmp_path: Path
) -> None:
    world.grant_all(syncApi={"namespace": world.namespace})
    with redis_server(tmp_path) as (redis, address):
        settings: Any = {
            "sync_keys_file": facade_services.named_keys,
            "sync_rate_limit_storage": address,
            "sync_requests_per_minute": 1000,
            **ON,
        }
        clients = [SyncClient(facade_services.start(**settings).url) for _ in range(2)]

        def left(client: SyncClient) -> int:
            return int(client.ask("GET").headers["x-ratelimit-remaining"])

        # The next minute may begin between the two.
        eventually(lambda: left(clients[0]) - left(clients[1]) == 1, what="one counts what the other has let through")
        redis.kill()
        assert clients[0].ask("GET").status == 200
        log = facade_services.started[0].log
        eventually(lambda: "requests are counted in memory" in log.read_text(), what="the log tells")
        metrics = clients[0].send("GET", "/metrics", headers={}).text
        assert "datamover_api_rate_storage_failures_total 0.0" not in metrics
