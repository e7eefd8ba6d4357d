"""What a task or a location inherits whose place it takes: what AWS has there and the spec does not set."""

from __future__ import annotations

from datamover_crds import JsonObject, dump
from datamover_crds.contract import PREFIX
from datamover_crds.locations import attributes_at, attributes_kept
from datamover_operator.movers.plan.comparison import attributes_kept_by, removed_fields
from datamover_operator.movers.plan.desired import location_of, user_tags
from datamover_operator.movers.plan.names import SIDES, Side
from datamover_operator.movers.plan.observed import Observed
from datamover_operator.movers.plan.options import default_options
from datamover_operator.movers.plan.suspend import is_withheld

MAX_TAGS = 50
"""Of a task (TagResource)."""
_OWNERSHIP = frozenset({"uid", "gid", "posixPermissions", "preserveDevices", "securityDescriptorCopyFlags"})
"""Options that fit a pair of types of locations only."""


def inherited_location(o: Observed, side: Side) -> JsonObject:
    """The members of a location's request that come from the one that it replaces."""
    known = o.locations.get(side)
    if known is None or known.described is None:
        return {}
    removed = {name.removeprefix(f"{side}.") for name in removed_fields(o) if name.startswith(f"{side}.")}
    return location_of(o.mover.spec, side).inherited(known.described, removed)


def inherited_task(o: Observed) -> JsonObject:
    """The members of a task's request, tags apart, that come from the task that it replaces."""
    described = o.task.described if o.task is not None else None
    if described is None:
        return {}
    set_aside = {*dump(o.mover.spec), *removed_fields(o)}
    names = ["includes", "excludes", "cloudWatchLogGroupArn", "manifestConfig", "taskReportConfig"]
    if o.mover.spec.adopt is not None:  # of a task of our own AWS has chosen the mode, and does so again
        names.append("taskMode")
    members: JsonObject = {name: described[name] for name in names if name not in set_aside and described.get(name)}
    schedule = described.get("schedule")
    if isinstance(schedule, dict) and schedule.get("scheduleExpression") and "schedule" not in set_aside:
        status = "DISABLED" if is_withheld(o) else schedule.get("status", "ENABLED")
        members["schedule"] = {"scheduleExpression": schedule["scheduleExpression"], "status": status}
    options = _options(o, described)
    return members | ({"options": options} if options else {})


def _options(o: Observed, described: JsonObject) -> JsonObject:
    """What somebody has set to another value than AWS would have chosen."""
    current, enhanced = described.get("options"), described.get("taskMode") == "ENHANCED"
    if not isinstance(current, dict):
        return {}
    before = (str(o.task_locations.get(side, {}).get("locationUri", "")) for side in SIDES)
    kept, wanted = attributes_kept([attributes_at(uri) for uri in before]), attributes_kept_by(o)
    defaults = default_options(kept, enhanced=enhanced)
    left_out = {name.removeprefix("options.") for name in removed_fields(o)} | (_OWNERSHIP if kept != wanted else set())
    return {
        name: value
        for name, value in current.items()
        if name not in left_out and name in defaults and value != defaults[name]
    }


def inherited_tags(o: Observed) -> dict[str, str]:
    """The tags that others have put on the task that is replaced. A spec that sets `tags: []` wants none of them."""
    tags = o.task.tags if o.task is not None else None
    if tags is None or o.mover.spec.tags == ():
        return {}
    removed = {name.removeprefix("tags.") for name in removed_fields(o) if name.startswith("tags.")}
    return {key: value for key, value in tags.items() if key not in removed and not key.startswith((PREFIX, "aws:"))}


def surplus_tags(o: Observed) -> tuple[str, ...]:
    """The inherited tags for which there is no room beside the declared ones and our own."""
    declared = user_tags(o.mover.spec)
    inherited = sorted(inherited_tags(o).keys() - declared.keys())
    room = MAX_TAGS - len(declared) - len(o.identity.tags("task", "nonce"))
    return tuple(inherited[max(0, room) :])
