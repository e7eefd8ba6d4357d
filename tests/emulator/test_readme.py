"""What the emulator's README says is what there is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from datasync_emulator.__main__ import read_arguments
from datasync_emulator.faults import ACTIONS
from tests.support.emulator import Emulator

EMULATOR = Path(__file__).parents[2] / "emulator"
README, OPTIONS = (EMULATOR / "README.md").read_text(), (EMULATOR / "OPTIONS.md").read_text()


def test_every_option_is_explained(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        read_arguments(["--help"])
    options = set(re.findall(r"--[a-z][a-z-]+", capsys.readouterr().out)) - {"--help", "--version"}
    assert options == set(re.findall(r"--[a-z][a-z-]+", README))


def test_every_operation_is_named(emulator: Emulator) -> None:
    operations = emulator.client("datasync").meta.service_model.operation_names
    prefixes = [prefix for prefix in ("CreateLocation", "DescribeLocation", "UpdateLocation") if f"{prefix}…" in README]
    types = re.findall(r"\w+", README.partition("Location types: ")[2].partition(".")[0])
    named = {prefix + kind for prefix in prefixes for kind in types}
    assert [operation for operation in operations if operation not in README and operation not in named] == []


def test_every_fault_is_explained() -> None:
    assert [action for action in ACTIONS if f'`"{action}": ' not in README] == []


def test_every_control_path_exists(emulator: Emulator) -> None:
    documented = re.findall(r"`(GET|POST|DELETE) /_emulator/([a-z]+)", README)
    assert len(documented) >= 8
    for method, path in documented:
        if (method, path) != ("POST", "reset"):  # it would disturb other tests, and has one of its own
            body: dict[str, object] = (
                {"operation": "Never", "delayMs": 0} if path == "faults" and method == "POST" else {}
            )
            body |= {"advanceSeconds": 0} if path == "clock" else {}
            if path == "agents":
                arn = emulator.client("datasync").create_agent(ActivationKey="AAAAA-AAAAA-AAAAA-AAAAA-AAAAA")[
                    "AgentArn"
                ]
                body = {"agentArn": arn, "status": "OFFLINE"}
            emulator.control(method, path, body)


def rows(heading: str) -> list[list[str]]:
    """The cells of the table below a heading."""
    lines = OPTIONS.partition(f"## {heading}\n")[2].partition("\n## ")[0].splitlines()
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines if line.startswith("| ")][2:]


def test_every_parameter_of_a_run_has_a_row(emulator: Emulator) -> None:
    model = emulator.client("datasync").meta.service_model.operation_model("StartTaskExecution").input_shape
    assert set(re.findall(r"`(\w+)`", " ".join(row[0] for row in rows("Parameters")))) == set(model.members)


def test_every_value_of_every_option_has_a_row(emulator: Emulator) -> None:
    documented: list[tuple[str, str]] = []
    for option, value, *_ in rows("Options"):
        name = option.strip("`") or documented[-1][0]
        documented.append((name, value.strip("`")))
    members = emulator.client("datasync").meta.service_model.shape_for("Options").members
    expected = {(name, value) for name, shape in members.items() for value in getattr(shape, "enum", [])}
    assert set(documented) == expected | {("BytesPerSecond", "-1"), ("BytesPerSecond", "a number")}


def test_every_test_that_is_named_exists() -> None:
    named = re.findall(r"`([\w/]+\.py)::(\w+)`", OPTIONS)
    assert len(named) > 40
    tests = Path(__file__).parent
    assert [(file, test) for file, test in named if f"def {test}(" not in (tests / file).read_text()] == []
