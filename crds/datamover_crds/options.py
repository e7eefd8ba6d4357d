"""How a task transfers: DataSync's Options, filters, schedule and tags, under DataSync's own names in camelCase.

Source: https://docs.aws.amazon.com/datasync/latest/userguide/API_Options.html and the API pages beside it.
"""

import re
from typing import Annotated, ClassVar, Literal, Protocol

from pydantic import Field, JsonValue

from datamover_crds.common import INT64_MAX, Items, Model, Switch
from datamover_crds.rules import Rule
from datamover_crds.schedule_rules import SCHEDULE_RULES
from datamover_crds.words import NO_NUL, WITHOUT_NUL, NumberRule, Words

BytesPerSecond = Annotated[
    int,
    Field(ge=-1, le=INT64_MAX),  # and no WHOLE_FLOATS: the API server evaluates no rule for a float
    NumberRule(
        "self != 0",
        lambda limit: limit != 0,
        "must be at least 1, such as 1048576 for 1 MiB a second, or -1 for no limit",
    ),
]
TaskMode = Literal["BASIC", "ENHANCED"]
TimeZone = Annotated[
    str,
    Field(min_length=1, max_length=64, pattern="^[A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+)*$"),
    Words("must be the name of an IANA time zone, such as Europe/Berlin"),
]
"""The name of an IANA time zone."""


def _removes_only_what_it_compared(options: "TaskOptions") -> bool:
    return not (options.preserve_deleted_files == "REMOVE" and options.transfer_mode == "ALL")


class TaskOptions(Model):
    """How DataSync transfers data. An option that is not set is not sent: AWS's choice is left alone."""

    rules: ClassVar = (
        Rule(  # API_Options: PreserveDeletedFiles
            field_path=".preserveDeletedFiles",
            cel=(
                "!has(self.preserveDeletedFiles) || !has(self.transferMode)"
                " || self.preserveDeletedFiles != 'REMOVE' || self.transferMode != 'ALL'"
            ),
            holds=_removes_only_what_it_compared,
            message="must be PRESERVE where transferMode is ALL; REMOVE needs transferMode CHANGED",
            shown="self.preserveDeletedFiles",
        ),
    )

    verify_mode: Literal["POINT_IN_TIME_CONSISTENT", "ONLY_FILES_TRANSFERRED", "NONE"] | None = None
    """What is verified after the transfer.

    ONLY_FILES_TRANSFERRED: checksums and metadata of what was transferred. POINT_IN_TIME_CONSISTENT: the whole source
    and destination (taskMode BASIC only). NONE: nothing; integrity is still checked in transit.
    """
    overwrite_mode: Literal["ALWAYS", "NEVER"] | None = None
    """Whether files at the destination that differ from the source are overwritten. NEVER skips and counts them."""
    atime: Literal["NONE", "BEST_EFFORT"] | None = None
    """Whether the access time is preserved. BEST_EFFORT needs mtime PRESERVE, NONE needs mtime NONE."""
    mtime: Literal["NONE", "PRESERVE"] | None = None
    """Whether the modification time is preserved. Repeated runs with transferMode CHANGED need PRESERVE."""
    uid: Literal["NONE", "INT_VALUE", "NAME", "BOTH"] | None = None
    """How POSIX user IDs are preserved."""
    gid: Literal["NONE", "INT_VALUE", "NAME", "BOTH"] | None = None
    """How POSIX group IDs are preserved."""
    preserve_deleted_files: Literal["PRESERVE", "REMOVE"] | None = None
    """Whether files that are not in the source stay at the destination. REMOVE can't be used with transferMode ALL."""
    preserve_devices: Literal["NONE", "PRESERVE"] | None = None
    """Whether names and metadata of block and character devices are preserved; their content never is."""
    posix_permissions: Literal["NONE", "PRESERVE"] | None = None
    """Whether POSIX permissions are preserved."""
    bytes_per_second: BytesPerSecond | None = None
    """The bandwidth limit in bytes per second; -1 means no limit."""
    task_queueing: Switch | None = None
    """Whether a run waits in DataSync's queue while another is active, instead of being rejected.

    In a mover's options it holds for all runs, in overrideOptions for one.
    """
    log_level: Literal["OFF", "BASIC", "TRANSFER"] | None = None
    """What goes to CloudWatch Logs: nothing (OFF), errors (BASIC) or every transferred file (TRANSFER)."""
    transfer_mode: Literal["CHANGED", "ALL"] | None = None
    """CHANGED compares both sides and transfers what differs; ALL transfers everything without comparing."""
    security_descriptor_copy_flags: Literal["NONE", "OWNER_DACL", "OWNER_DACL_SACL"] | None = None
    """Which parts of SMB security descriptors are copied."""
    object_tags: Literal["PRESERVE", "NONE"] | None = None
    """Whether object tags are preserved between object storage systems."""
    object_metadata: Literal["PRESERVE", "NONE"] | None = None
    """Whether object metadata is preserved between object storage systems. NONE still preserves mtime."""


class FilterRule(Model):
    """Which files a filter matches."""

    filter_type: Literal["SIMPLE_PATTERN"] | None = None
    """The type of pattern; DataSync has only this one. If not set: SIMPLE_PATTERN."""
    value: Annotated[str, Field(min_length=1, max_length=102_400, pattern=NO_NUL), WITHOUT_NUL]
    """Patterns joined by `|`, relative to the location's subdirectory, for example `/photos*|/papers/2024`.

    In includes `*` may be used only at the end of a pattern, in excludes anywhere.
    """


Filters = Annotated[tuple[FilterRule, ...], Items(at_most=2)]
"""An empty list, which filters nothing, is another thing than none: it takes the place of a filter."""


def filters_of(rules: Filters) -> list[JsonValue]:
    """The rules as DataSync has them."""
    return [{"filterType": rule.filter_type or "SIMPLE_PATTERN", "value": rule.value} for rule in rules]


_INCLUDES_PATTERN = "^[^*|]*[*]?([|][^*|]*[*]?)*$"


_COMMA = ",/"


class _Filtering(Protocol):
    """A mover's or a run's spec."""

    includes: Filters | None
    excludes: Filters | None


def _ends_includes_only_with_stars(spec: _Filtering) -> bool:
    return all(re.fullmatch(_INCLUDES_PATTERN, rule.value) for rule in spec.includes or ())


INCLUDES_RULE = Rule(  # API_FilterRule
    field_path=".includes",
    cel=f"!has(self.includes) || self.includes.all(rule, rule.value.matches('{_INCLUDES_PATTERN}'))",
    holds=_ends_includes_only_with_stars,
    message="must be patterns joined by |, with * only as the last character of a pattern",
    shown="size(self.includes[0].value) <= 80 ? self.includes[0].value : self.includes[0].value.substring(0, 80)",
)
"""For every model with `includes`."""


def _joined_by_bars(field: str) -> tuple[Rule, Rule]:
    """DataSync takes one rule, whose patterns are joined by |; a comma is a character like any other to it."""

    def is_one(spec: _Filtering) -> bool:
        return len(getattr(spec, field) or ()) <= 1

    def has_no_comma(spec: _Filtering) -> bool:
        return not any(_COMMA in rule.value for rule in getattr(spec, field) or ())

    example = "join the patterns with |, such as /photos|/papers/2024"
    return (
        Rule(
            field_path=f".{field}",
            cel=f"!has(self.{field}) || size(self.{field}) <= 1",
            holds=is_one,
            message=f"must have at most one rule; {example}",
        ),
        Rule(
            field_path=f".{field}",
            cel=f"!has(self.{field}) || !self.{field}.exists(rule, rule.value.contains('{_COMMA}'))",
            holds=has_no_comma,
            message=f"patterns must not be separated by commas; {example}",
        ),
    )


FILTER_RULES = (INCLUDES_RULE, *_joined_by_bars("includes"), *_joined_by_bars("excludes"))
"""For every model with `includes` and `excludes`."""

TagKey = Annotated[
    str,
    Field(min_length=1, max_length=256, pattern="^[a-zA-Z0-9 +=._:/-]+$"),
    Words("must be the key of a tag, such as cost-centre: letters, digits, spaces and + - = . _ : /"),
]
TagValue = Annotated[
    str,
    Field(max_length=256, pattern="^[a-zA-Z0-9 +=._:@/-]*$"),
    Words("must be the value of a tag, such as team-a: letters, digits, spaces and + - = . _ : / @"),
]


def _is_the_users_key(tag: "Tag") -> bool:
    return not (tag.key.lower().startswith("aws:") or tag.key.startswith("datamover.io/"))


class Tag(Model):
    """A tag on everything that the operator creates in AWS for the mover."""

    rules: ClassVar = (
        Rule(
            field_path=".key",
            cel="!self.key.lowerAscii().startsWith('aws:') && !self.key.startsWith('datamover.io/')",
            holds=_is_the_users_key,
            message=(
                "must start neither with aws:, which AWS reserves, nor with datamover.io/, which the operator reserves"
            ),
            shown="self.key",
        ),
    )

    key: TagKey
    """The key. AWS reserves keys that start with `aws:`, the operator those that start with `datamover.io/`."""
    value: TagValue | None = None
    """The value. If not set: empty."""


def _has_hours_of_a_zone(schedule: "Schedule") -> bool:
    return schedule.time_zone is None or schedule.schedule_expression.startswith("cron(")


class Schedule(Model):
    """When DataSync starts the task on its own."""

    rules: ClassVar = (
        *SCHEDULE_RULES,
        Rule(
            field_path=".timeZone",
            cel="!has(self.timeZone) || self.scheduleExpression.startsWith('cron(')",
            holds=_has_hours_of_a_zone,
            message="can be set only with cron(…): rate(…) counts hours, which are the same everywhere",
            shown="self.timeZone",
        ),
    )

    schedule_expression: Annotated[str, Field(min_length=1, max_length=256)]
    """`cron(minute hour day-of-month month day-of-week year)`, in UTC or timeZone, or `rate(number unit)`.

    Starts are at least 1 hour apart.
    """
    time_zone: TimeZone | None = None
    """The IANA time zone of the expression, such as `Europe/Berlin`. If not set: UTC.

    DataSync knows only UTC: the operator sets the task's expression for the zone's present offset, and sets it anew
    when the clocks have changed.
    """
    status: Switch | None = None
    """DISABLED keeps the schedule but starts nothing. If not set: ENABLED."""
