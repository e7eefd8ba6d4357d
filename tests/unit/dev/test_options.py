"""docs/options.md has every parameter of StartTaskExecution and every value of every option, each with its test."""

from __future__ import annotations

import re

import botocore.session
import pytest

from datamover_crds import DataMoverRunSpec, TaskOptions
from datamover_dev.paths import CHECKOUT

PAGE = (CHECKOUT / "docs" / "options.md").read_text()
CLI_ALONE = {"--cli-input-json", "--cli-input-yaml", "--generate-cli-skeleton", "--cli-auto-prompt"}
START = botocore.session.get_session().get_service_model("datasync").operation_model("StartTaskExecution").input_shape


def rows(heading: str) -> list[list[str]]:
    """The cells of the table below a heading."""
    lines = PAGE.partition(f"## {heading}\n")[2].partition("\n## ")[0].splitlines()
    return [[cell.strip() for cell in line[1:-1].split(" | ")] for line in lines if line.startswith("| ")][2:]


def test_every_parameter_has_a_row() -> None:
    assert START is not None
    parameters = {"--" + re.sub("(?<=[a-z])(?=[A-Z])", "-", name).lower() for name in START.members}
    named = {name for row in rows("Parameters") for name in re.findall("--[a-z-]+", row[0])}
    assert named == parameters | CLI_ALONE


def test_every_value_of_every_option_has_a_row() -> None:
    assert START is not None
    options = getattr(START.members["OverrideOptions"], "members", {})
    expected = {(name, value) for name, shape in options.items() for value in getattr(shape, "enum", ())}
    assert {(row[0], row[1]) for row in rows("Options") if "BytesPerSecond" not in row[0]} == {
        (f"`{name}`", f"`{value}`") for name, value in expected
    }


def test_every_field_exists() -> None:
    options = {field.alias for field in TaskOptions.model_fields.values()}
    assert {row[2].strip("`") for row in rows("Options")} == options
    fields = {name for row in rows("Parameters") for name in re.findall("`([a-zA-Z]+)`", row[1])}
    assert fields <= {field.alias for field in DataMoverRunSpec.model_fields.values()}


@pytest.mark.parametrize("heading", ["Parameters", "Options"])
def test_every_test_exists(heading: str) -> None:
    for row in rows(heading):
        named = re.fullmatch(r"`(tests/\S+\.py)::(test_\w+)`", row[-1])
        if named is None:
            assert row[0] == "`--cli-auto-prompt`", row
            continue
        path, function = named.groups()
        assert re.search(rf"^(async )?def {function}\(", (CHECKOUT / path).read_text(), re.MULTILINE), row
