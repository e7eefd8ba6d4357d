"""What was found in AWS under a mover's uid rather than by its name in status: what is kept, and what is deleted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from datamover_crds import Retired
from datamover_operator.movers.plan.copies import changed
from datamover_operator.movers.plan.garbage import with_retired
from datamover_operator.movers.plan.known import Find, KnownRole, Resource
from datamover_operator.movers.plan.names import SIDES, Side
from datamover_operator.movers.plan.observed import Observed


def take_finds(o: Observed, finds: Sequence[Find]) -> Observed:
    """Take in what was found in AWS under our uid: keep what is named already, else the oldest, and delete the rest.

    What was found in two ways counts once.
    """
    distinct = {find.arn: find for find in finds}.values()
    for part in ("task", *SIDES):
        of_part = (find for find in distinct if find.part == part)
        candidates = sorted(of_part, key=lambda find: (find.created_at, find.arn))
        o = _take_part(o, part, candidates)
    return o


def take_role(o: Observed, side: Side, role: KnownRole) -> Observed:
    """Take in a role that was found under our uid: the location's own, unless that has another; then it goes."""
    if side not in o.roles:
        return changed(o, roles={**o.roles, side: role}, owned=o.owned | {f"{side}Role"})
    if role.arn in {known.arn for known in o.roles.values()}:
        return o
    return changed(o, retired=with_retired(o.retired, [Retired(arn=role.arn, kind="role")]))


def _take_part(o: Observed, part: str, candidates: Sequence[Find]) -> Observed:
    retired = {item.arn for item in o.retired}
    fresh = [find for find in candidates if find.arn not in retired]
    known = _part(o, part)
    if known is None and fresh:
        known = Resource(fresh[0].arn)
        owned = o.owned | {part} if fresh[0].nonce else o.owned
        o = _named(changed(o, owned=owned, confirmed=False), part, known)
    kind: Literal["task", "location"] = "task" if part == "task" else "location"
    surplus = [find for find in fresh if find.nonce and known is not None and find.arn != known.arn]
    return changed(o, retired=with_retired(o.retired, [Retired(arn=find.arn, kind=kind) for find in surplus]))


def _part(o: Observed, part: str) -> Resource | None:
    return o.task if part == "task" else next((known for side, known in o.locations.items() if side == part), None)


def _named(o: Observed, part: str, resource: Resource) -> Observed:
    if part == "task":
        return changed(o, task=resource)
    side: Side = "source" if part == "source" else "destination"
    return changed(o, locations={**o.locations, side: resource})
