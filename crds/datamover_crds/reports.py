"""What a run reports: DataSync's task report (TaskReportConfig), and what the operator reads from it into the run.

Source: https://docs.aws.amazon.com/datasync/latest/userguide/API_TaskReportConfig.html and the API pages beside it.
"""

from typing import Annotated, Literal

from pydantic import Field

from datamover_crds.common import Count, Items, Model, RoleArn, Text
from datamover_crds.locations.folders import Subdirectory
from datamover_crds.locations.marks import ArnOf
from datamover_crds.manifests import BucketArn

ReportLevel = Literal["ERRORS_ONLY", "SUCCESSES_AND_ERRORS"]


class S3Report(Model):
    """A bucket in Amazon S3 for reports (ReportDestinationS3)."""

    s3_bucket_arn: Annotated[BucketArn, ArnOf("bucket")]
    """The ARN of the bucket, such as `arn:aws:s3:::team-a-reports`."""
    subdirectory: Subdirectory | None = None
    """The prefix under which the reports are written, such as `datasync/nightly`. If not set: the whole bucket."""
    bucket_access_role_arn: Annotated[RoleArn | None, ArnOf("role")] = None
    """The role with which DataSync writes the reports, such as `arn:aws:iam::111122223333:role/reports`.

    If not set: the role that the operator creates for the destination or the source, which gets the right to write
    there.
    """


class ReportDestination(Model):
    """Where reports are written (ReportDestination)."""

    s3: S3Report
    """A bucket in Amazon S3."""


class ReportOverride(Model):
    """How much is reported of one kind of outcome (ReportOverride)."""

    report_level: ReportLevel | None = None
    """Errors alone, or successes too."""


class ReportOverrides(Model):
    """How much is reported of each kind of outcome, where it differs from reportLevel (ReportOverrides)."""

    transferred: ReportOverride | None = None
    """Of files that DataSync tried to transfer."""
    verified: ReportOverride | None = None
    """Of files that DataSync tried to verify."""
    deleted: ReportOverride | None = None
    """Of files that DataSync tried to delete at the destination."""
    skipped: ReportOverride | None = None
    """Of files that DataSync tried to skip."""


class TaskReportConfig(Model):
    """A report on each run, which DataSync writes to a bucket.

    The operator reads it into the run's status.report. With outputType STANDARD that names the files that failed.
    """

    destination: ReportDestination
    """Where the report is written, such as `s3: {s3BucketArn: "arn:aws:s3:::reports", subdirectory: nightly}`."""
    output_type: Literal["SUMMARY_ONLY", "STANDARD"] | None = None
    """A summary alone, or lists of files too."""
    report_level: ReportLevel | None = None
    """Whether a STANDARD report lists errors alone, or successes too."""
    object_version_ids: Literal["INCLUDE", "NONE"] | None = None
    """Whether the report has the version of each object that was written to a bucket with versions."""
    overrides: ReportOverrides | None = None
    """How much is reported of each kind of outcome, such as `deleted: {reportLevel: ERRORS_ONLY}`."""


class ReportedFiles(Model):
    """How many files the report counts."""

    transferred: Count | None = None
    """Transferred."""
    skipped: Count | None = None
    """Skipped."""
    failed: Count | None = None
    """Failed, in whichever phase."""
    deleted: Count | None = None
    """Deleted at the destination."""


class FailedFile(Model):
    """A file that failed."""

    path: Annotated[str, Field(max_length=4096)]
    """Its path below the source's subdirectory."""
    code: Annotated[str, Field(max_length=256)] = ""
    """DataSync's code for the failure."""
    detail: Annotated[str, Field(max_length=1024)] = ""
    """DataSync's description of the failure."""


class RunReport(Model):
    """What the task report says."""

    uri: Annotated[str, Field(max_length=2048)] | None = None
    """Where the summary is."""
    files: ReportedFiles | None = None
    """How many files the report counts."""
    failures: Annotated[tuple[FailedFile, ...], Items(at_most=20)] = ()
    """The first files that failed; a report with outputType STANDARD lists all of them."""
    message: Text | None = None
    """Why the report, or a part of it, could not be read."""


class Verify(Model):
    """What the operator checks when the run has ended, beside DataSync's own verification."""

    compare: bool = False
    """Whether the operator lists both sides and tells in status.comparison what differs. Both must be in Amazon S3."""


class ComparedFile(Model):
    """A file that is not the same on both sides."""

    path: Annotated[str, Field(max_length=4096)]
    """Its path below the location's subdirectory."""
    difference: Literal["Missing", "Different", "Extra"]
    """Missing at the destination, Different in size, or Extra at the destination alone."""


class RunComparison(Model):
    """What differs between source and destination after the run; of files that the run was to transfer.

    Paths and sizes are compared. What was changed at the source since the run began counts, too.
    """

    compared: Count | None = None
    """How many files of the source were compared."""
    missing: Count | None = None
    """How many of them are missing at the destination."""
    different: Count | None = None
    """How many have another size there."""
    extra: Count | None = None
    """How many files are at the destination alone."""
    paths: Annotated[tuple[ComparedFile, ...], Items(at_most=20)] = ()
    """The first files that differ: those missing or different, then those that are extra."""
    message: Text | None = None
    """Why both sides could not be compared."""


class RunSelection(Model):
    """What spec.select has selected."""

    objects: Count
    """How many objects."""
    bytes: Count
    """Their size in bytes."""
    listed: Count
    """How many objects the source has."""
    manifest: Annotated[str, Field(max_length=2048)]
    """The manifest that names them; it is deleted when the run has ended."""
