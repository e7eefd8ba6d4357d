"""What operator and REST service agree on, held against what the operator writes."""

from __future__ import annotations

import pytest

from datamover_crds import Intent, dump
from datamover_crds.contract import TASK_CALL, RunReason, location_call, run_owner
from datamover_operator.aws.failure import FailureKind
from datamover_operator.movers.plan.calls import LocationCall, TaskCall, calls_of, dump_call

UNTOLD = {FailureKind.UNAVAILABLE, FailureKind.UNKNOWN_OUTCOME}
"""Of these nobody is told as of a refusal: the start goes on."""


def test_every_failure_of_a_start_has_a_reason_that_the_rest_service_knows() -> None:
    told = {"AccessDenied" if kind is FailureKind.DENIED else kind.value for kind in FailureKind if kind not in UNTOLD}
    assert told <= {reason.value for reason in RunReason}


@pytest.mark.parametrize("side", ["source", "destination"])
def test_the_calls_of_an_intent_are_read_as_they_are_written(side: str) -> None:
    intent = Intent(
        instance="i", nonce="n", generation=1, calls=(location_call(side), TASK_CALL, "Other", "CreateRole x y")
    )
    location, task, *others = calls_of(intent)
    assert isinstance(location, LocationCall)
    assert (dump_call(location), task, others) == (location_call(side), TaskCall(), [None, None])


def test_a_run_s_owner_is_its_controller() -> None:
    assert dump(run_owner("m", "u")) == {
        "apiVersion": "datamover.io/v1alpha1",
        "kind": "DataMover",
        "name": "m",
        "uid": "u",
        "controller": True,
    }
