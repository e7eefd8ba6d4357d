"""No Event says in its note what its reason has said already: kubectl shows them side by side."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import get_args

import pytest

from datamover_crds import Condition, DataMoverRunStatus, TableSyncStatus
from datamover_crds.run_status import Phase
from datamover_operator.runs.plan.news import notes_of
from datamover_operator.runs.plan.progress import DOING
from datamover_operator.tablesyncs.plan.status import notes_of as sync_notes
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


@pytest.mark.parametrize("phase", get_args(Phase))
@pytest.mark.parametrize("has_reason", [False, True])
def test_no_event_on_a_runs_phase_only_repeats_it(phase: Phase, has_reason: bool) -> None:
    reason, arn = phase if has_reason else None, "arn:aws:datasync:eu-central-1:1:task/task-1/execution/exec-1"
    told = (
        DataMoverRunStatus(phase=phase, reason=reason, message=each, execution_arn=arn)
        for each in ("", DOING.get(phase))
    )
    for note in (note for after in told for note in notes_of(DataMoverRunStatus(), after)):
        assert note.message
        assert note.reason.lower() not in re.findall("[a-z]+", note.message.lower())


def test_no_event_on_a_suspended_sync_begins_with_its_reason() -> None:
    at = "2026-01-31T02:00:00Z"
    said = "suspended: nothing is replicated"
    ready = Condition(type="Ready", status="True", reason="Ready", message=said, last_transition_time=at)
    (note,) = sync_notes(TableSyncStatus(), TableSyncStatus(phase="Suspended", conditions=(ready,)))
    assert (note.reason, note.message) == ("Suspended", "nothing is replicated")
