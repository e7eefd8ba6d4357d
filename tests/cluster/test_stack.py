"""`make up` and `make down`, by the commands that they run."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from redis import Redis
from urllib3.exceptions import HTTPError

from datamover_dev.errors import SetupError
from datamover_dev.postgres.programs import is_installed
from datamover_dev.redis import is_installed as is_redis_installed
from datamover_dev.stack.keeper import Keeper
from datamover_dev.stack.services import NO_REDIS
from tests.support.rest import Client, token
from tests.support.waiting import eventually


def dev(command: str, local: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "datamover_dev", command, f"--local={local}"],
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def sourced(local: Path, command: str) -> str:
    shell = ["sh", "-ec", f". {local}/env; {command}"]
    return subprocess.run(shell, capture_output=True, text=True, timeout=60, check=True).stdout


@pytest.fixture
def local(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "local"
    dev("down", tmp_path / "local")


def processes_of(local: Path, program: str = "") -> list[int]:
    """Ids of living processes whose command line or environment names the folder, and whose program is this one."""
    found = [(int(path.name), _told(path, "cmdline"), _told(path, "environ")) for path in Path("/proc").glob("[0-9]*")]
    return [
        pid
        for pid, command, environment in found
        if str(local) in command + environment and program in command and "pytest" not in command
    ]


def _told(process: Path, what: str) -> str:
    try:
        return (process / what).read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return ""


def listed_by_rest(local: Path) -> list[str]:
    """The movers that the REST service of `local`/env knows."""
    told = sourced(local, 'echo "$DATAMOVER_API_URL" "$DATAMOVER_API_KEY" "$DATAMOVER_API_ACCOUNT"')
    url, key, account = told.split()
    try:
        names: list[str] = Client(url, token(key)).get(f"/v1/datasync/{account}/movers").json
    except HTTPError as error:
        raise AssertionError(error) from error
    return names


def test_up_gives_an_environment_to_source_and_down_leaves_no_process(local: Path) -> None:
    up = dev("up", local)
    assert up.returncode == 0, up.stdout + up.stderr
    assert sourced(local, "kubectl get crds --output=name").split() == [
        "customresourcedefinition.apiextensions.k8s.io/datamoveraccounts.datamover.io",
        "customresourcedefinition.apiextensions.k8s.io/datamoverruns.datamover.io",
        "customresourcedefinition.apiextensions.k8s.io/datamovers.datamover.io",
        "customresourcedefinition.apiextensions.k8s.io/tablesyncs.datamover.io",
    ]
    who_am_i = f"{sys.executable} -c \"import boto3; print(boto3.client('sts').get_caller_identity()['Account'])\""
    assert sourced(local, who_am_i) == "123456789012\n"
    assert sourced(local, 'ls -d "$EMULATOR_DATA_ROOT"') == f"{local}/stack/data\n"

    eventually(lambda: listed_by_rest(local) == [])
    asked = 'curl -sS --noproxy "*" -H "Authorization: Bearer $SYNC_API_KEY" "$SYNC_API_URL/api/v1/sync"'
    eventually(lambda: sourced(local, asked) == '{"items":[],"nextCursor":null}')
    path = "/api/storages/s3/?project=$LABEL_STUDIO_PROJECT"
    also = f'curl -sS --noproxy "*" -H "Authorization: Token $LABEL_STUDIO_API_KEY" "$LABEL_STUDIO_URL{path}"'
    eventually(lambda: sourced(local, also) == "[]")

    if is_installed():
        with psycopg.connect(sourced(local, 'printf %s "$SYNC_HISTORY_URL"')) as history:
            assert history.execute("SELECT count(*) FROM sync_runs").fetchone() == (0,)

    if is_redis_installed():
        settings = dict(re.findall("^(port|requirepass) (.+)$", (local / "stack/redis.conf").read_text(), re.MULTILINE))
        with Redis(port=int(settings["port"]), password=settings["requirepass"]) as counts:
            assert counts.dbsize(), "the request of the DataSync API has been counted"

    keeper = Keeper(local).pid()
    again = dev("up", local)
    assert again.returncode == 0
    assert "already running" in again.stdout
    with pytest.raises(SetupError, match="make down"):
        Keeper(local, command="keep-cluster").up(print)
    assert Keeper(local).pid() == keeper

    assert dev("down", local).stdout == "Stopped.\n"
    eventually(lambda: processes_of(local) == [])
    assert not (local / "env").exists()
    assert dev("down", local).stdout == "Nothing is running.\n"


def test_what_is_killed_is_started_again_or_takes_everything_with_it_and_up_starts_anew(local: Path) -> None:
    """The REST service is started again, where it was; the keeper takes everything along. All of it without Redis."""
    up = dev("up", local, PATH="/nonexistent")
    assert (up.returncode, NO_REDIS in up.stdout) == (0, True), up.stdout + up.stderr
    (service,) = processes_of(local, "datamover_api")
    os.kill(service, signal.SIGKILL)
    eventually(lambda: processes_of(local, "datamover_api") not in ([], [service]))
    eventually(lambda: listed_by_rest(local) == [])

    keeper = Keeper(local).pid()
    assert keeper is not None
    os.kill(keeper, signal.SIGKILL)
    eventually(lambda: processes_of(local) == [])
    eventually(lambda: Keeper(local).pid() is None)

    assert dev("up", local).returncode == 0
    assert "default" in sourced(local, "kubectl get namespaces")


def test_what_does_not_start_is_told(local: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBEBUILDER_ASSETS", str(local))
    lines: list[str] = []
    with pytest.raises(SetupError, match="The stack did not start"):
        Keeper(local).up(lines.append)
    assert f"KUBEBUILDER_ASSETS={local}: etcd is not there" in "\n".join(lines)
