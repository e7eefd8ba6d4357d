"""What the models take and what they refuse, and how they say so."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import get_args

import pytest
from hypothesis import given, settings

from datamover_crds import DataMover, DataMoverStatus, InvalidObject, Model, ObjectMeta, TaskOptions, dump, parse
from datamover_crds.definitions import DEFINITIONS
from tests.support.spec_cases import BAD, BROKEN_RULES, GOOD, Case
from tests.support.spec_strategies import objects
from tests.support.specs import EVERYTHING_MOVER, MODELS, JsonDict, mover


@pytest.mark.parametrize("case", GOOD, ids=str)
def test_takes(case: Case) -> None:
    parse(MODELS[case.obj["kind"]], case.obj)


@pytest.mark.parametrize("case", BAD, ids=str)
def test_refuses_and_names_field_and_remedy(case: Case) -> None:
    with pytest.raises(InvalidObject) as refused:
        parse(MODELS[case.obj["kind"]], case.obj)
    problems = refused.value.problems
    assert [problem.path for problem in problems] == [case.refused_at]
    assert case.because in problems[0].accepted


def models_in(model: type[Model]) -> Iterator[type[Model]]:
    """A model and all that its fields are made of."""
    yield model
    for field in model.model_fields.values():
        for part in _models_of(field.annotation):
            yield from models_in(part)


def _models_of(annotation: object) -> Iterator[type[Model]]:
    if isinstance(annotation, type) and issubclass(annotation, Model):
        yield annotation
    for argument in get_args(annotation):
        yield from _models_of(argument)


def test_every_rule_has_a_case_that_breaks_it() -> None:
    broken = {case.because for case in BROKEN_RULES}
    rules = [rule for kind in DEFINITIONS for model in models_in(kind.model) for rule in model.rules]
    assert len(rules) >= len(BROKEN_RULES) / 2
    assert [rule.message for rule in rules if not any(because in rule.message for because in broken)] == []


@given(objects())
@settings(deadline=None)
def test_anything_is_taken_or_refused_and_what_is_taken_survives_a_round_trip(sample: JsonDict) -> None:
    model = MODELS[sample["kind"]]
    try:
        taken = parse(model, sample)
    except InvalidObject:
        return
    assert parse(model, json.loads(json.dumps(dump(taken)))) == taken


def test_dumps_what_was_written_and_our_own_defaults_but_no_option_of_datasync() -> None:
    assert dump(parse(DataMover, mover()).spec) == mover()["spec"] | {
        "options": {},
        "suspend": False,
        "deletionPolicy": "Delete",
        "allowOverlap": False,
        "runHistory": {"limit": 10},
    }
    everything = dump(parse(DataMover, EVERYTHING_MOVER).spec)
    assert everything["options"] == EVERYTHING_MOVER["spec"]["options"]


def test_says_all_that_is_wrong_at_once_with_what_was_found() -> None:
    sample = mover(suspend="no", options={"transferMode": "ALL", "preserveDeletedFiles": "REMOVE"}, task="t")
    with pytest.raises(InvalidObject) as refused:
        parse(DataMover, sample)
    found = {problem.path: problem.value for problem in refused.value.problems}
    assert found == {"spec.suspend": "no", "spec.options.preserveDeletedFiles": "REMOVE", "spec.task": "t"}
    assert 'spec.options.preserveDeletedFiles: "REMOVE": must be PRESERVE where transferMode is ALL' in str(
        refused.value
    )


def test_cuts_a_long_value() -> None:
    with pytest.raises(InvalidObject) as refused:
        parse(DataMover, mover(excludes=[{"value": "x" * 200_000}]))
    assert len(str(refused.value)) < 300


def test_a_rule_on_what_is_absent_shows_nothing_found() -> None:
    with pytest.raises(InvalidObject, match=r"^spec.source: \{\}: must set exactly one type of location"):
        parse(DataMover, mover(source={}))


def test_reads_metadata_of_an_object_whose_spec_is_refused() -> None:
    stored = {
        "name": "sample",
        "namespace": "team",
        "uid": "u-1",
        "generation": 4,
        "resourceVersion": "77",
        "creationTimestamp": "2025-01-31T12:00:00Z",
        "deletionTimestamp": "2025-01-31T12:00:01Z",
        "finalizers": ["datamover.io/cleanup"],
        "ownerReferences": [{"apiVersion": "v1", "kind": "K", "name": "n", "uid": "u", "blockOwnerDeletion": True}],
        "managedFields": [{"manager": "kubectl"}],
        "selfLink": None,
    }
    meta = parse(ObjectMeta, stored)
    assert (meta.name, meta.namespace, meta.uid, meta.generation) == ("sample", "team", "u-1", 4)
    assert (meta.resource_version, meta.finalizers) == ("77", ("datamover.io/cleanup",))
    assert meta.deletion_timestamp == "2025-01-31T12:00:01Z"
    assert [owner.uid for owner in meta.owner_references] == ["u"]
    assert (meta.labels, meta.annotations) == ({}, {})


def test_status_keeps_what_datasync_described_as_it_is() -> None:
    described = {"name": None, "options": {"uid": "NONE"}, "extra": [1.0, None]}
    status = parse(DataMoverStatus, {"observed": {"task": described}})
    assert dump(status) == {"observed": {"task": described}}


@pytest.mark.parametrize(
    "wrong", ["2025-01-31", "2025-02-30T00:00:00Z", "2025-01-31T12:00:00", "now", "2025-01-31T12:00:00Z\n"]
)
def test_refuses_what_is_no_time(wrong: str) -> None:
    with pytest.raises(InvalidObject, match="must be an RFC 3339 time"):
        parse(DataMoverStatus, {"lastSuccessfulTime": wrong})


def test_models_are_immutable_and_compare_by_value() -> None:
    options = TaskOptions(verify_mode="NONE")
    with pytest.raises(ValueError, match="frozen"):
        options.verify_mode = None  # type: ignore[misc]
    assert {options, TaskOptions(verify_mode="NONE")} == {options}
