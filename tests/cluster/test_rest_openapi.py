"""The service does what its OpenAPI document says, whatever it is sent."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.movers import ACCOUNT_ID
from tests.support.rest import Client, RestServices, s3_body, token

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


@pytest.mark.parametrize("known", [{}, {"account": ACCOUNT_ID}, {"account": ACCOUNT_ID, "group": "abc-123"}])
def test_no_request_is_answered_with_a_500_or_in_a_way_that_is_not_documented(
    rest: Client, rest_services: RestServices, tmp_path: Path, known: dict[str, str]
) -> None:
    rest.created(s3_body())
    config = tmp_path / "schemathesis.toml"
    config.write_text("[parameters]\n" + "".join(f'{name} = "{value}"\n' for name, value in known.items()))
    hasty = rest_services(start_timeout_seconds=5, delete_timeout_seconds=1)
    done = subprocess.run(
        [
            str(Path(sys.executable).with_name("schemathesis")),
            f"--config-file={config}",
            "run",
            f"{hasty.url}/openapi.json",
            f"--header=X-Auth-Token: {token()}",
            f"--checks={','.join(CHECKS)}",
            "--max-examples=25",
            "--seed=1",
            "--phases=examples,coverage,fuzzing",
            "--suppress-health-check=all",
            "--continue-on-failure",
            "--request-timeout=60",
            "--warnings=off",
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=550,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert hasty.get("/v1/test/ping").status == 200
