"""How a DataMoverRun went."""

from typing import Annotated, Literal

from pydantic import Field

from datamover_crds.common import (
    WHOLE_FLOATS,
    Arn,
    Count,
    Model,
    OpenModel,
    Text,
    Timestamp,
)
from datamover_crds.meta import Conditions
from datamover_crds.notify import Deliveries
from datamover_crds.reports import RunComparison, RunReport, RunSelection

Phase = Literal[
    "Pending",
    "Queued",
    "Launching",
    "Preparing",
    "Transferring",
    "Verifying",
    "Cancelling",
    "Succeeded",
    "Failed",
    "Cancelled",
    "Rejected",
    "Unknown",
]
PhaseStatus = Literal["PENDING", "SUCCESS", "ERROR"]


class ProgressInWords(Model):
    """The same for people, such as columns of `kubectl get`."""

    size: Text | None = None
    """How much has been written, such as `28 of 60 MiB`."""
    files: Text | None = None
    """How many files have been transferred, such as `1,204 of 2,372 files`."""
    rate: Text | None = None
    """How fast, such as `1.0 MiB/s`."""
    remaining: Text | None = None
    """How long it will still take, such as `30 s`."""


class Progress(Model):
    """How far the run has got."""

    percent: Annotated[int, Field(ge=0, le=100), WHOLE_FLOATS] | None = None
    """How much of the estimated work is done, in percent."""
    bytes_done: Count | None = None
    """How many bytes have been written at the destination."""
    bytes_total: Count | None = None
    """How many bytes DataSync expects to write; absent until it has listed both sides."""
    files_done: Count | None = None
    """How many files have been transferred."""
    files_total: Count | None = None
    """How many files DataSync expects to transfer; absent until it has listed both sides."""
    bytes_per_second: Count | None = None
    """How many bytes a second were written of late, while the run transfers."""
    files_per_second: Count | None = None
    """How many files a second were transferred of late, while the run transfers."""
    estimated_completion_time: Timestamp | None = None
    """When everything will have been transferred at that rate. Verifying comes after that."""
    in_words: ProgressInWords | None = None
    """The same for people."""


class PhaseTimes(Model):
    """When the run was first seen in each phase."""

    queued: Timestamp | None = None
    """In DataSync's queue."""
    launching: Timestamp | None = None
    """Being launched."""
    preparing: Timestamp | None = None
    """Comparing source and destination."""
    transferring: Timestamp | None = None
    """Transferring."""
    verifying: Timestamp | None = None
    """Verifying."""
    cancelling: Timestamp | None = None
    """Being cancelled."""


class FilesListed(OpenModel):
    """How many items DataSync found (TaskExecutionFilesListedDetail)."""

    at_source: Count | None = None
    """At the source."""
    at_destination_for_delete: Count | None = None
    """At the destination, if preserveDeletedFiles is REMOVE."""


class FilesFailed(OpenModel):
    """How many items failed, by stage (TaskExecutionFilesFailedDetail)."""

    prepare: Count | None = None
    """While preparing."""
    transfer: Count | None = None
    """While transferring."""
    verify: Count | None = None
    """While verifying."""
    delete: Count | None = None
    """While deleting."""


class FoldersFailed(FilesFailed):
    """How many folders failed, by stage (TaskExecutionFoldersFailedDetail)."""

    list: Count | None = None
    """While listing."""


class Counters(OpenModel):
    """DataSync's counters, under its own names in camelCase (API_DescribeTaskExecution).

    Counters that DataSync has got since are kept, too.
    """

    estimated_files_to_transfer: Count | None = None
    """Files (in taskMode BASIC also folders) that DataSync expects to transfer."""
    estimated_bytes_to_transfer: Count | None = None
    """Bytes that DataSync expects to write."""
    estimated_files_to_delete: Count | None = None
    """Files that DataSync expects to delete at the destination."""
    estimated_folders_to_transfer: Count | None = None
    """Folders that DataSync expects to transfer; taskMode ENHANCED only."""
    estimated_folders_to_delete: Count | None = None
    """Folders that DataSync expects to delete; taskMode ENHANCED only."""
    files_transferred: Count | None = None
    """Files transferred."""
    bytes_transferred: Count | None = None
    """Bytes sent over the network, before compression."""
    bytes_written: Count | None = None
    """Logical bytes written at the destination."""
    bytes_compressed: Count | None = None
    """Bytes on the wire, after compression."""
    files_deleted: Count | None = None
    """Files deleted at the destination."""
    files_skipped: Count | None = None
    """Files skipped."""
    files_verified: Count | None = None
    """Files verified."""
    files_prepared: Count | None = None
    """Files prepared; taskMode ENHANCED only."""
    files_listed: FilesListed | None = None
    """Files listed; taskMode ENHANCED only."""
    files_failed: FilesFailed | None = None
    """Files that failed; taskMode ENHANCED only."""
    folders_transferred: Count | None = None
    """Folders transferred; taskMode ENHANCED only."""
    folders_deleted: Count | None = None
    """Folders deleted at the destination; taskMode ENHANCED only."""
    folders_skipped: Count | None = None
    """Folders skipped; taskMode ENHANCED only."""
    folders_verified: Count | None = None
    """Folders verified; taskMode ENHANCED only."""
    folders_prepared: Count | None = None
    """Folders prepared; taskMode ENHANCED only."""
    folders_listed: FilesListed | None = None
    """Folders listed; taskMode ENHANCED only."""
    folders_failed: FoldersFailed | None = None
    """Folders that failed; taskMode ENHANCED only."""


class RunResult(Model):
    """How the execution went, stage by stage (TaskExecutionResultDetail). Durations are in milliseconds."""

    prepare_duration: Count | None = None
    """How long preparing took, in milliseconds."""
    prepare_status: PhaseStatus | None = None
    """How preparing went."""
    total_duration: Count | None = None
    """How long the execution took, in milliseconds."""
    transfer_duration: Count | None = None
    """How long transferring took, in milliseconds."""
    transfer_status: PhaseStatus | None = None
    """How transferring went."""
    verify_duration: Count | None = None
    """How long verifying took, in milliseconds."""
    verify_status: PhaseStatus | None = None
    """How verifying went."""
    error_code: Text | None = None
    """DataSync's error code."""
    error_detail: Annotated[str, Field(max_length=32768)] | None = None
    """DataSync's description of the error."""


class DataMoverRunStatus(Model):
    """How the run went."""

    observed_generation: Count | None = None
    """The metadata.generation that was last acted on."""
    conditions: Conditions = ()
    """Ready, Reconciling and Stalled; when the run has ended, also Complete or Failed, as a Job has them."""
    phase: Phase | None = None
    """The phase of the run. Succeeded, Failed, Cancelled, Rejected and Unknown are final."""
    reason: Annotated[str, Field(max_length=1024)] | None = None
    """Why the run is in this phase, in one word for programs."""
    message: Annotated[str, Field(max_length=32768)] | None = None
    """Why the run is in this phase, in a sentence for people."""
    execution_arn: Arn | None = None
    """The ARN of the task execution."""
    mover_uid: Text | None = None
    """The uid of the mover that the run belongs to."""
    start_time: Timestamp | None = None
    """When the execution started."""
    completion_time: Timestamp | None = None
    """When the run ended."""
    last_progress_time: Timestamp | None = None
    """When the execution's phase or counters last changed."""
    next_retry_time: Timestamp | None = None
    """When a new run will repeat this one, as the mover's `retry` says."""
    notifications: Deliveries = ()
    """The notifications of the run's end."""
    retried_by: Annotated[str, Field(max_length=253)] | None = None
    """The run that repeats this one."""
    phase_times: PhaseTimes | None = None
    """When the run was first seen in each phase."""
    progress: Progress | None = None
    """How far the run has got."""
    counters: Counters | None = None
    """DataSync's counters."""
    result: RunResult | None = None
    """How the execution went, stage by stage."""
    selection: RunSelection | None = None
    """What select has selected."""
    report: RunReport | None = None
    """What DataSync's task report says, once the run has ended."""
    comparison: RunComparison | None = None
    """What differs between both sides, once the run has ended; with verify.compare."""
