"""DataMover: a source, a destination and how data moves between them."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from datamover_crds.common import (
    API_VERSION,
    NAME_MAX,
    WHOLE_FLOATS,
    Arn,
    Count,
    Duration,
    FreeForm,
    Items,
    JsonObject,
    Model,
    ObjectName,
    RoleArn,
    Text,
    Timestamp,
)
from datamover_crds.locations import LOCATIONS, Location
from datamover_crds.locations.pairs import pair_rules
from datamover_crds.meta import Conditions, ObjectMeta, Resource
from datamover_crds.options import INCLUDES_RULE, Filters, Schedule, Tag, TaskMode, TaskOptions
from datamover_crds.rules import Rule, immutable
from datamover_crds.run import Phase

Part = Literal["task", "source", "destination", "sourceRole", "destinationRole"]


class AccountRef(Model):
    """Names a DataMoverAccount."""

    name: ObjectName
    """The account's name."""


class Trigger(Model):
    """Starts runs on request."""

    manual: Annotated[str, Field(min_length=1, max_length=253)]
    """Any token. A new one starts a run; the same one again does not."""


class RunHistory(Model):
    """Which ended runs are kept."""

    limit: Annotated[int, Field(ge=0, le=500), WHOLE_FLOATS] = 10
    """How many ended runs are kept; the oldest are deleted first."""
    max_age: Duration | None = None
    """How long an ended run is kept, such as `720h` or `30d`. If not set, as long as limit allows."""


class Adopt(Model):
    """Takes over an existing task."""

    task_arn: Arn
    """The ARN of the task; its locations are taken over with it."""
    own: bool = False
    """Whether the task and its locations are deleted with the mover, like those that the operator created.

    What another mover manages stays with that mover.
    """


def _pairs_atime_with_mtime(spec: "DataMoverSpec") -> bool:
    keeps_atime = spec.options.atime != "NONE"
    keeps_mtime = spec.options.mtime != "NONE"
    return spec.task_mode == "ENHANCED" or keeps_atime == keeps_mtime


_AS_CREATED = "create another mover instead"


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
        INCLUDES_RULE,
        *pair_rules(LOCATIONS),
    )
    transitions: ClassVar = (immutable("accountRef", _AS_CREATED), immutable("taskMode", _AS_CREATED))
    stand_ins: ClassVar[JsonObject] = {
        "accountRef": {"name": "unreadable"},
        "source": {"s3": {"s3BucketArn": "arn:aws:s3:::unreadable"}},
        "destination": {"s3": {"s3BucketArn": "arn:aws:s3:::unreadable"}},
    }

    account_ref: AccountRef
    """The DataMoverAccount to use. Can't be changed."""
    name: Annotated[str, Field(min_length=1, max_length=256, pattern="^[a-zA-Z0-9 +=._:@/-]+$")] | None = None
    """The task's name in DataSync. If not set, the object's name."""
    source: Location
    """Where data is read from."""
    destination: Location
    """Where data is written to."""
    tags: Annotated[tuple[Tag, ...], Items(at_most=46, key="key")] = ()
    """Tags on everything that the operator creates in AWS for this mover."""
    options: TaskOptions = Field(default_factory=TaskOptions)
    """How DataSync transfers data."""
    includes: Filters = ()
    """Transfer only what this filter matches. `*` may be used only at the end of a pattern."""
    excludes: Filters = ()
    """Leave out what this filter matches."""
    task_mode: TaskMode | None = None
    """DataSync's task mode. If not set, AWS chooses. Can't be changed."""
    cloud_watch_log_group_arn: Annotated[str, Field(min_length=5, max_length=562, pattern="^arn:")] | None = None
    """The ARN of the CloudWatch log group that the task logs to."""
    schedule: Schedule | None = None
    """When DataSync starts the task on its own."""
    trigger: Trigger | None = None
    """Starts runs on request; can be combined with schedule."""
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


class RunRef(Model):
    """A run of this mover."""

    name: ObjectName
    """The run's name."""
    uid: Text
    """The run's uid."""
    execution_arn: Arn | None = None
    """The ARN of its task execution, once it has started."""
    start_time: Timestamp | None = None
    """When it started."""


class RunSummary(Model):
    """How a run ended."""

    name: ObjectName
    """The run's name."""
    phase: Phase
    """The phase in which it ended."""
    execution_arn: Arn | None = None
    """The ARN of its task execution."""
    start_time: Timestamp | None = None
    """When it started."""
    completion_time: Timestamp | None = None
    """When it ended."""
    bytes_transferred: Count | None = None
    """How many bytes were sent over the network, before compression."""
    files_transferred: Count | None = None
    """How many files were transferred."""


class Retired(Model):
    """A replaced resource that is still to be deleted from AWS."""

    arn: RoleArn
    """Its ARN."""
    kind: Literal["task", "location", "role"]
    """Its type."""


class Intent(Model):
    """What the operator may have sent to AWS without having recorded the result yet."""

    instance: Text
    """The operator process that wrote the intent."""
    nonce: Text
    """The value of the nonce tag on what these calls create."""
    generation: Count
    """The metadata.generation that was planned from."""
    calls: Annotated[tuple[Text, ...], Items(at_most=32)] = ()
    """The calls that may be sent."""


class ObservedMover(Model):
    """The latest output of DataSync's Describe calls, in camelCase."""

    task: FreeForm | None = None
    """DescribeTask."""
    source: FreeForm | None = None
    """DescribeLocation of the source."""
    destination: FreeForm | None = None
    """DescribeLocation of the destination."""


class DataMoverStatus(Model):
    """What the operator did and observed; all of it can be rebuilt from AWS."""

    observed_generation: Count | None = None
    """The metadata.generation that was last acted on."""
    conditions: Conditions = ()
    """Ready, Reconciling and Stalled."""
    task_arn: Arn | None = None
    """The ARN of the task."""
    source_location_arn: Arn | None = None
    """The ARN of the source location."""
    destination_location_arn: Arn | None = None
    """The ARN of the destination location."""
    source_role_arn: RoleArn | None = None
    """The ARN of the role that DataSync uses at the source."""
    destination_role_arn: RoleArn | None = None
    """The ARN of the role that DataSync uses at the destination."""
    source_secret_hash: Text | None = None
    """A keyed hash of the secrets that the source location was last given: it tells only whether they have changed."""
    destination_secret_hash: Text | None = None
    """A keyed hash of the secrets that the destination location was last given: it tells only whether they changed."""
    owned: Annotated[tuple[Part, ...], Items(at_most=5)] = ()
    """Which of these resources are deleted with the mover."""
    declared: Annotated[tuple[Text, ...], Items(at_most=256)] = ()
    """The optional fields that were last applied in AWS; one that is removed from the spec returns to its default."""
    retired: Annotated[tuple[Retired, ...], Items(at_most=64)] = ()
    """Replaced resources that are still to be deleted."""
    intent: Intent | None = None
    """What may have been sent to AWS without its result being recorded."""
    observed: ObservedMover | None = None
    """The latest output of DataSync's Describe calls."""
    current_run: RunRef | None = None
    """The run that has claimed the task."""
    queued_runs: Annotated[tuple[RunRef, ...], Items(at_most=100)] = ()
    """The runs that are waiting in DataSync's queue."""
    last_run: RunSummary | None = None
    """The run that ended last."""
    last_successful_time: Timestamp | None = None
    """When a run last succeeded."""
    last_trigger: Annotated[str, Field(max_length=253)] | None = None
    """The trigger.manual token that was last acted on."""
    next_scheduled_time: Timestamp | None = None
    """When the schedule starts the task next."""
    pruned_before: Timestamp | None = None
    """Executions that started before this time are no longer recorded as runs."""


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
