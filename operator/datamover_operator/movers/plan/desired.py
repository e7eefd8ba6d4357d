"""What a mover's spec asks of AWS, in DataSync's own requests (camelCase member names).

What it asks of a location is for `datamover_crds.locations`. Source: CreateTask of the DataSync API reference.
"""

from __future__ import annotations

from pydantic import JsonValue

from datamover_crds import DataMoverSpec, LocationType, dump
from datamover_crds.common import JsonObject
from datamover_crds.locations.marks import members_of
from datamover_crds.options import filters_of
from datamover_operator.movers.plan.names import SIDES, Identity, Side
from datamover_operator.movers.plan.once import once


def location_of(spec: DataMoverSpec, side: Side) -> LocationType:
    """The declared source or destination."""
    return (spec.source if side == "source" else spec.destination).declared


def location_path(spec: DataMoverSpec, side: Side) -> str:
    """Where a location's fields stand: `spec.source.s3`."""
    return f"spec.{side}.{location_of(spec, side).type_name()}"


def task_request(
    spec: DataMoverSpec,
    name: str,
    locations: dict[Side, str],
    others: JsonObject,
    inherited: JsonObject,
) -> JsonObject:
    """CreateTask's request; `inherited` are the members that come from the task that it replaces.

    `others` are its manifest, its report and its tags.
    """
    request: JsonObject = inherited | {
        "sourceLocationArn": locations["source"],
        "destinationLocationArn": locations["destination"],
        "name": name,
    }
    request |= {field: rules for field, rules in filters_in(spec).items() if rules}
    for field, value in dump(spec).items():
        if field in {"taskMode", "cloudWatchLogGroupArn"} and value:
            request[field] = value
    kept = inherited.get("options")
    options = (kept if isinstance(kept, dict) else {}) | dump(spec.options)
    if options:
        request["options"] = options
    schedule = schedule_of(spec)
    if schedule is not None:
        request["schedule"] = schedule
    return request | others


def schedule_of(spec: DataMoverSpec) -> JsonObject | None:
    """The schedule that DataSync is to have: DISABLED while the mover is suspended."""
    if spec.schedule is None:
        return None
    status = "DISABLED" if spec.suspend else spec.schedule.status or "ENABLED"
    return {"scheduleExpression": spec.schedule.schedule_expression, "status": status}


def task_name(spec: DataMoverSpec, identity: Identity) -> str:
    """The task's name: the declared one, or the object's."""
    return spec.name or identity.name


def tag_list(tags: dict[str, str]) -> JsonObject:
    """Tags as the Create* requests carry them."""
    return {"tags": [{"key": key, "value": value} for key, value in sorted(tags.items())]}


def tags_in(request: JsonObject) -> dict[str, str]:
    """The tags of a Create* request."""
    listed = request.get("tags")
    pairs = [each for each in listed if isinstance(each, dict)] if isinstance(listed, list) else []
    return {str(each["key"]): str(each["value"]) for each in pairs}


def user_tags(spec: DataMoverSpec) -> dict[str, str]:
    """The tags that the user declared."""
    return {tag.key: tag.value or "" for tag in spec.tags or ()}


def filters_in(spec: DataMoverSpec) -> dict[str, list[JsonValue]]:
    """The filters that are declared, by the members of DataSync's requests."""
    declared = {"includes": spec.includes, "excludes": spec.excludes}
    return {field: filters_of(rules) for field, rules in declared.items() if rules is not None}


@once
def declared_fields(spec: DataMoverSpec) -> frozenset[str]:
    """The fields of AWS resources that the spec sets.

    Kept in status: a field that is here and no longer in the spec has been removed, and goes back to its default.
    """
    fields = [f"options.{name}" for name in dump(spec.options)]
    task_fields = (each for each in members_of(type(spec)) if each.name in TASK_FIELDS)
    fields += [each.name for each in task_fields if getattr(spec, each.attribute)]
    fields += [f"tags.{key}" for key in user_tags(spec)]
    for side in SIDES:
        fields += [f"{side}.{name}" for name in location_of(spec, side).optional_fields()]
    return frozenset(fields)


TASK_FIELDS = ("includes", "excludes", "schedule", "cloudWatchLogGroupArn", "manifestConfig", "taskReportConfig")
"""The optional members of a task, options apart, that can be taken away again (UpdateTask)."""

SCHEDULE_STATUS = "schedule.status"
"""In bookkeeping.declared: we disabled a schedule that the spec does not set, and it is to be enabled again."""
