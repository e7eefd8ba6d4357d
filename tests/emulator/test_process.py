"""The program itself: its command line, its start and end, health and reset."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.emulator.conftest import new_account_number
from tests.support.account import Account
from tests.support.emulator import Emulator, start_emulator


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "datasync_emulator", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_help_names_every_option() -> None:
    shown = run("--help").stdout
    for option in ("--data-root", "--port", "--state-delay", "--iam-delay", "--max-tasks", "--no-create-file-systems"):
        assert option in shown


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "--data-root"),
        (["--data-root", ".", "--port", "70000"], "'70000' is not a port from 0 to 65535"),
        (["--data-root", ".", "--state-delay", "-1"], "'-1' is not a number of seconds from 0"),
        (["--data-root", ".", "--max-tasks", "0"], "'0' is not a whole number from 1"),
    ],
)
def test_a_wrong_option_is_one_clear_message(arguments: list[str], message: str) -> None:
    ended = run(*arguments)
    assert ended.returncode == 2
    assert message in ended.stderr.splitlines()[-1]


def test_a_port_in_use_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        ended = run("--data-root", ".", "--port", port)
    assert ended.returncode == 1
    assert ended.stderr == f"datasync-emulator: cannot listen on 127.0.0.1:{port}: Address already in use\n"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_though_a_copy_runs(tmp_path: Path, number: signal.Signals) -> None:
    with start_emulator(tmp_path) as emulator:
        account = Account(emulator, new_account_number())
        task = account.efs_task()
        held = emulator.fault(state="TRANSFERRING", hold="before")
        account.start(task)
        held.wait_held()
        emulator.process.send_signal(number)
        assert emulator.process.wait(timeout=60) == 0


def test_health(emulator: Emulator) -> None:
    assert emulator.control("GET", "health") == {"status": "ok"}


def test_an_unknown_control_path(emulator: Emulator) -> None:
    with pytest.raises(AssertionError, match=r"404 .*GET /_emulator/tea does not exist"):
        emulator.control("GET", "tea")


def test_a_reset_forgets_everything_but_files(tmp_path: Path) -> None:
    in_an_hour = datetime.now(UTC) + timedelta(hours=1)
    with start_emulator(tmp_path) as emulator:
        account = Account(emulator, new_account_number())
        account.task(account.s3_location(account.bucket("data")), account.efs_location())
        (account.efs_folder() / "kept").touch()
        emulator.fault("ListTasks", drop="before")
        emulator.advance_clock(3600)
        emulator.clear()
        assert datetime.fromisoformat(emulator.control("POST", "clock", {"advanceSeconds": 0})["now"]) < in_an_hour
        assert emulator.journal() == []
        assert account.datasync.list_tasks()["Tasks"] == []
        assert account.datasync.list_locations()["Locations"] == []
        assert account.s3.list_buckets()["Buckets"] == []
        assert account.iam.list_roles()["Roles"] == []
        assert (account.efs_folder() / "kept").exists()
