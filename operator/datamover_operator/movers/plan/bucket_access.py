"""What to do about a bucket that DataSync does not reach: one of another AWS account, or of another Region.

Source: "Providing DataSync access to S3 buckets", and the tutorial on transfers between accounts, in the user guide.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from pydantic import JsonValue

from datamover_operator.aws.failure import FailureKind
from datamover_operator.movers.plan.comparison import role_arn_for
from datamover_operator.movers.plan.desired import location_of, location_path
from datamover_operator.movers.plan.names import SIDES, Side
from datamover_operator.movers.plan.observed import Observed, StepFailure


def way_out(o: Observed, failed: StepFailure) -> str:
    """The end of a message on a failed step; empty where AWS's own words say what there is to say."""
    match failed.failure.kind:
        case FailureKind.OTHER_REGION if o.account is not None:
            return (
                f"; DataMoverAccount '{o.account.metadata.name}' is for Region '{o.account.spec.region}', in which all "
                "locations of its movers are: name a bucket in that Region"
            )
        case FailureKind.BUCKET_NOT_ACCESSIBLE:
            sides = SIDES if failed.side is None else (failed.side,)
            return "".join(_policy_hint(o, side) for side in sides)
        case _:
            return ""


def _policy_hint(o: Observed, side: Side) -> str:
    statements = list(_statements(o, side))
    if not statements:
        return ""
    path, policy = location_path(o.mover.spec, side), {"Version": "2012-10-17", "Statement": statements}
    return f"; if the bucket of {path} is in another AWS account, its bucket policy must hold: {json.dumps(policy)}"


def _statements(o: Observed, side: Side) -> Iterator[dict[str, JsonValue]]:
    role = role_arn_for(o, side)
    for each in location_of(o.mover.spec, side).rights(side) if role is not None else []:
        if isinstance(each, dict):
            yield {**each, "Principal": {"AWS": role}}
