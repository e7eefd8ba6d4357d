"""What the operator records on a DataMover: what it has in AWS, its runs, and how it is."""

from typing import Annotated, Literal

from pydantic import Field, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from datamover_crds.common import (
    WHOLE_FLOATS,
    Arn,
    Count,
    FreeForm,
    Items,
    JsonObject,
    Model,
    ObjectName,
    RoleArn,
    Text,
    Timestamp,
)
from datamover_crds.meta import Conditions
from datamover_crds.notify import Deliveries
from datamover_crds.run_status import Phase

Part = Literal["task", "source", "destination", "sourceRole", "destinationRole"]


class MoverInWords(Model):
    """What a mover moves, short enough for a column."""

    state: Text | None = None
    """What it is about, and how far the active run has got: `Running 47%`."""
    source: Text | None = None
    """Where data is read from: a file system without its Region, and a long URI with `…` in its middle."""
    destination: Text | None = None
    """Where data is written to, likewise."""
    schedule: Text | None = None
    """When DataSync starts it: the fields of `cron(…)`, or `every 12h`; a long one with `…` in its middle."""
    next: Text | None = None
    """When the schedule starts it next, in UTC, such as `12-31 02:00Z`."""


class RunRef(Model):
    """A run of this mover."""

    name: ObjectName
    """The run's name."""
    uid: Text
    """The run's uid."""
    execution_arn: Arn | None = None
    """The ARN of its task execution, once it has started."""
    percent: Annotated[int, Field(ge=0, le=100), WHOLE_FLOATS] | None = None
    """How much of its estimated work is done, in percent."""
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


class Bookkeeping(Model):
    """The operator's own notes: what it needs to remember, and AWS can't tell in so many words."""

    owned: Annotated[tuple[Part, ...], Items(at_most=5)] = ()
    """Which of the resources in AWS are deleted with the mover."""
    existing_locations: Annotated[tuple[Literal["source", "destination"], ...], Items(at_most=2)] = ()
    """Which of the locations somebody else looks after (existingLocationArn)."""
    declared: Annotated[tuple[Text, ...], Items(at_most=256)] = ()
    """The optional fields that were last applied in AWS; one that is removed from the spec returns to its default."""
    retired: Annotated[tuple[Retired, ...], Items(at_most=64)] = ()
    """Replaced resources that are still to be deleted."""
    intent: Intent | None = None
    """What may have been sent to AWS without its result being recorded."""
    source_secret_hash: Text | None = None
    """A keyed hash of the secrets that the source location was last given: it tells only whether they have changed."""
    destination_secret_hash: Text | None = None
    """A keyed hash of the secrets that the destination location was last given: it tells only whether they changed."""
    pruned_before: Timestamp | None = None
    """Executions that started before this time are no longer recorded as runs."""


class DataMoverStatus(Model):
    """What the operator did and observed; all of it can be rebuilt from AWS."""

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """Keep the members of Bookkeeping where earlier versions wrote them: the API server would drop them."""
        reference = super().__get_pydantic_json_schema__(schema, handler)
        members = handler.resolve_ref_schema(reference)["properties"]
        moved = handler.resolve_ref_schema(members["bookkeeping"])["properties"]
        members |= {name: member | {"description": f"Moved to bookkeeping.{name}."} for name, member in moved.items()}
        return reference

    @classmethod
    def current_form(cls, members: JsonObject) -> JsonObject:
        """Read the members of Bookkeeping where earlier versions wrote them, too."""
        moved = {str(field.alias) for field in Bookkeeping.model_fields.values()} & members.keys()
        if not moved:
            return members
        kept = members.get("bookkeeping")
        notes: JsonObject = {name: members[name] for name in moved} | (kept if isinstance(kept, dict) else {})
        return {name: value for name, value in members.items() if name not in moved} | {"bookkeeping": notes}

    observed_generation: Count | None = None
    """The metadata.generation that was last acted on."""
    conditions: Conditions = ()
    """Ready, Reconciling and Stalled; also StartRefused, if the last run could not be started."""
    state: Text | None = None
    """What the mover is about, in one word: Ready, Running, Suspended, StartRefused, LastRunFailed, Deleting, or why
    it is not Ready."""
    source_uri: Text | None = None
    """Where data is read from, as DataSync writes it."""
    destination_uri: Text | None = None
    """Where data is written to, as DataSync writes it."""
    in_words: MoverInWords | None = None
    """State, URIs and schedule as kubectl's columns show them."""
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
    observed: ObservedMover | None = None
    """The latest output of DataSync's Describe calls."""
    notifications: Deliveries = ()
    """The newest notifications of events of the mover itself; those of a run are in the run's status."""
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
    last_missed_time: Timestamp | None = None
    """When the schedule should have started the task last without any run having started."""
    bookkeeping: Annotated[Bookkeeping, Field(exclude_if=lambda kept: kept == Bookkeeping())] = Bookkeeping()
    """The operator's own notes, of no use to anybody else."""
