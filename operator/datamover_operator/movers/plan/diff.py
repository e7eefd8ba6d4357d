"""How AWS differs from the spec, and the DataSync request that removes the difference.

Only declared fields are compared. `declared` is what the last pass applied: a field in it that the spec no longer has
goes back to its documented default.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from pydantic import JsonValue

from datamover_crds import DataMoverSpec, JsonObject, dump
from datamover_crds.contract import OWNER_TAG, PART_TAG, RETAINED, UID_TAG
from datamover_crds.locations import Attributes
from datamover_operator.movers.plan.desired import SCHEDULE_STATUS, filters_in, schedule_of, user_tags
from datamover_operator.movers.plan.names import Identity
from datamover_operator.movers.plan.options import default_options


def task_change(
    spec: DataMoverSpec,
    name: str,
    described: JsonObject,
    removed: Collection[str],
    kept: Attributes,
) -> JsonObject | None:
    """Compare a task's settings; returns UpdateTask's changes (with the full options), or None.

    `kept` is what transfers keep of the attributes of files where the options do not say else.
    """
    changes: JsonObject = {}
    if described.get("name") != name:
        changes["name"] = name
    wanted = filters_in(spec)
    for field in ("includes", "excludes"):
        rules = wanted.get(field, [] if field in removed else None)
        if rules is not None and rules != (described.get(field) or []):
            changes[field] = rules
    group = spec.cloud_watch_log_group_arn or ("" if "cloudWatchLogGroupArn" in removed else None)
    if group is not None and _plain(group) != _plain(str(described.get("cloudWatchLogGroupArn") or "")):
        changes["cloudWatchLogGroupArn"] = group
    schedule = _schedule_change(spec, described, removed)
    if schedule is not None:
        changes["schedule"] = schedule
    options = full_options(spec, described, removed, kept)
    if changes or options != described.get("options"):
        changes["options"] = options
    return changes or None


def files_change(files: JsonObject, described: JsonObject, removed: Collection[str]) -> JsonObject:
    """Compare a task's manifest and report with those that it is to have; returns UpdateTask's changes."""
    changes: JsonObject = {}
    for field in ("manifestConfig", "taskReportConfig"):
        config = files.get(field, {} if field in removed else None)
        if isinstance(config, dict) and not _has(described.get(field) or {}, config):
            changes[field] = config
    return changes


def full_options(spec: DataMoverSpec, described: JsonObject, removed: Collection[str], kept: Attributes) -> JsonObject:
    """Every option of the task: as described, with removed ones at their default, overlaid by the declared ones."""
    current = described.get("options")
    defaults = default_options(kept, enhanced=described.get("taskMode") == "ENHANCED")
    reverted = {name: value for name, value in defaults.items() if f"options.{name}" in removed}
    return (current if isinstance(current, dict) else {}) | reverted | dump(spec.options)


def tag_change(
    spec: DataMoverSpec,
    identity: Identity,
    part: str,
    actual: Mapping[str, str],
    removed: Collection[str],
) -> tuple[dict[str, str], tuple[str, ...]]:
    """Compare tags; returns those to set and the keys to take away. Tags that others have put there stay."""
    wanted = user_tags(spec)
    is_retained = actual.get(PART_TAG) == RETAINED
    if is_retained or actual.get(UID_TAG) != identity.uid or actual.get(OWNER_TAG) != identity.owner:
        wanted |= identity.tags(part, "")
    missing = {key: value for key, value in wanted.items() if actual.get(key) != value}
    gone = tuple(sorted(key for key in actual if f"tags.{key}" in removed and key not in wanted))
    return missing, gone


def _schedule_change(spec: DataMoverSpec, described: JsonObject, removed: Collection[str]) -> JsonObject | None:
    current = described.get("schedule")
    current = current if isinstance(current, dict) and current.get("scheduleExpression") else None
    wanted = schedule_of(spec)
    if wanted is None:
        if current is not None and "schedule" in removed:
            return {"scheduleExpression": ""}
        is_ours_to_enable = SCHEDULE_STATUS in removed and not spec.suspend and not disabled_by_service(described)
        if current is not None and is_ours_to_enable and current.get("status") == "DISABLED":
            return {"scheduleExpression": current["scheduleExpression"], "status": "ENABLED"}
        return None
    if current is not None and disabled_by_service(described) and wanted["status"] == "ENABLED":
        wanted = wanted | {"status": "DISABLED"}
    if current is None or wanted.items() - ({"status": "ENABLED"} | current).items():
        return wanted
    return None


def disabled_by_service(described: JsonObject) -> bool:
    """Whether DataSync itself has disabled the schedule (ScheduleDetails): only a person may enable it again."""
    details, schedule = described.get("scheduleDetails"), described.get("schedule")
    return (
        isinstance(details, dict)
        and isinstance(schedule, dict)
        and details.get("disabledBy") == "SERVICE"
        and schedule.get("status") == "DISABLED"
    )


def _has(described: JsonValue, config: JsonObject) -> bool:
    """Whether AWS has every member of a configuration; one that is to be removed has none."""
    if not isinstance(described, dict):
        return False
    if not config:
        return not described
    return all(
        _has(described.get(name), value) if isinstance(value, dict) else _same(name, described.get(name), value)
        for name, value in config.items()
    )


def _same(name: str, found: JsonValue, wanted: JsonValue) -> bool:
    if name == "subdirectory":
        return str(found or "").strip("/") == str(wanted or "").strip("/")
    return found == wanted


def _plain(log_group_arn: str) -> str:
    """CloudWatch Logs shows the ARN of a log group with and without `:*` at its end."""
    return log_group_arn.removesuffix(":*")
