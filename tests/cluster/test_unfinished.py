"""A service that dies between an object and the Secrets that it names: none stays behind without them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import urllib3

from tests.support.api_proxy import ApiProxy
from tests.support.movers import NOTHING, World
from tests.support.operator_process import Operators
from tests.support.rest import NAMED_KEY, PASSWORD, RestServices
from tests.support.waiting import eventually

SOON: Any = {
    "start_timeout_seconds": 0.1,
    "outcome_timeout_seconds": 0.1,
    "kubernetes_timeout_seconds": 1,
}
"""So soon a creation counts as abandoned: the times that a request may take, taken together."""
STORAGE = {
    "project": 1,
    "bucket": "src",
    "s3_endpoint": "http://minio.example.com",
    "aws_access_key_id": "AKIA",
    "aws_secret_access_key": PASSWORD,
}
AGENT = "arn:aws:datasync:eu-central-1:123456789012:agent/agent-0123456789abcdef0"
FILES = {
    "source": {"type": "smb", "url": f"smb://me:{PASSWORD}@files.example.com/share", "agentArns": [AGENT]},
    "destination": {"type": "s3", "url": "s3://dst"},
}
TABLES = {
    "source": {"type": "postgresql", "url": f"postgresql://me:{PASSWORD}@db.example.com/a"},
    "destination": {"type": "postgresql", "url": f"postgresql://me:{PASSWORD}@db.example.com/b"},
    "tables": ["t"],
}


CREATIONS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("/api/storages/s3/", STORAGE),
    ("/api/v1/sync", FILES),
    ("/api/v1/sync", TABLES),
)


def test_what_a_dead_service_has_begun_is_left_alone_and_removed(
    world: World, operator: Operators, facade_services: RestServices, tmp_path: Path
) -> None:
    home = {"namespace": world.namespace}
    default = {"s3": {"s3BucketArn": "arn:aws:s3:::dst"}}
    world.grant_all(labelStudio=home | {"default": default}, syncApi=home)
    operator()
    with ApiProxy(facade_services.kubeconfig, tmp_path) as proxy, ThreadPoolExecutor(len(CREATIONS)) as threads:
        dying = facade_services.start(kubeconfig=proxy.kubeconfig, **facade_services.all_facades)
        pool = urllib3.PoolManager(retries=False, maxsize=len(CREATIONS))

        def create(creation: tuple[str, dict[str, Any]]) -> None:
            path, body = creation
            headers = {"Authorization": f"Bearer {NAMED_KEY}"}
            with pytest.raises(urllib3.exceptions.HTTPError):
                pool.request("POST", dying.url + path, json=body, headers=headers, timeout=60)

        holds = [proxy.hold(lambda write: write.path.endswith("/secrets")) for _ in CREATIONS]
        asked = threads.map(create, CREATIONS)
        for hold in holds:
            hold.wait_held()
        dying.kill()
        for hold in holds:
            hold.release(drop=True)
        assert list(asked) == [None] * len(CREATIONS)
    left = [*world.list("DataMover"), *world.list("TableSync")]
    assert len(left) == len(CREATIONS)
    assert not any(each.get("status") for each in left), "the operator waits for their Secrets"
    facade_services.start(**facade_services.all_facades, **SOON)
    eventually(lambda: world.list("DataMover") == world.list("TableSync") == [], 60, what="they are removed")
    assert world.leftovers() == NOTHING
