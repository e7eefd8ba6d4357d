"""The service does what its OpenAPI document says, whatever it is sent."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from datamover_dev.stack.rest import RestService
from tests.support.api import JsonDict
from tests.support.movers import ACCOUNT_ID, World
from tests.support.rest import NAMED_KEY, Client, RestServices, s3_body, token
from tests.support.waiting import eventually

GROUP, NAME = "abc-123", "nightly"

CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "ignored_auth",
    "unsupported_method",
    "allow_header_conformance",
)


MET = {
    ("GET", "/{account}/movers", 200),
    ("GET", "/{account}/movers/{group}", 200),
    ("GET", "/{account}/movers/{group}/{name}", 200),
    ("GET", "/{account}/movers/{group}/{name}", 404),
    ("GET", "/{account}/movers/{group}/{name}/runs/{run}", 404),
    ("POST", "/{account}/movers/{group}", 202),
    ("POST", "/{account}/movers/{group}", 400),
    ("PUT", "/{account}/movers/{group}/{name}", 400),
    ("PUT", "/{account}/movers/{group}/{name}", 404),
    ("DELETE", "/{account}/movers/{group}/{name}", 404),
    ("GET", "/flywheel", 200),
    ("GET", "/flywheel", 400),
}
"""Some of the answers that such requests must have led to, so that the test shows something."""
FACADES_MET = {
    ("GET", "/api/v1/sync", 200),
    ("GET", "/api/v1/sync", 400),
    ("POST", "/api/v1/sync", 201),
    ("POST", "/api/v1/sync", 400),
    ("GET", "/api/v1/sync/{sync}", 404),
    ("PATCH", "/api/v1/sync/{sync}", 404),
    ("GET", "/api/storages/s3/", 200),
    ("POST", "/api/storages/s3/", 201),
    ("POST", "/api/storages/s3/", 400),
    ("POST", "/api/storages/s3/{storage:number}/sync", 200),
    ("PATCH", "/api/storages/s3/{storage:number}", 200),
}
CONFIG = f"""
[dictionaries.accounts]
values = ["{ACCOUNT_ID}"]
[dictionaries.groups]
values = ["{GROUP}"]
[dictionaries.names]
values = ["{NAME}"]
[parameters]
"path.account" = {{ dictionary = "accounts", probability = 0.8 }}
"path.group" = {{ dictionary = "groups", probability = 0.6 }}
[[operations]]
include-method = "GET"
[operations.parameters]
"path.name" = {{ dictionary = "names", probability = 0.6 }}
"""
"""Most requests are for what is there; for the mover only reads are: whether a start succeeds is the operator's."""


def fuzz(service: RestService, folder: Path, options: list[str], config: Path | None = None) -> None:
    """Send what schemathesis makes of a service's /openapi.json."""
    configured = [] if config is None else [f"--config-file={config}"]
    done = subprocess.run(
        [
            str(Path(sys.executable).with_name("schemathesis")),
            *configured,
            "run",
            f"{service.url}/openapi.json",
            *options,
            f"--checks={','.join(CHECKS)}",
            "--seed=1",
            "--phases=examples,coverage,fuzzing",
            "--suppress-health-check=all",
            "--continue-on-failure",
            "--request-timeout=60",
            "--warnings=off",
        ],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=550,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def wait_met(service: RestService, wanted: set[tuple[str, str, int]]) -> None:
    """Wait until the service has logged such requests, by method, route and status: it does after the answer."""

    def are_met() -> bool:
        lines = [json.loads(line) for line in service.log.read_text().splitlines(keepends=True) if line.endswith("\n")]
        met = {_met(line) for line in lines if line["event"] == "request"}
        assert met >= wanted, sorted(wanted - met)
        return True

    eventually(are_met, what="such requests are logged")


def _met(line: JsonDict) -> tuple[str, str, int]:
    return line["method"], line["route"].removeprefix("/v1/datasync"), line["status"]


def test_no_request_is_answered_with_a_500_or_in_a_way_that_is_not_documented(
    rest: Client, rest_services: RestServices, tmp_path: Path
) -> None:
    rest.created(s3_body(NAME), GROUP)
    config = tmp_path / "schemathesis.toml"
    config.write_text(CONFIG)
    hasty = rest_services.start(start_timeout_seconds=5, delete_timeout_seconds=1)
    fuzz(hasty, tmp_path, [f"--header=X-Auth-Token: {token()}", "--max-examples=40"], config=config)
    wait_met(hasty, MET)


def test_the_other_facades_do_what_they_document_too(
    world: World, facade_services: RestServices, tmp_path: Path
) -> None:
    there = {"namespace": world.namespace}
    world.grant_all(labelStudio={**there, "default": {"s3": {"s3BucketArn": "arn:aws:s3:::dst"}}}, syncApi=there)
    service = facade_services.start(sync_requests_per_minute=1_000_000, **facade_services.all_facades)
    fuzz(
        service,
        tmp_path,
        ["--include-path-regex=^/api/", f"--header=Authorization: Bearer {NAMED_KEY}", "--max-examples=15"],
    )
    wait_met(service, FACADES_MET)
