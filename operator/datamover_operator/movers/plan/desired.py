"""What a mover's spec asks of AWS, in DataSync's own requests (camelCase member names).

Sources: CreateLocationS3, CreateLocationEfs and CreateTask of the DataSync API reference.
"""

from __future__ import annotations

import re

from datamover_crds import DataMoverSpec, Location, dump
from datamover_crds.common import JsonObject
from datamover_operator.movers.plan.names import SIDES, Identity, Side


def location_of(spec: DataMoverSpec, side: Side) -> Location:
    """The declared source or destination."""
    return spec.source if side == "source" else spec.destination


def location_uri(location: Location) -> str:
    """The LocationUri that DataSync derives from a declaration: it names the store and the folder in it."""
    if location.s3 is not None:
        arn = location.s3.s3_bucket_arn
        bucket = arn.rsplit(":", 1)[-1] if ":::" in arn else _with_slash(arn)
        return f"s3://{bucket}{folder(location.s3.subdirectory)}"
    assert location.efs is not None  # noqa: S101 - the model holds exactly one member
    region, file_system = _efs_address(location.efs.efs_filesystem_arn)
    return f"efs://{region}.{file_system}{folder(location.efs.subdirectory)}"


def access_point_of(location: Location) -> str | None:
    """The EFS access point that a location is reached through: its folder is one in that point's root directory."""
    return location.efs.access_point_arn if location.efs is not None else None


def split_uri(uri: str) -> tuple[str, str]:
    """The store that a LocationUri names (a bucket, an access point, a file system), and the folder in it."""
    found = _STORE.match(uri)
    store = found[0] if found is not None else uri
    return _with_slash(store), folder(uri[len(store) :])


def folder(subdirectory: str | None) -> str:
    """A subdirectory as DataSync reads it back: between slashes."""
    inner = (subdirectory or "").strip("/")
    return f"/{inner}/" if inner else "/"


def location_request(location: Location, role_arn: str | None, tags: JsonObject) -> JsonObject:
    """CreateLocationS3's or CreateLocationEfs' request."""
    member = location.s3 if location.s3 is not None else location.efs
    assert member is not None  # noqa: S101 - the model holds exactly one member
    request = dump(member)
    request.pop("accessRole", None)
    if role_arn is not None:
        request["s3Config"] = {"bucketAccessRoleArn": role_arn}
    return request | tags


def task_request(spec: DataMoverSpec, name: str, locations: dict[Side, str], tags: JsonObject) -> JsonObject:
    """CreateTask's request."""
    request: JsonObject = {
        "sourceLocationArn": locations["source"],
        "destinationLocationArn": locations["destination"],
        "name": name,
    }
    for field, value in dump(spec).items():
        if field in {"includes", "excludes", "taskMode", "cloudWatchLogGroupArn"} and value:
            request[field] = value
    options = dump(spec.options)
    if options:
        request["options"] = options
    schedule = schedule_of(spec)
    if schedule is not None:
        request["schedule"] = schedule
    return request | tags


def schedule_of(spec: DataMoverSpec) -> JsonObject | None:
    """The schedule as DataSync shall hold it: a suspended mover's is DISABLED."""
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


def user_tags(spec: DataMoverSpec) -> dict[str, str]:
    """The tags that the user declared."""
    return {tag.key: tag.value for tag in spec.tags or ()}


def declared_fields(spec: DataMoverSpec) -> tuple[str, ...]:
    """The fields of AWS resources that the spec speaks of.

    Kept in status: a field that is here and no longer in the spec has been removed, and goes back to its default.
    """
    fields = [f"options.{name}" for name in dump(spec.options)]
    fields += [name for name in TASK_FIELDS if getattr(spec, name)]
    fields += [f"tags.{key}" for key in user_tags(spec)]
    for side in SIDES:
        member = location_of(spec, side).s3 or location_of(spec, side).efs
        if member is not None:
            fields += [f"{side}.{name}" for name in dump(member) if name in LOCATION_DEFAULTS]
    return tuple(sorted(fields))


TASK_FIELDS = ("includes", "excludes", "schedule")
"""The optional members of a task, options apart, that can be taken away again (UpdateTask)."""

SCHEDULE_STATUS = "schedule.status"
"""Stands in status.declared where we disable a schedule that the spec does not speak of: it is to be enabled again."""

LOCATION_DEFAULTS: dict[str, str] = {
    "s3StorageClass": "STANDARD",
    "accessPointArn": "",
    "fileSystemAccessRoleArn": "",
    "inTransitEncryption": "NONE",
}
"""What an updatable member of a location goes back to when it leaves the spec (UpdateLocationS3, UpdateLocationEfs)."""


_STORE = re.compile("[a-z0-9-]+://(arn:[^/]*:accesspoint[/:][^/:]+|[^/]+)")


def _with_slash(text: str) -> str:
    """Both forms of an access point's ARN, with a colon or a slash before its name, as one."""
    return text.replace(":accesspoint:", ":accesspoint/")


def _efs_address(arn: str) -> tuple[str, str]:
    fields = arn.split(":", 5)
    return fields[3], fields[5].rsplit("/", 1)[-1]
