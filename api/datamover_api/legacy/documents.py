"""What clients read, as the older service's SDK prints it: every member in its place, null where AWS gave none.

The members are those that the SDK had then; newer ones are left out. Source: DescribeTask, DescribeLocation* and
DescribeTaskExecution of the DataSync API reference.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from pydantic import JsonValue

from datamover_api.legacy.state import TaskState
from datamover_crds import DataMover, DataMoverRun, JsonObject, Phase, dump, location_type_of
from datamover_crds.locations import scheme_of

Structure = Mapping[str, "Structure | None"]
"""The members of an AWS shape, in the order of the SDK's structs, each with its own structure where it is one."""


class Member(NamedTuple):
    """What a document says of a member: its name, its name in descriptions, its own shape, whether it is a time."""

    name: str
    described_as: str
    shape: tuple[Member, ...] | None
    is_time: bool


def _plain(*names: str) -> dict[str, Structure | None]:
    return dict.fromkeys(names)


def _shape(structure: Structure) -> tuple[Member, ...]:
    return tuple(
        Member(name, name[:1].lower() + name[1:], _shape(inner) if inner is not None else None, name.endswith("Time"))
        for name, inner in structure.items()
    )


_FILTERS: Final = _plain("FilterType", "Value")
_OPTIONS: Final = _plain(
    "Atime",
    "BytesPerSecond",
    "Gid",
    "LogLevel",
    "Mtime",
    "OverwriteMode",
    "PosixPermissions",
    "PreserveDeletedFiles",
    "PreserveDevices",
    "SecurityDescriptorCopyFlags",
    "TaskQueueing",
    "TransferMode",
    "Uid",
    "VerifyMode",
)
_TASK: Final = _shape(
    {
        **_plain("CloudWatchLogGroupArn", "CreationTime", "CurrentTaskExecutionArn", "DestinationLocationArn"),
        **_plain("DestinationNetworkInterfaceArns", "ErrorCode", "ErrorDetail"),
        "Excludes": _FILTERS,
        "Includes": _FILTERS,
        **_plain("Name"),
        "Options": _OPTIONS,
        "Schedule": _plain("ScheduleExpression"),
        **_plain("SourceLocationArn", "SourceNetworkInterfaceArns", "Status", "TaskArn"),
    }
)
_ON_PREMISES: Final = _plain("AgentArns")
_MOUNT: Final = _plain("Version")
_LOCATIONS: Final[Mapping[str, Structure]] = {
    "S3": {
        **_plain("AgentArns", "CreationTime", "LocationArn", "LocationUri"),
        "S3Config": _plain("BucketAccessRoleArn"),
        **_plain("S3StorageClass"),
    },
    "EFS": {
        **_plain("CreationTime"),
        "Ec2Config": _plain("SecurityGroupArns", "SubnetArn"),
        **_plain("LocationArn", "LocationUri"),
    },
    "SMB": {
        **_plain("AgentArns", "CreationTime", "Domain", "LocationArn", "LocationUri"),
        "MountOptions": _MOUNT,
        **_plain("User"),
    },
    "NFS": {
        **_plain("CreationTime", "LocationArn", "LocationUri"),
        "MountOptions": _MOUNT,
        "OnPremConfig": _ON_PREMISES,
    },
}
"""The types that the older service knew; a location of another one is shown with all that DataSync describes."""
_LOCATION_SHAPES: Final = {kind: _shape(structure) for kind, structure in _LOCATIONS.items()}
_STATUSES: Final[Mapping[Phase, str]] = {
    "Queued": "QUEUED",
    "Launching": "LAUNCHING",
    "Preparing": "PREPARING",
    "Transferring": "TRANSFERRING",
    "Verifying": "VERIFYING",
    "Cancelling": "CANCELLING",
    "Succeeded": "SUCCESS",
    "Failed": "ERROR",
    "Cancelled": "ERROR",
    "Unknown": "ERROR",
}
_RESULT: Final[JsonObject] = {
    "ErrorCode": None,
    "ErrorDetail": None,
    "PrepareDuration": 0,
    "PrepareStatus": "PENDING",
    "TotalDuration": 0,
    "TransferDuration": 0,
    "TransferStatus": "PENDING",
    "VerifyDuration": 0,
    "VerifyStatus": "PENDING",
}
"""A result's members, each with what DataSync says of an execution that has just been started."""
_COUNTERS: Final = (
    "BytesTransferred",
    "BytesWritten",
    "EstimatedBytesToTransfer",
    "EstimatedFilesToTransfer",
    "FilesTransferred",
)


def mover_document(mover: DataMover, state: TaskState) -> JsonObject:
    """A mover: its task with the state it is in now, both locations, its tags."""
    observed = mover.status.observed
    described = (observed.task if observed is not None else None) or {}
    now: JsonObject = {**described, "status": state.status, "currentTaskExecutionArn": state.execution_arn}
    tags = sorted(mover.spec.tags or (), key=lambda tag: tag.key)
    return {
        "Task": _filled(_TASK, now),
        "Source": location_document(observed.source if observed is not None else None),
        "Destination": location_document(observed.destination if observed is not None else None),
        "Tags": [{"Key": tag.key, "Value": tag.value or ""} for tag in tags],
    }


def location_document(described: JsonObject | None) -> JsonValue:
    """A location under its type; null where it has not been described."""
    if not described:
        return None
    location_type = location_type_of(described)
    scheme = scheme_of(str(described.get("locationUri", "")))
    name = (location_type.operation if location_type is not None else scheme).upper()
    shape = _LOCATION_SHAPES.get(name)
    if shape is not None:
        return {"Type": name, name: _filled(shape, described)}
    return {"Type": name, **({name: _whole(described)} if location_type is not None else {})}


def run_document(run: DataMoverRun) -> JsonObject:
    """A run: the execution's counters, state and result; durations in milliseconds."""
    status = run.status
    counters = _members(dump(status.counters)) if status.counters is not None else {}
    result = _members(dump(status.result)) if status.result is not None else {}
    return {
        **{name: counters.get(name, 0) for name in _COUNTERS},
        "StartTime": go_time(status.start_time or run.metadata.creation_timestamp),
        "Status": _STATUSES.get(status.phase or "Launching", "LAUNCHING"),
        "Result": {name: result.get(name, first) for name, first in _RESULT.items()},
    }


def go_time(text: str | None) -> str | None:
    """A time in UTC as Go prints it: without trailing zeros in the fraction."""
    if text is None or "." not in text or not text.endswith("Z"):
        return text
    return text[:-1].rstrip("0").rstrip(".") + "Z"


def _filled(shape: tuple[Member, ...], described: JsonObject) -> JsonObject:
    return {
        name: _value(inner, value) if is_time or inner is not None else value
        for name, described_as, inner, is_time in shape
        for value in (described.get(described_as),)
    }


def _value(shape: tuple[Member, ...] | None, value: JsonValue) -> JsonValue:
    """The value of a structure, a list of them, or else of a time."""
    if shape is None:
        return go_time(value) if isinstance(value, str) else value
    if isinstance(value, dict):
        return _filled(shape, value)
    if isinstance(value, list):
        return [_filled(shape, item) if isinstance(item, dict) else item for item in value]
    return value


def _whole(described: JsonObject) -> JsonObject:
    """All that was described, in AWS's own spelling."""
    return {
        name: go_time(value) if name.endswith("Time") and isinstance(value, str) else _spelt(value)
        for name, value in _members(described).items()
    }


def _spelt(value: JsonValue) -> JsonValue:
    if isinstance(value, dict):
        return _whole(value)
    return [_spelt(item) for item in value] if isinstance(value, list) else value


def _members(described: JsonObject) -> JsonObject:
    """AWS's own spelling of a description's members."""
    return {name[:1].upper() + name[1:]: value for name, value in described.items()}
