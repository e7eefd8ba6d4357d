"""The catalogue's records. Frozen: a change replaces the record, so a reader never sees half of one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from datasync_emulator.catalogue.locations import LocationSpec
from datasync_emulator.messages import JsonObject


@dataclass(frozen=True, slots=True)
class Agent:
    """A DataSync agent; `mode` is the task mode that it serves, `endpoint` its PrivateLinkConfig."""

    arn: str
    serial: int
    created: datetime
    name: str | None
    mode: str
    endpoint: JsonObject | None
    last_seen: datetime
    online: bool = True

    @property
    def id(self) -> str:
        """The id, such as agent-0123456789abcdef0."""
        return self.arn.rpartition("/")[2]


@dataclass(frozen=True, slots=True)
class Location:
    """A DataSync location; `serial` orders records by creation."""

    arn: str
    serial: int
    created: datetime
    spec: LocationSpec

    @property
    def id(self) -> str:
        """The id, such as loc-0123456789abcdef0."""
        return self.arn.rpartition("/")[2]

    @property
    def region(self) -> str:
        """The Region that it is in."""
        return self.arn.split(":")[3]


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

    @property
    def id(self) -> str:
        """The id, such as task-0123456789abcdef0."""
        return self.arn.rpartition("/")[2]
