"""`make up` and `make down`, by the commands that they run."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from datamover_dev.errors import SetupError
from datamover_dev.stack.keeper import Keeper
from tests.support.waiting import eventually


def dev(command: str, local: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "datamover_dev", command, f"--local={local}"],
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


def processes_of(local: Path) -> list[str]:
    """Command lines of living processes that name the folder."""
    lines = (_command_line(path) for path in Path("/proc").glob("[0-9]*/cmdline"))
    return [line for line in lines if str(local) in line and "pytest" not in line]


def _command_line(path: Path) -> str:
    try:
        return path.read_bytes().replace(b"\0", b" ").decode()
    except (FileNotFoundError, ProcessLookupError):
        return ""


def test_up_gives_an_environment_to_source_and_down_leaves_no_process(local: Path) -> None:
    up = dev("up", local)
    assert up.returncode == 0, up.stdout + up.stderr
    assert sourced(local, "kubectl get crds --output=name").split() == [
        "customresourcedefinition.apiextensions.k8s.io/datamoveraccounts.datamover.io",
        "customresourcedefinition.apiextensions.k8s.io/datamoverruns.datamover.io",
        "customresourcedefinition.apiextensions.k8s.io/datamovers.datamover.io",
    ]
    who_am_i = f"{sys.executable} -c \"import boto3; print(boto3.client('sts').get_caller_identity()['Account'])\""
    assert sourced(local, who_am_i) == "123456789012\n"
    assert sourced(local, 'ls -d "$EMULATOR_DATA_ROOT"') == f"{local}/stack/data\n"

    keeper = Keeper(local).pid()
    again = dev("up", local)
    assert again.returncode == 0
    assert "already running" in again.stdout
    assert Keeper(local).pid() == keeper

    assert dev("down", local).stdout == "Stopped.\n"
    assert processes_of(local) == []
    assert not (local / "env").exists()
    assert dev("down", local).stdout == "Nothing is running.\n"


def test_a_killed_keeper_takes_everything_with_it_and_up_starts_anew(local: Path) -> None:
    assert dev("up", local).returncode == 0
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
