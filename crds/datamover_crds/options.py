"""How a task transfers: DataSync's Options, filters, schedule and tags, under DataSync's own names in camelCase.

Source: https://docs.aws.amazon.com/datasync/latest/userguide/API_Options.html and the API pages beside it.
"""

from typing import Annotated, Literal

from pydantic import Field

from datamover_crds.common import INT64_MAX, WHOLE_FLOATS, Items, Model, Switch

BytesPerSecond = Annotated[int, Field(ge=-1, le=INT64_MAX), WHOLE_FLOATS]
TaskMode = Literal["BASIC", "ENHANCED"]


class TaskOptions(Model):
    """How DataSync transfers. An option that is not given is not sent: AWS chooses, and drift in it is left alone."""

    verify_mode: Literal["POINT_IN_TIME_CONSISTENT", "ONLY_FILES_TRANSFERRED", "NONE"] | None = None
    """What is compared after the transfer.

    ONLY_FILES_TRANSFERRED: checksum and metadata of what was transferred. POINT_IN_TIME_CONSISTENT: all of both sides
    (taskMode BASIC only). NONE: nothing; integrity is still checked on the wire.
    """
    overwrite_mode: Literal["ALWAYS", "NEVER"] | None = None
    """Whether data at the destination is overwritten where the source differs. NEVER skips and counts such files."""
    atime: Literal["NONE", "BEST_EFFORT"] | None = None
    """Whether the time of last access is kept. BEST_EFFORT goes with mtime PRESERVE, NONE with mtime NONE."""
    mtime: Literal["NONE", "PRESERVE"] | None = None
    """Whether the time of last modification is kept. Repeated runs with transferMode CHANGED need PRESERVE."""
    uid: Literal["NONE", "INT_VALUE", "NAME", "BOTH"] | None = None
    """Which form of the POSIX user id is kept."""
    gid: Literal["NONE", "INT_VALUE", "NAME", "BOTH"] | None = None
    """Which form of the POSIX group id is kept."""
    preserve_deleted_files: Literal["PRESERVE", "REMOVE"] | None = None
    """Whether files that the source does not have stay at the destination. REMOVE can't go with transferMode ALL."""
    preserve_devices: Literal["NONE", "PRESERVE"] | None = None
    """Whether names and metadata of block and character devices are kept; their content never is."""
    posix_permissions: Literal["NONE", "PRESERVE"] | None = None
    """Whether POSIX permissions are kept."""
    bytes_per_second: BytesPerSecond | None = None
    """The bandwidth limit in bytes per second; -1 for none."""
    task_queueing: Switch | None = None
    """Whether a run waits in DataSync's queue while another runs. In a run's overrideOptions ENABLED asks to queue."""
    log_level: Literal["OFF", "BASIC", "TRANSFER"] | None = None
    """What goes to CloudWatch Logs: nothing, errors (BASIC) or every file transferred (TRANSFER)."""
    transfer_mode: Literal["CHANGED", "ALL"] | None = None
    """CHANGED compares both sides and transfers what differs; ALL transfers everything without comparing."""
    security_descriptor_copy_flags: Literal["NONE", "OWNER_DACL", "OWNER_DACL_SACL"] | None = None
    """Which parts of SMB security descriptors are copied."""
    object_tags: Literal["PRESERVE", "NONE"] | None = None
    """Whether object tags are kept between object storages."""
    object_metadata: Literal["PRESERVE", "NONE"] | None = None
    """Whether object metadata is kept between object storages. NONE still keeps the time of last modification."""


class FilterRule(Model):
    """Which files a filter names."""

    filter_type: Literal["SIMPLE_PATTERN"] = "SIMPLE_PATTERN"
    """The kind of pattern; DataSync has one."""
    value: Annotated[str, Field(min_length=1, max_length=102_400, pattern="^[^\\x00]+$")]
    """Patterns joined by `|`, relative to the location's subdirectory, for instance `/photos*|/papers/2024`.

    In includes `*` may stand at the end of a pattern only, in excludes anywhere.
    """


Filters = Annotated[tuple[FilterRule, ...], Items(at_most=1)]


class Tag(Model):
    """A tag on everything the operator makes in AWS for the mover."""

    key: Annotated[str, Field(min_length=1, max_length=256, pattern="^[a-zA-Z0-9 +=._:/-]+$")]
    """The key. Keys that start with `aws:` are AWS's, with `datamover.io/` the operator's."""
    value: Annotated[str, Field(max_length=256, pattern="^[a-zA-Z0-9 +=._:@/-]*$")] = ""
    """The value."""


class Schedule(Model):
    """When DataSync itself starts the task."""

    schedule_expression: Annotated[str, Field(min_length=1, max_length=256)]
    """In UTC: `cron(minute hour day-of-month month day-of-week year)` or `rate(number unit)`, at least 1 hour apart."""
    status: Switch | None = None
    """DISABLED keeps the schedule without starting by it. Not given: ENABLED."""
