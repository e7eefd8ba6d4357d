"""What the emulator's README says is what there is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from datasync_emulator.__main__ import read_arguments
from datasync_emulator.faults import ACTIONS
from tests.support.emulator import Emulator

README = (Path(__file__).parents[2] / "emulator" / "README.md").read_text()


def test_every_option_is_explained(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        read_arguments(["--help"])
    options = set(re.findall(r"--[a-z][a-z-]+", capsys.readouterr().out)) - {"--help"}
    assert options == set(re.findall(r"--[a-z][a-z-]+", README))


def test_every_operation_is_named(emulator: Emulator) -> None:
    served = emulator.client("datasync")
    with pytest.raises(served.exceptions.ClientError) as refused:
        served.list_agents()
    message = refused.value.response["Error"]["Message"]
    operations = re.findall(r"\w+", message.partition("it serves:")[2])
    assert len(operations) > 20
    missing = [operation for operation in operations if operation not in README]
    assert missing == []


def test_every_fault_is_explained() -> None:
    assert [action for action in ACTIONS if f'`"{action}": ' not in README] == []


def test_every_control_path_exists(emulator: Emulator) -> None:
    documented = re.findall(r"`(GET|POST|DELETE) /_emulator/([a-z]+)", README)
    assert len(documented) >= 8
    for method, path in documented:
        if (method, path) != ("POST", "reset"):  # it would disturb other tests, and has one of its own
            body = {"operation": "Never", "delayMs": 0} if path == "faults" and method == "POST" else {}
            body |= {"advanceSeconds": 0} if path == "clock" else {}
            emulator.control(method, path, body)
