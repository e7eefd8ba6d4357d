"""The catalogue's records. Frozen: a change replaces the record, so a reader never sees half of one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from datasync_emulator.messages import JsonObject


@dataclass(frozen=True, slots=True)
class S3Place:
    """A bucket and prefix. `prefix` is "" or ends in "/" and never starts with one."""

    bucket_arn: str
    prefix: str
    storage_class: str
    role_arn: str
    agent_arns: tuple[str, ...] = ()

    @property
    def bucket(self) -> str:
        """The bucket's name; for an access point its ARN."""
        return self.bucket_arn.partition(":::")[2] or self.bucket_arn

    @property
    def uri(self) -> str:
        """The LocationUri, as Describe gives it."""
        return f"s3://{self.bucket}/{self.prefix}"


@dataclass(frozen=True, slots=True)
class EfsPlace:
    """A folder of a file system. `subdirectory` starts and ends with "/"."""

    file_system_arn: str
    subdirectory: str
    ec2_config: JsonObject
    access_point_arn: str | None = None
    role_arn: str | None = None
    encryption: str = "NONE"

    @property
    def file_system_id(self) -> str:
        """The id, such as fs-0123456789abcdef0."""
        return self.file_system_arn.rpartition("/")[2]

    @property
    def uri(self) -> str:
        """The LocationUri, as Describe gives it."""
        return f"efs://{self.file_system_arn.split(':')[3]}.{self.file_system_id}{self.subdirectory}"


Place = S3Place | EfsPlace


@dataclass(frozen=True, slots=True)
class Location:
    """A DataSync location; `serial` orders records by creation."""

    arn: str
    serial: int
    created: datetime
    place: Place

    @property
    def type_name(self) -> str:
        """The value of the LocationType filter."""
        return "S3" if isinstance(self.place, S3Place) else "EFS"


@dataclass(frozen=True, slots=True)
class Schedule:
    """A task's schedule and since when, by whom and why it is off."""

    expression: str
    enabled: bool
    changed: datetime
    disabled_by: str | None = None
    disabled_reason: str | None = None


@dataclass(frozen=True, slots=True)
class Task:
    """A DataSync task; `options` is complete, `includes` and `excludes` are DataSync's FilterRule lists."""

    arn: str
    serial: int
    created: datetime
    source_arn: str
    destination_arn: str
    mode: str
    options: JsonObject
    name: str | None = None
    log_group_arn: str | None = None
    includes: tuple[JsonObject, ...] = ()
    excludes: tuple[JsonObject, ...] = ()
    schedule: Schedule | None = None
    manifest: JsonObject | None = None
    report: JsonObject | None = None
