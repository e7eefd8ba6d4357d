"""What can still be read of objects that their models refuse."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datamover_crds import DataMover, InvalidObject, dump, parse, salvage
from tests.support.spec_cases import GOOD, Case
from tests.support.spec_strategies import objects
from tests.support.specs import MODELS, JsonDict, account, mover, run, table_sync

ANY: dict[str, type[Any]] = dict(MODELS)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
)


def test_what_fits_is_kept_beside_what_does_not() -> None:
    stored = mover(deletionPolicy="Retain", suspend="perhaps", later=1) | {
        "status": {
            "taskArn": "arn:aws:datasync:task",
            "currentRun": 5,
            "bookkeeping": {"owned": ["task"], "intent": 7},
        },
    }
    found = salvage(DataMover, stored)
    assert (found.spec.deletion_policy, found.spec.suspend, found.spec.account_ref.name) == ("Retain", False, "dev")
    assert (found.status.task_arn, found.status.bookkeeping.owned, found.status.current_run) == (
        "arn:aws:datasync:task",
        ("task",),
        None,
    )


def test_what_an_earlier_version_wrote_beside_the_bookkeeping_is_kept() -> None:
    notes = {"owned": ["task"], "declared": ["schedule"], "prunedBefore": "2026-01-31T12:00:00.000Z"}
    found = parse(DataMover, mover() | {"status": {"taskArn": "arn:aws:datasync:task", **notes}})
    assert dump(found.status) == {"taskArn": "arn:aws:datasync:task", "bookkeeping": notes}
    refused = mover() | {"status": {"taskArn": "arn:aws:datasync:task", **notes, "intent": 7}}
    assert salvage(DataMover, refused).status == found.status


@pytest.mark.parametrize(
    "stored",
    [mover(source={"s3": 1}), mover("m" * 80), run(moverRef=3), account(region=""), table_sync(source={}, tables=7)],
)
def test_a_required_member_that_can_not_be_read_hides_no_other(stored: JsonDict) -> None:
    with pytest.raises(InvalidObject):
        parse(MODELS[stored["kind"]], stored)
    assert salvage(ANY[stored["kind"]], stored).metadata.name == stored["metadata"]["name"]


@pytest.mark.parametrize("case", GOOD, ids=str)
def test_nothing_is_lost_of_what_fits(case: Case) -> None:
    kind = case.obj["kind"]
    assert dump(salvage(ANY[kind], case.obj)) == dump(parse(MODELS[kind], case.obj))


@given(objects())
@settings(deadline=None)
def test_something_can_always_be_read(sample: JsonDict) -> None:
    dump(salvage(ANY[sample["kind"]], sample))


@given(st.sampled_from(list(ANY.values())), st.dictionaries(st.sampled_from(["metadata", "spec", "status"]), JSON))
@settings(deadline=None)
def test_something_can_be_read_of_whatever_is_stored(model: type[Any], stored: JsonDict) -> None:
    dump(salvage(model, stored))
