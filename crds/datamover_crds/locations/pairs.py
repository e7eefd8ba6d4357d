"""Which locations go together: "Where can I transfer my data" and "Choosing a task mode" in the user guide."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import partial
from typing import TYPE_CHECKING, Protocol

from datamover_crds.locations.base import Attributes, LocationType
from datamover_crds.locations.existing import FIELD
from datamover_crds.locations.modes import OUTPOSTS, Demand
from datamover_crds.rules import Rule

if TYPE_CHECKING:
    from datamover_crds.locations import Location


class _Transfer(Protocol):
    """A mover's spec."""

    source: Location
    destination: Location
    task_mode: str | None


def attributes_kept(ends: Collection[Attributes]) -> Attributes:
    """What a transfer between locations whose files have these attributes keeps of them, unless its options say else.

    A store without owners and permissions keeps those of POSIX as metadata of its objects.
    """
    if set(ends) == {"windows"}:
        return "windows"
    return "posix" if "posix" in ends and "windows" not in ends else "object"


def pair_rules(types: Mapping[str, type[LocationType]]) -> tuple[Rule, ...]:
    """The rules on source and destination together."""
    in_aws = [name for name, each in types.items() if each.is_in_aws]
    hubs = [name for name, each in types.items() if each.enhanced == "yes"]
    spokes = [name for name, each in types.items() if each.enhanced == "from or to s3"]
    source_hub, destination_hub = _has("source", hubs), _has("destination", hubs)
    source_any, destination_any = _has("source", hubs + spokes), _has("destination", hubs + spokes)
    return (
        Rule(
            field_path=".destination",
            cel=f"{_has('source', in_aws)} || {_has('destination', in_aws)}",
            holds=_has_an_end_in_aws,
            message=f"must be in AWS where the source is not: {', '.join(in_aws)}",
        ),
        Rule(
            field_path=".taskMode",
            cel=(
                "!has(self.taskMode) || self.taskMode != 'ENHANCED'"
                f" || {source_hub} && {destination_any} || {source_any} && {destination_hub}"
            ),
            holds=_suits_enhanced_mode,
            message=(
                f"must be BASIC, unless one location is {' or '.join(hubs)} and the other one of "
                f"{', '.join(hubs + spokes)}"
            ),
            shown="self.taskMode",
        ),
        *(_mode_rule(name, each, demand) for name, each in types.items() for demand in each.demands),
        _outposts_rule([name for name in in_aws if name not in hubs]),
    )


def _outposts_rule(file_systems: list[str]) -> Rule:
    """S3 on Outposts is no partner of AWS's file systems."""

    def is_apart(source: str, destination: str) -> str:
        others = " || ".join(f"has(self.{destination}.{name})" for name in file_systems)
        return f"!has(self.{source}.s3) || !self.{source}.s3.s3BucketArn.contains('{OUTPOSTS}') || !({others})"

    return Rule(
        field_path=".destination",
        cel=f"({is_apart('source', 'destination')}) && ({is_apart('destination', 'source')})",
        holds=_has_no_outpost_beside_a_file_system,
        message="must suit the source: S3 on Outposts goes with S3 or storage outside AWS, and no file system in "
        "AWS transfers to or from an Outpost",
    )


def _has_no_outpost_beside_a_file_system(spec: _Transfer) -> bool:
    ends = (spec.source.declared, spec.destination.declared)
    has_outpost = any(OUTPOSTS in getattr(end, "s3_bucket_arn", "") for end in ends)
    return not has_outpost or all(not end.is_in_aws or end.enhanced != "no" for end in ends)


def _mode_rule(name: str, location_type: type[LocationType], demand: Demand) -> Rule:
    """What a mode asks of a type, on either side. A mode that is not declared is AWS's to judge."""
    ends = (f"self.{side}.{name}" for side in ("source", "destination"))
    met = " && ".join(f"(!has({end}) || {demand.cel.replace('self', end)})" for end in ends)
    return Rule(
        field_path=".taskMode",
        cel=f"!has(self.taskMode) || self.taskMode != '{demand.mode}' || {met}",
        holds=partial(_meets, location_type, demand),
        message=demand.message.format(name=name),
        shown="self.taskMode",
    )


def _meets(location_type: type[LocationType], demand: Demand, spec: _Transfer) -> bool:
    if spec.task_mode != demand.mode:
        return True
    ends = (spec.source.declared, spec.destination.declared)
    return all(demand.holds(end) for end in ends if isinstance(end, location_type))


def _has(side: str, names: list[str]) -> str:
    """A condition in CEL; of which type an existing location is, AWS alone can tell."""
    return "(" + " || ".join(f"has(self.{side}.{name})" for name in [*names, FIELD]) + ")"


def _has_an_end_in_aws(spec: _Transfer) -> bool:
    return spec.source.declared.is_in_aws or spec.destination.declared.is_in_aws


def _suits_enhanced_mode(spec: _Transfer) -> bool:
    ends = {spec.source.declared.enhanced, spec.destination.declared.enhanced}
    return spec.task_mode != "ENHANCED" or ("yes" in ends and "no" not in ends)
