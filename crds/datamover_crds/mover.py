"""DataMover: a source, a destination and how data moves between them."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from datamover_crds.common import (
    API_VERSION,
    NAME_MAX,
    Arn,
    Duration,
    Items,
    JsonObject,
    Model,
    ObjectName,
)
from datamover_crds.locations import LOCATIONS, Location
from datamover_crds.locations.marks import ArnOf
from datamover_crds.locations.overlap import overlap_rules
from datamover_crds.locations.pairs import pair_rules
from datamover_crds.manifests import MANIFEST_RULES, ManifestConfig, Selection, removing_rule
from datamover_crds.meta import ObjectMeta, Resource
from datamover_crds.mover_status import DataMoverStatus
from datamover_crds.notify import Notifies
from datamover_crds.options import FILTER_RULES, Filters, Schedule, Tag, TaskMode, TaskOptions
from datamover_crds.reports import TaskReportConfig
from datamover_crds.rules import Rule, fixed_once
from datamover_crds.run_policy import ConcurrencyPolicy, Retry, RunHistory, Timeouts, Trigger
from datamover_crds.words import Words

TaskName = Annotated[
    str,
    Field(min_length=1, max_length=256, pattern="^[a-zA-Z0-9 +=._:@/-]+$"),
    Words("must be the name of a task, such as nightly copy: letters, digits, spaces and + - = . _ : / @"),
]


class AccountRef(Model):
    """Names a DataMoverAccount."""

    name: ObjectName
    """The account's name."""


class Adopt(Model):
    """Takes over an existing task."""

    task_arn: Annotated[Arn, ArnOf("task")]
    """The ARN of the task; its locations are taken over with it."""
    own: bool = False
    """Whether the task and its locations are deleted with the mover, like those that the operator created.

    What another mover manages stays with that mover.
    """


def _pairs_atime_with_mtime(spec: "DataMoverSpec") -> bool:
    keeps_atime = spec.options.atime != "NONE"
    keeps_mtime = spec.options.mtime != "NONE"
    return spec.task_mode == "ENHANCED" or keeps_atime == keeps_mtime


def _selects_in_a_bucket(spec: "DataMoverSpec") -> bool:
    return spec.select is None or spec.source.s3 is not None


def _selects_before_each_run(spec: "DataMoverSpec") -> bool:
    return spec.select is None or spec.schedule is None


def _verifies_as_its_mode_can(spec: "DataMoverSpec") -> bool:
    return not (spec.task_mode == "ENHANCED" and spec.options.verify_mode == "POINT_IN_TIME_CONSISTENT")


_TASK_MADE = (
    "has(oldSelf.status) && (has(oldSelf.status.taskArn) || has(oldSelf.status.intent)"
    " || has(oldSelf.status.bookkeeping) && has(oldSelf.status.bookkeeping.intent))"
)
_SOMETHING_MADE = (
    f"{_TASK_MADE} || has(oldSelf.status) && (has(oldSelf.status.sourceLocationArn)"
    " || has(oldSelf.status.destinationLocationArn) || has(oldSelf.status.sourceRoleArn)"
    " || has(oldSelf.status.destinationRoleArn) || has(oldSelf.status.retired)"
    " || has(oldSelf.status.bookkeeping) && has(oldSelf.status.bookkeeping.retired))"
)
"""The operator has, or may have, created something: an open intent may stand for it."""


class DataMoverSpec(Model):
    """What is moved, from where to where, and how."""

    rules: ClassVar = (
        Rule(  # API_Options: Atime, Mtime, whose defaults are BEST_EFFORT and PRESERVE
            field_path=".options",
            cel=(
                "has(self.taskMode) && self.taskMode == 'ENHANCED' || !has(self.options)"
                " || (has(self.options.atime) && self.options.atime == 'NONE')"
                " == (has(self.options.mtime) && self.options.mtime == 'NONE')"
            ),
            holds=_pairs_atime_with_mtime,
            message=(
                "atime and mtime must go together unless taskMode is ENHANCED: atime BEST_EFFORT (or not set) with "
                "mtime PRESERVE (or not set), or atime NONE with mtime NONE"
            ),
            shown=(
                "'atime ' + (has(self.options.atime) ? self.options.atime : 'not set')"
                " + ' with mtime ' + (has(self.options.mtime) ? self.options.mtime : 'not set')"
            ),
        ),
        *FILTER_RULES,
        Rule(  # API_Options: VerifyMode
            field_path=".options.verifyMode",
            cel=(
                "!has(self.taskMode) || self.taskMode != 'ENHANCED' || !has(self.options)"
                " || !has(self.options.verifyMode) || self.options.verifyMode != 'POINT_IN_TIME_CONSISTENT'"
            ),
            holds=_verifies_as_its_mode_can,
            message="must be ONLY_FILES_TRANSFERRED or NONE where taskMode is ENHANCED",
            shown="self.options.verifyMode",
        ),
        *MANIFEST_RULES,
        removing_rule("options"),
        Rule(
            field_path=".select",
            cel="!has(self.select) || has(self.source.s3)",
            holds=_selects_in_a_bucket,
            message="can be set only where the source is s3",
        ),
        Rule(
            field_path=".schedule",
            cel="!has(self.select) || !has(self.schedule)",
            holds=_selects_before_each_run,
            message="can't be combined with select: DataSync's own starts would transfer everything",
        ),
        *pair_rules(LOCATIONS),
        *overlap_rules(LOCATIONS),
    )
    stand_ins: ClassVar[JsonObject] = {
        "accountRef": {"name": "unreadable"},
        "source": {"s3": {"s3BucketArn": "arn:aws:s3:::unreadable"}},
        "destination": {"s3": {"s3BucketArn": "arn:aws:s3:::unreadable-too"}},
    }

    account_ref: AccountRef
    """The DataMoverAccount to use. Can be changed only until something has been created in AWS."""
    name: TaskName | None = None
    """The task's name in DataSync. If not set, the object's name."""
    source: Location
    """Where data is read from."""
    destination: Location
    """Where data is written to."""
    allow_overlap: bool = False
    """Whether source and destination may be the same place, or one a folder within the other.

    Otherwise that is refused as a mistake: each run would find what the one before it has written.
    """
    tags: Annotated[tuple[Tag, ...], Items(at_most=46, key="key")] | None = None
    """Tags on everything that the operator creates in AWS for this mover, such as `[{key: team, value: a}]`.

    A task that replaces another keeps the tags that others have put on it; an empty list leaves them out.
    """
    options: TaskOptions = Field(default_factory=TaskOptions)
    """How DataSync transfers data."""
    includes: Filters | None = None
    """Transfer only what this filter matches. `*` may be used only at the end of a pattern.

    An empty list removes a filter that the task has; if not set, it stays.
    """
    excludes: Filters | None = None
    """Leave out what this filter matches. An empty list removes a filter that the task has; if not set, it stays."""
    select: Selection | None = None
    """Transfer only the objects that meet these conditions, which the operator looks for before each run.

    What is started otherwise, in the AWS console for example, transfers everything.
    """
    manifest_config: ManifestConfig | None = None
    """Transfer only the files that a manifest lists. If it is removed, everything is transferred again."""
    task_report_config: TaskReportConfig | None = None
    """Have DataSync write a report on each run. If it is removed, there are no reports any more."""
    task_mode: TaskMode | None = None
    """DataSync's task mode. If not set, AWS chooses. Can be changed only until the task has been created."""
    cloud_watch_log_group_arn: Annotated[
        Annotated[str, Field(min_length=5, max_length=562, pattern="^arn:")] | None, ArnOf("log_group")
    ] = None
    """The ARN of the CloudWatch log group that the task logs to. Nothing is logged unless options.logLevel is set."""
    schedule: Schedule | None = None
    """When DataSync starts the task on its own."""
    trigger: Trigger | None = None
    """Starts runs on request or at an interval; can be combined with schedule."""
    concurrency_policy: ConcurrencyPolicy | None = None
    """What becomes of a run that is to start while another run of the mover is active.

    Forbid: it is Rejected. Queue: it waits; runs start in the order of their creation. Replace: the active run is
    cancelled, and the new one starts when it has ended; of several new runs the last one counts. If not set: a run of
    trigger.manual waits, and any other run is Rejected. Retries always wait, and so does a run with taskQueueing
    ENABLED, in DataSync's own queue.
    """
    retry: Retry | None = None
    """Repeats runs that ended badly. If not set, none is."""
    timeouts: Timeouts | None = None
    """How long the parts of a run may take. If not set, there is no limit."""
    notify: Notifies = ()
    """Whom to notify when something happens to the mover or its runs, beside those that the account names."""
    ttl_after_finished: Duration | None = None
    """How long after its end a run is deleted, such as `7d`, also one that you created yourself.

    If not set, runs that you create are kept, and runHistory says how many of the others are.
    """
    suspend: bool = False
    """While true, no run is started and the schedule is disabled; everything else is still reconciled.

    If a run is active, the schedule is disabled when it ends: DataSync does not allow it before.
    """
    deletion_policy: Literal["Delete", "Retain"] = "Delete"
    """Whether deleting the mover deletes what it owns in AWS or keeps it."""
    run_history: RunHistory = RunHistory()
    """Which ended runs are kept."""
    adopt: Adopt | None = None
    """Takes over an existing task instead of creating one."""


def _has_label_sized_name(mover: "DataMover") -> bool:
    return len(mover.metadata.name) <= NAME_MAX


class DataMover(Resource):
    """Moves data from a source to a destination with AWS DataSync."""

    rules: ClassVar = (
        Rule(
            field_path=".metadata.name",
            cel=f"size(self.metadata.name) <= {NAME_MAX}",
            holds=_has_label_sized_name,
            message=f"a name must have at most {NAME_MAX} characters, because runs carry it as a label",
            shown="self.metadata.name",
        ),
    )
    transitions: ClassVar = (
        fixed_once(
            _SOMETHING_MADE,
            "spec.accountRef",
            "can no longer be changed: the operator has begun to create the mover's resources in that account; create "
            "another DataMover for the other account, and delete this one",
        ),
        fixed_once(
            _TASK_MADE,
            "spec.taskMode",
            "can no longer be changed: the task exists, and DataSync can't change its mode; create another DataMover "
            "with the other mode, and delete this one",
        ),
    )

    api_version: Literal["datamover.io/v1alpha1"] = API_VERSION
    """The group and version of this schema."""
    kind: Literal["DataMover"] = "DataMover"
    """The kind of this object."""
    metadata: ObjectMeta = Field(default_factory=ObjectMeta)
    """Standard object metadata; the name has at most 63 characters."""
    spec: DataMoverSpec
    """What is moved, from where to where, and how."""
    status: DataMoverStatus = Field(default_factory=DataMoverStatus)
    """What the operator did and observed."""
