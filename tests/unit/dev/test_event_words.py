"""No Event says in its note what its reason has said already: kubectl shows them side by side."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from tests.support.sources import trees
from tests.unit.dev.test_advice import text_of

REASON = re.compile("[A-Z][a-z]+")


def events() -> Iterator[tuple[str, str]]:
    """The reason and note of each Event that is written out: `Note("Reason", "note")`, `told = "Reason", "note"`."""
    for path, tree in trees():
        if "datamover_operator" in path.parts:
            for node in ast.walk(tree):
                parts = parts_of(node)
                if len(parts) > 1:
                    yield text_of(parts[0]), text_of(parts[1])


def parts_of(node: ast.AST) -> list[ast.expr]:
    if isinstance(node, ast.Call) and ast.unparse(node.func) == "Note":
        return node.args
    if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "told" and isinstance(node.value, ast.Tuple):
        return node.value.elts
    return []


def test_no_event_says_a_word_twice() -> None:
    found = [(reason, note) for reason, note in events() if reason and note]
    assert len(found) > 10
    doubled = [
        (reason, note)
        for reason, note in found
        if {each.lower() for each in REASON.findall(reason)} & set(re.findall("[a-z]+", note.lower()))
    ]
    assert doubled == []
