"""`python -m datamover_dev.values_reference`: write docs/values.md from the comments in the chart's values.yaml."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator

from datamover_dev.paths import CHECKOUT

SOURCE = CHECKOUT / "charts" / "datamover-operator" / "values.yaml"
TARGET = CHECKOUT / "docs" / "values.md"

_HEAD = """# The chart's values

Generated from [values.yaml](../charts/datamover-operator/values.yaml) by `make chart`.

| value | default | what it is |
| --- | --- | --- |
"""
_KEY = re.compile(r"^( *)([A-Za-z_]+):(?: (.*))?$")


def reference(values: str) -> str:
    """Return the page: a row for each value that a comment stands above."""
    return _HEAD + "".join(f"| `{name}` | `{default}` | {text} |\n" for name, default, text in _rows(values))


def _rows(values: str) -> Iterator[tuple[str, str, str]]:
    parents: list[str] = []
    lines = values.splitlines()
    comment: list[str] = []
    for number, line in enumerate(lines):
        if line.lstrip().startswith("#"):
            comment.append(line.lstrip("# "))
            continue
        if match := _KEY.match(line):
            depth = len(match[1]) // 2
            parents[depth:] = [match[2]]
            if comment:
                default = match[3] or _nested(lines[number + 1 :], depth)
                yield ".".join(parents), default, " ".join(comment).replace("|", "\\|")
        comment = []


def _nested(lines: list[str], depth: int) -> str:
    """The default of a value that is a map, in one line."""
    parts: list[str] = []
    for line in lines:
        match = _KEY.match(line)
        if match is None or len(match[1]) // 2 <= depth:
            break
        parts.append(f"{match[2]}: {match[3]}")
    return "{" + ", ".join(parts) + "}"


if __name__ == "__main__":
    TARGET.write_text(reference(SOURCE.read_text()))
    sys.stdout.write(f"{TARGET}\n")
