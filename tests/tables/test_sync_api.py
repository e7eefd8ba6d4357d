"""The DataSync API v2.1 with its documentation's own example: tables between two real PostgreSQL servers."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from standardwebhooks.webhooks import Webhook

from tests.support.operator_process import Operators
from tests.support.postgres import NOTHING
from tests.support.receiver import receiving
from tests.support.rest import PASSWORD, RestServices
from tests.support.sync_client import ON, SyncClient
from tests.support.table_syncs import TableWorld
from tests.support.waiting import eventually

EXAMPLE = """{
  "source": {
    "type": "postgresql",
    "url": "postgresql://source-db:5432/mydb"
  },
  "destination": {
    "type": "postgresql",
    "url": "postgresql://dest-db:5432/mydb"
  },
  "tables": ["users", "transactions"],
  "syncInterval": "30s"
}"""
"""Word for word from the API's reference."""


def test_the_documented_example_and_a_sync_between_real_servers(
    tables: TableWorld, start: Callable[..., object], facade_services: RestServices, tmp_path: Path
) -> None:
    configuration = tmp_path / "datasync.yaml"
    configuration.write_text("sync: {interval: 10s, maxRetries: 7}\nlog: {level: DEBUG}\n")
    tables.kube.grant_all(syncApi={"namespace": tables.namespace})
    service = facade_services.start(sync_keys_file=facade_services.named_keys, sync_config_file=configuration, **ON)
    client = SyncClient(service.url)
    documented = client.ask("POST", "", EXAMPLE.encode(), **{"Content-Type": "application/json"})
    assert documented.status == 201
    shown = documented.json
    assert (shown["status"], shown["progress"], shown["tables"]) == ("running", 0, ["users", "transactions"])
    assert {name: shown[name] for name in ("source", "destination")} == {
        name: json.loads(EXAMPLE)[name] for name in ("source", "destination")
    }
    assert client.ask("DELETE", f"/{shown['id']}").status == 204

    start(webhook_hosts="127.0.0.1")
    body = {
        "source": {"type": "postgresql", "url": tables.pair.source.url},
        "destination": {"type": "postgresql", "url": tables.pair.destination.url},
        "tables": ["orders"],
    }
    with receiving() as receiver:
        hook = {"url": f"{receiver.url}/hook", "events": ["sync.completed"], "secret": PASSWORD * 2}
        made = client.ask("POST", "", body | {"webhook": hook}).json
        path = f"/{made['id']}"
        eventually(lambda: "delivered" in [each["state"] for each in _deliveries(client, path)], 120)
        call = receiver.of("/hook")[0]
    key = base64.b64encode((PASSWORD * 2).encode()).decode()
    told = Webhook(key).verify(call.body, dict(call.headers))
    assert told["subject"] == made["id"].replace("_", "-")
    assert {each["event"] for each in _deliveries(client, path)} == {"sync.completed"}
    assert (made["syncInterval"], ":***@" in made["source"]["url"]) == ("10s", True)
    name = made["id"].replace("_", "-")
    assert tables.get(name)["spec"]["retry"]["limit"] == 7
    client.until(path, progress=100, error=None)
    assert client.ask("GET", path).json["status"] in {"running", "completed"}
    tables.follows()
    ready = [{"name": "public.orders", "state": "Ready"}]
    eventually(lambda: client.ask("GET", f"{path}/status").json["tables"] == ready)

    _replace(configuration, "sync: {interval: 1h, maxRetries: 1}\nserver: {port: 1}\nlog: {level: WARN}\n")
    eventually(lambda: '"needs_restart": ["server"]' in service.log.read_text(), what="the change is told")
    assert client.ask("POST", "", body | {"paused": True}).json["syncInterval"] == "1h"
    _replace(configuration, "sync: {interval: never}\n")
    eventually(lambda: "the old values stay in force" in service.log.read_text(), what="it is told")

    changed = client.ask("PATCH", path, {"syncInterval": 60, "tables": ["orders"], "paused": True}).json
    assert (changed["status"], changed["syncInterval"]) == ("paused", "60s")
    for each in client.ask("GET").json["items"]:
        assert client.ask("DELETE", f"/{each['id']}").status == 204
    tables.wait_gone(name)
    eventually(lambda: tables.pair.leftovers() == NOTHING)


def _replace(path: Path, text: str) -> None:
    """Write a file as a mounted ConfigMap is: whoever reads it finds the old text or the new one."""
    new = path.with_suffix(".new")
    new.write_text(text)
    new.rename(path)


def _deliveries(client: SyncClient, path: str) -> list[Any]:
    found: list[Any] = client.ask("GET", f"{path}/status").json["deliveries"]
    return found


def test_the_history_outlives_what_kubernetes_keeps_and_a_database_that_is_away(
    tables: TableWorld, operator: Operators, facade_services: RestServices
) -> None:
    world = tables.kube
    world.bucket("src", {"a.txt": b"alpha"})
    world.bucket("dst")
    world.grant_all(syncApi={"namespace": world.namespace})
    operator()
    database = tables.pair.destination
    settings: Any = {"sync_keys_file": facade_services.named_keys, **ON}
    urls = [
        facade_services.start(variables={"DB_URL": database.url}, **settings).url for _ in range(2)
    ]  # both bring the schema up to date
    client = SyncClient(urls[0])
    s3 = {"source": {"type": "s3", "url": "s3://src"}, "destination": {"type": "s3", "url": "s3://dst"}}
    made = client.ask("POST", "", s3).json
    client.until(f"/{made['id']}", status="completed")
    recorded = "SELECT count(*) FROM sync_runs WHERE sync_id = %s"
    eventually(lambda: database.value(recorded, made["id"]) == 1, what="the run is recorded")

    for run in world.list("DataMoverRun"):
        world.delete("DataMoverRun", run["metadata"]["name"])
    eventually(lambda: world.list("DataMoverRun") == [], what="Kubernetes keeps no run")
    for url in urls:
        items = SyncClient(url).ask("GET", f"/{made['id']}/runs").json["items"]
        assert [each["status"] for each in items] == ["completed"]
    assert database.value("SELECT count(*) FROM datamover_schema_version") == 1

    database.run("ALTER TABLE sync_runs RENAME TO elsewhere")
    eventually(lambda: client.ask("GET", f"/{made['id']}/runs").json["items"] == [], what="it knows of no run")
    ready = client.send("GET", "/readyz", headers={})
    assert (ready.status, "degraded: the history's database" in ready.text) == (200, True)
    another = client.ask("POST", "", s3).json
    client.until(f"/{another['id']}", status="completed")
    database.run("ALTER TABLE elsewhere RENAME TO sync_runs")
    eventually(lambda: database.value(recorded, another["id"]) == 1, what="what was missed is caught up")
    eventually(lambda: client.send("GET", "/readyz", headers={}).text == "ok")
