"""DataMoverRun: one transfer of a DataMover."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from datamover_crds.common import (
    API_VERSION,
    WHOLE_FLOATS,
    Duration,
    JsonObject,
    Model,
    MoverName,
    ObjectName,
)
from datamover_crds.manifests import MANIFEST_RULES, ManifestConfig, Selection, removing_rule
from datamover_crds.meta import ObjectMeta, Resource
from datamover_crds.options import FILTER_RULES, BytesPerSecond, Filters, TaskOptions
from datamover_crds.reports import TaskReportConfig, Verify
from datamover_crds.rules import Transition, immutable
from datamover_crds.run_status import DataMoverRunStatus


class MoverRef(Model):
    """Names a DataMover in the same namespace."""

    name: MoverName
    """The mover's name."""


class RetryOf(Model):
    """The run that this one repeats."""

    name: ObjectName
    """The run's name."""
    attempt: Annotated[int, Field(ge=1, le=1000), WHOLE_FLOATS]
    """Which retry this is: 1 for the first."""


class DataMoverRunSpec(Model):
    """Which mover to run, and what is different this time.

    Only cancel, bytesPerSecond and ttlAfterFinished can be changed later.
    """

    rules: ClassVar = (*FILTER_RULES, *MANIFEST_RULES, removing_rule("overrideOptions"))
    transitions: ClassVar = (
        *(
            immutable(
                field, "of a run only cancel, bytesPerSecond and ttlAfterFinished can: create another run instead"
            )
            for field in (
                "moverRef",
                "overrideOptions",
                "includes",
                "excludes",
                "select",
                "manifestConfig",
                "taskReportConfig",
                "verify",
                "retryOf",
            )
        ),
        Transition(
            field_path=".cancel",
            cel="!has(oldSelf.cancel) || !oldSelf.cancel || has(self.cancel) && self.cancel",
            message="can't be taken back; create another run instead",
        ),
    )
    stand_ins: ClassVar[JsonObject] = {"moverRef": {"name": "unreadable"}}

    mover_ref: MoverRef
    """The mover to run. Can't be changed."""
    override_options: TaskOptions | None = None
    """Options for this run only; they override the mover's. Can't be changed."""
    includes: Filters | None = None
    """Replaces the mover's includes for this run; an empty list includes everything. Can't be changed."""
    excludes: Filters | None = None
    """Replaces the mover's excludes for this run; an empty list excludes nothing. Can't be changed."""
    select: Selection | None = None
    """Replaces the mover's select, or manifestConfig, for this run. Can't be changed."""
    manifest_config: ManifestConfig | None = None
    """Replaces the mover's manifestConfig, or select, for this run. Can't be changed."""
    task_report_config: TaskReportConfig | None = None
    """Replaces the mover's taskReportConfig for this run. Can't be changed."""
    verify: Verify | None = None
    """What the operator checks when the run has ended. Can't be changed."""
    cancel: bool = False
    """Stops the run. Once true it stays true."""
    bytes_per_second: BytesPerSecond | None = None
    """The bandwidth limit in bytes per second, also of an active run; -1 means no limit."""
    ttl_after_finished: Duration | None = None
    """How long after its end the run is deleted, such as `1h`. If not set: the mover's ttlAfterFinished."""
    retry_of: RetryOf | None = None
    """The run that this one repeats; the operator sets it, as the mover's `retry` says. Can't be changed."""


class DataMoverRun(Resource):
    """One transfer of a DataMover."""

    api_version: Literal["datamover.io/v1alpha1"] = API_VERSION
    """The group and version of this schema."""
    kind: Literal["DataMoverRun"] = "DataMoverRun"
    """The kind of this object."""
    metadata: ObjectMeta = Field(default_factory=ObjectMeta)
    """Standard object metadata."""
    spec: DataMoverRunSpec
    """Which mover to run, and what is different this time."""
    status: DataMoverRunStatus = Field(default_factory=DataMoverRunStatus)
    """How the run went."""
