"""Whether what is known of a mover is in the AWS account and the Region that its DataMoverAccount is for."""

from __future__ import annotations

from collections.abc import Iterator

from datamover_crds.contract import TASK_ARN_ANNOTATION
from datamover_operator.movers.plan.observed import Observed

_ACCOUNT, _REGION = 4, 3


def elsewhere(o: Observed) -> str | None:
    """What the mover has in another place, as a message that names its field; None = nothing.

    Another account has been made under the account's name: what exists already can't be found there.
    """
    found = next(((field, arn) for field, arn in _arns(o) if not is_here(o, arn)), None)
    if found is None:
        return None
    field, arn = found
    return (
        f"{field}: '{arn}' is not in {place_of(o)}; nothing is created or changed until the DataMoverAccount is for "
        "the mover's AWS account and Region again"
    )


def adopts_elsewhere(o: Observed) -> str | None:
    """As above, for the task that is to be adopted."""
    adopt = o.mover.spec.adopt
    if adopt is None or is_here(o, adopt.task_arn):
        return None
    return f"spec.adopt.taskArn: '{adopt.task_arn}': must be a task in {place_of(o)}"


def is_here(o: Observed, arn: str) -> bool:
    """Whether an ARN is of the account's AWS account and Region; a role's is of no Region."""
    if o.account is None:
        return True
    parts, spec = arn.split(":"), o.account.spec
    is_complete = len(parts) > _ACCOUNT
    return is_complete and parts[_ACCOUNT] == spec.account_id and parts[_REGION] in {"", spec.region}


def place_of(o: Observed) -> str:
    """The AWS account and the Region that the mover's account is for, in words."""
    assert o.account is not None  # noqa: S101 - without one nothing is anywhere else
    spec, name = o.account.spec, o.account.metadata.name
    return f"AWS account '{spec.account_id}', Region '{spec.region}', which DataMoverAccount '{name}' is for"


def _arns(o: Observed) -> Iterator[tuple[str, str]]:
    """What the mover has in AWS, by the field that names it. Of the roles those that are the mover's own."""
    status, notes = o.mover.status, o.mover.status.bookkeeping
    arns = {
        "status.taskArn": status.task_arn,
        "status.sourceLocationArn": status.source_location_arn,
        "status.destinationLocationArn": status.destination_location_arn,
        "status.sourceRoleArn": status.source_role_arn if "sourceRole" in notes.owned else None,
        "status.destinationRoleArn": status.destination_role_arn if "destinationRole" in notes.owned else None,
        f"metadata.annotations['{TASK_ARN_ANNOTATION}']": o.annotations.get(TASK_ARN_ANNOTATION),
    }
    arns |= {f"status.bookkeeping.retired[{index}].arn": item.arn for index, item in enumerate(notes.retired)}
    yield from ((field, arn) for field, arn in arns.items() if arn is not None)
