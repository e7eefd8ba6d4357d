"""What a run transfers and reports: its own spec, or else its mover's."""

from __future__ import annotations

from typing import Final

from datamover_crds import (
    DataMover,
    DataMoverAccount,
    DataMoverRun,
    JsonObject,
    ManifestConfig,
    S3Location,
    Selection,
    TaskReportConfig,
)
from datamover_operator.movers.plan.desired import location_of
from datamover_operator.movers.plan.names import Side
from datamover_operator.movers.plan.transfer_files import (
    Roles,
    manifest_request,
    report_request,
)
from datamover_operator.runs.plan.errands import CheckManifest, Compare, Place, ReadReport, RemoveManifest, Select

_PARTS: Final = 3
"""Of an execution's ARN: task, "execution", id."""


def selection_of(run: DataMoverRun, mover: DataMover) -> Selection | None:
    """The selection that is in force."""
    if run.spec.select is not None or run.spec.manifest_config is not None:
        return run.spec.select
    return mover.spec.select


def manifest_of(run: DataMoverRun, mover: DataMover) -> ManifestConfig | None:
    """The user's manifest that is in force."""
    if selection_of(run, mover) is not None:
        return None
    return run.spec.manifest_config or mover.spec.manifest_config


def report_of(run: DataMoverRun, mover: DataMover) -> TaskReportConfig | None:
    """The report that is in force."""
    return run.spec.task_report_config or mover.spec.task_report_config


def roles_of(mover: DataMover) -> Roles:
    """The roles of the mover's locations, as the status names them."""
    arns: dict[Side, str | None] = {
        "source": mover.status.source_role_arn,
        "destination": mover.status.destination_role_arn,
    }
    return {side: arn for side, arn in arns.items() if arn is not None}


def request_members(run: DataMoverRun, mover: DataMover, account: DataMoverAccount | None) -> JsonObject:
    """The members of StartTaskExecution's request that the run sets: manifest and report."""
    members: JsonObject = {}
    select = select_errand(run, mover, account)
    if select is not None and account is not None and account.spec.selections is not None:
        place: JsonObject = {
            "s3BucketArn": account.spec.selections.s3_bucket_arn,
            "manifestObjectPath": select.key,
            "bucketAccessRoleArn": roles_of(mover)["source"],
        }
        members["manifestConfig"] = {"action": "TRANSFER", "format": "CSV", "source": {"s3": place}}
    elif run.spec.manifest_config is not None:
        members["manifestConfig"] = manifest_request(run.spec.manifest_config, mover.spec, roles_of(mover))
    if run.spec.task_report_config is not None:
        members["taskReportConfig"] = report_request(run.spec.task_report_config, mover.spec, roles_of(mover))
    return members


def select_errand(run: DataMoverRun, mover: DataMover, account: DataMoverAccount | None) -> Select | None:
    """How the run's manifest is made of its selection."""
    selection, source = selection_of(run, mover), bucket_of(mover, "source")
    target = account.spec.selections if account is not None else None
    if selection is None or source is None or target is None:
        return None
    key = f"{target.prefix}{mover.metadata.uid}/{run.metadata.uid}.csv"
    return Select(source, selection, _name(target.s3_bucket_arn), key)


def removal_of(select: Select) -> RemoveManifest:
    """How that goes again."""
    return RemoveManifest(select.bucket, select.key)


def manifest_errand(run: DataMoverRun, mover: DataMover) -> CheckManifest | None:
    """How the user's manifest is checked."""
    manifest = manifest_of(run, mover)
    return check_of(manifest) if manifest is not None else None


def check_of(manifest: ManifestConfig) -> CheckManifest:
    """How a manifest is checked."""
    s3 = manifest.source.s3
    return CheckManifest(_name(s3.s3_bucket_arn), s3.manifest_object_path, s3.manifest_object_version_id)


def report_errand(run: DataMoverRun, mover: DataMover, execution_arn: str) -> ReadReport | None:
    """How the report is read."""
    report = report_of(run, mover)
    parts = execution_arn.split("/")[-3:]
    if report is None or len(parts) < _PARTS:  # whoever may write statuses may write anything there
        return None
    s3, (task_id, _, execution_id) = report.destination.s3, parts
    return ReadReport(Place(_name(s3.s3_bucket_arn), _prefix(s3.subdirectory)), task_id, execution_id)


def comparison_errand(run: DataMoverRun, mover: DataMover) -> Compare | None:
    """How both sides are compared."""
    source, destination = bucket_of(mover, "source"), bucket_of(mover, "destination")
    if run.spec.verify is None or not run.spec.verify.compare or source is None or destination is None:
        return None
    includes, excludes = (_filter(run, mover, name) for name in ("includes", "excludes"))
    return Compare(source, destination, selection_of(run, mover), includes, excludes, manifest_errand(run, mover))


def _filter(run: DataMoverRun, mover: DataMover, name: str) -> str:
    own = getattr(run.spec, name)
    rules = own if own is not None else getattr(mover.spec, name)
    return "|".join(rule.value for rule in rules or ())


def bucket_of(mover: DataMover, side: Side) -> Place | None:
    """The bucket and prefix of a side; None where it is no bucket."""
    location = location_of(mover.spec, side)
    if not isinstance(location, S3Location):
        return None
    return Place(_name(location.s3_bucket_arn), _prefix(location.subdirectory))


def _name(bucket_arn: str) -> str:
    """What S3's operations take: a bucket's name, or the ARN of an access point."""
    return bucket_arn.rpartition(":::")[2]


def _prefix(subdirectory: str | None) -> str:
    inner = (subdirectory or "").strip("/")
    return f"{inner}/" if inner else ""
