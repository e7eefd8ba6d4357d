"""What a run transfers and reports: its own spec, or else its mover's; and what of it can't go together."""

from __future__ import annotations

from collections.abc import Callable, Iterator

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
from datamover_operator.movers.plan.grant_checks import NOT_GRANTED, ungranted_place
from datamover_operator.movers.plan.names import SIDES, Side
from datamover_operator.movers.plan.transfer_files import (
    Roles,
    manifest_request,
    mistake_in,
    places,
    reading_side,
    report_request,
    writing_side,
)
from datamover_operator.runs.plan.errands import CheckManifest, Compare, Place, ReadReport, RemoveManifest, Select

Mistake = tuple[str, str]
"""A reason and a message."""
_INVALID = "InvalidSpec"


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


def first_mistake(run: DataMoverRun, mover: DataMover, account: DataMoverAccount | None) -> Mistake | None:
    """What is wrong with a run, beyond what its schema can tell: it is rejected for that."""
    checks: tuple[Callable[[], Mistake | None], ...] = (
        lambda: _of_the_selection(run, mover, account),
        lambda: _of_filters(run, mover),
        lambda: _of_what_is_removed(run, mover),
        lambda: _of_the_buckets(run, mover, account),
        lambda: _of_the_comparison(run, mover),
    )
    return next((found for check in checks if (found := check()) is not None), None)


def _of_the_selection(run: DataMoverRun, mover: DataMover, account: DataMoverAccount | None) -> Mistake | None:
    if selection_of(run, mover) is None:
        return None
    if _bucket(mover, "source") is None:
        return _INVALID, "spec.select: can be set only where the mover's source is s3"
    if account is None or account.spec.selections is None:
        name = mover.spec.account_ref.name
        return _INVALID, (
            f"spec.select: DataMoverAccount '{name}' names no bucket for manifests; set spec.selections there"
        )
    if "source" not in roles_of(mover):
        return _INVALID, "spec.select: the mover's source has no role with which DataSync could read the manifest"
    return None


def _of_filters(run: DataMoverRun, mover: DataMover) -> Mistake | None:
    """DataSync takes a manifest or filters."""
    listing = _listing(run, mover)
    if listing is None:
        return None
    for name in ("includes", "excludes"):
        own, declared = getattr(run.spec, name), getattr(mover.spec, name)
        if own if own is not None else declared or (declared is None and _in_aws(mover).get(name)):
            whose = "spec" if own is not None else "the mover's spec"
            return _INVALID, (
                f"{whose}.{name}: can't be combined with {listing}, which says what is transferred; set spec.{name} of "
                "the run to []"
            )
    return None


def _of_what_is_removed(run: DataMoverRun, mover: DataMover) -> Mistake | None:
    listing = _listing(run, mover)
    options = _in_aws(mover).get("options")
    overrides = run.spec.override_options
    value = (
        (overrides.preserve_deleted_files if overrides is not None else None)
        or mover.spec.options.preserve_deleted_files
        or (options.get("preserveDeletedFiles") if isinstance(options, dict) else None)
    )
    if listing is None or value != "REMOVE":
        return None
    return _INVALID, (
        f"preserveDeletedFiles: 'REMOVE': must be PRESERVE with {listing}: REMOVE would delete what it leaves out; set "
        "spec.overrideOptions.preserveDeletedFiles of the run to PRESERVE"
    )


def _of_the_buckets(run: DataMoverRun, mover: DataMover, account: DataMoverAccount | None) -> Mistake | None:
    """A run's own buckets and roles are checked as the mover's are (I6)."""
    manifest, report = run.spec.manifest_config, run.spec.task_report_config
    if manifest is None and report is None:
        return None
    found = mistake_in(manifest, report, mover.spec)
    if found is not None:
        return _INVALID, found
    if account is None:
        return "AccountNotFound", f"DataMoverAccount '{mover.spec.account_ref.name}' does not exist"
    ungranted = ungranted_place(account, run.metadata.namespace, places(manifest, report))
    if ungranted is not None:
        return NOT_GRANTED, ungranted
    for field, uri, role in places(manifest, report):
        if role is None and not any(uri.startswith(known) for known in _reached(mover, field)):
            return _INVALID, (
                f"spec.{field}.bucketAccessRoleArn: must be set, because the roles that the operator created for the "
                f"mover do not reach '{uri}'; or name that place in the mover's spec, too"
            )
    return None


def _reached(mover: DataMover, field: str) -> Iterator[str]:
    """The addresses that the role may use which the operator has made, for a run's manifest or report."""
    is_manifest = field.startswith("manifest")
    side = reading_side(mover.spec) if is_manifest else writing_side(mover.spec)
    location = location_of(mover.spec, side) if side is not None else None
    if isinstance(location, S3Location) and (is_manifest or side == "destination"):
        yield S3Location(s3_bucket_arn=location.s3_bucket_arn).uri
    declared = places(mover.spec.manifest_config, mover.spec.task_report_config)
    yield from (uri for known, uri, role in declared if known == field and role is None)


def _of_the_comparison(run: DataMoverRun, mover: DataMover) -> Mistake | None:
    if run.spec.verify is None or not run.spec.verify.compare:
        return None
    if any(_bucket(mover, side) is None for side in SIDES):
        return _INVALID, "spec.verify.compare: can be true only where the mover's source and destination are s3"
    if manifest_of(run, mover) is not None:
        return _INVALID, "spec.verify.compare: can't be combined with manifestConfig; use select"
    return None


def _listing(run: DataMoverRun, mover: DataMover) -> str | None:
    """The field that says one by one what is transferred."""
    if selection_of(run, mover) is not None:
        return "select"
    return "manifestConfig" if manifest_of(run, mover) is not None else None


def _in_aws(mover: DataMover) -> JsonObject:
    """The task as it was last described."""
    observed = mover.status.observed
    return (observed.task if observed is not None else None) or {}


# Errands


def select_errand(run: DataMoverRun, mover: DataMover, account: DataMoverAccount | None) -> Select | None:
    """How the run's manifest is made of its selection."""
    selection, source = selection_of(run, mover), _bucket(mover, "source")
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
    if manifest is None:
        return None
    s3 = manifest.source.s3
    return CheckManifest(_name(s3.s3_bucket_arn), s3.manifest_object_path, s3.manifest_object_version_id)


def report_errand(run: DataMoverRun, mover: DataMover, execution_arn: str) -> ReadReport | None:
    """How the report is read."""
    report = report_of(run, mover)
    if report is None:
        return None
    s3, (task_id, _, execution_id) = report.destination.s3, execution_arn.split("/")[-3:]
    return ReadReport(Place(_name(s3.s3_bucket_arn), _prefix(s3.subdirectory)), task_id, execution_id)


def comparison_errand(run: DataMoverRun, mover: DataMover) -> Compare | None:
    """How both sides are compared."""
    source, destination = _bucket(mover, "source"), _bucket(mover, "destination")
    if run.spec.verify is None or not run.spec.verify.compare or source is None or destination is None:
        return None
    includes, excludes = (_filter(run, mover, name) for name in ("includes", "excludes"))
    return Compare(source, destination, selection_of(run, mover), includes, excludes)


def _filter(run: DataMoverRun, mover: DataMover, name: str) -> str:
    own = getattr(run.spec, name)
    rules = own if own is not None else getattr(mover.spec, name)
    return "|".join(rule.value for rule in rules or ())


def _bucket(mover: DataMover, side: Side) -> Place | None:
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
