"""What the annotation of a table sync may say, and what is not read at all."""

from __future__ import annotations

import pytest

from datamover_crds import TableSync, parse
from datamover_crds.contract import DATABASES_ANNOTATION
from datamover_operator.tablesyncs.plan.known import Databases, annotated, written
from datamover_operator.tablesyncs.plan.names import sync_slots
from tests.support.specs import table_sync

OURS = written(Databases(uid="u"))


@pytest.mark.parametrize(
    ("text", "is_read"),
    [
        (OURS, True),
        (OURS + " " * 60_000, True),
        (OURS + " " * 70_000, False),  # whoever may edit it could fill our memory
        (OURS.replace('"u"', '"another"'), False),
        ("[" * 10_000, False),
        ("null", False),
        ("", False),
    ],
)
def test_only_what_the_operator_could_have_written_is_read(text: str, is_read: bool) -> None:
    sync = parse(TableSync, table_sync())
    metadata = sync.metadata.model_copy(update={"uid": "u", "annotations": {DATABASES_ANNOTATION: text}})
    assert (annotated(sync.model_copy(update={"metadata": metadata})) is not None) == is_read


@pytest.mark.parametrize(
    ("system", "pattern"),
    [
        ("7444000000000000001", r"pg\_16400\_sync\_%\_7444000000000000001"),
        ("%", ""),
        ("_", ""),
        ("744%", ""),
        ("\\", ""),
        ("", ""),
        ("\u0661", ""),
    ],
)
def test_an_annotation_names_no_slots_of_others(system: str, pattern: str) -> None:
    assert sync_slots(16400, system) == pattern
