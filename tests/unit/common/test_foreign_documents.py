"""JSON that anybody may have written, in an annotation or a message: what can't be read is nobody's end."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

import pytest

from datamover_api.labelstudio.building import members_in
from datamover_api.sync.building import kept_by
from datamover_crds import DataMover, DataMoverRun, Resource, parse, read_json
from datamover_crds.contract import CANCEL_ANNOTATION, CLAIM_ANNOTATION, CLIENT_ANNOTATION
from datamover_operator.runs.plan.cancelling import cancellation_of
from datamover_operator.runs.plan.ownership import Claim, claim_of
from datamover_operator.runs.plan.state_changes import read_state_change

R = TypeVar("R", bound=Resource)

S3 = {"s3": {"s3BucketArn": "arn:aws:s3:::b"}}
MOVER = {"accountRef": {"name": "a"}, "source": S3, "destination": S3, "allowOverlap": True}
RUN = {"moverRef": {"name": "m"}}


def annotated(model: type[R], spec: Mapping[str, object], name: str, text: str) -> R:
    metadata = {"name": "m", "namespace": "n", "uid": "u", "annotations": {name: text}}
    return parse(
        model, {"apiVersion": "datamover.io/v1alpha1", "kind": model.__name__, "metadata": metadata, "spec": spec}
    )


@pytest.mark.parametrize(
    "text", ["", "{", "nonsense", "[" * 300 + "]" * 300, '{"a":' * 5000 + "1" + "}" * 5000, "[" * 9999]
)
def test_what_cannot_be_read_is_as_if_nothing_was_said(text: str) -> None:
    with pytest.raises(ValueError, match="line 1"):
        read_json(text)
    assert kept_by(annotated(DataMover, MOVER, CLIENT_ANNOTATION, text)) == {}
    assert members_in(annotated(DataMover, MOVER, CLIENT_ANNOTATION, text)) == members_in(
        annotated(DataMover, MOVER, CLIENT_ANNOTATION, "{}")
    )
    assert claim_of(annotated(DataMoverRun, RUN, CLAIM_ANNOTATION, text)) == Claim("", "")
    assert cancellation_of(annotated(DataMoverRun, RUN, CANCEL_ANNOTATION, text)).reason == "Cancelled"
    assert read_state_change(text, "123456789012", "eu-central-1") is None
