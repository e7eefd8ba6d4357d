"""What of a run's manifest, selection, report and comparison is wrong, or can't go together."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from datamover_crds import (
    DataMover,
    DataMoverAccount,
    DataMoverRun,
    JsonObject,
    S3Location,
)
from datamover_operator.movers.plan.desired import location_of
from datamover_operator.movers.plan.grant_checks import NOT_GRANTED, ungranted_place
from datamover_operator.movers.plan.names import SIDES
from datamover_operator.movers.plan.transfer_files import (
    mistake_in,
    places,
    reading_side,
    writing_side,
)
from datamover_operator.runs.plan.transfers import bucket_of, manifest_of, roles_of, selection_of

Mistake = tuple[str, str]
"""A reason and a message."""
_INVALID = "InvalidSpec"


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
    if bucket_of(mover, "source") is None:
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
    if any(bucket_of(mover, side) is None for side in SIDES):
        return _INVALID, "spec.verify.compare: can be true only where the mover's source and destination are s3"
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
