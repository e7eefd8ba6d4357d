"""The buckets beside a mover's locations: where its manifests are and its reports go, and the role for each.

A role that the spec does not name is one that the operator has made for a location in a bucket: it gets the rights
that are needed besides (DataSync user guide, "Providing DataSync access to your manifest" and "Task reports").
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pydantic import JsonValue

from datamover_crds import (
    DataMoverAccount,
    DataMoverSpec,
    JsonObject,
    ManifestConfig,
    S3Location,
    S3Manifest,
    S3Report,
    TaskReportConfig,
    dump,
)
from datamover_crds.arns import problem_with
from datamover_operator.movers.plan.desired import location_of
from datamover_operator.movers.plan.names import SIDES, Side

Roles = Mapping[Side, str]
"""The ARNs of the roles of a mover's locations."""
MANIFEST = "manifestConfig.source.s3"
REPORT = "taskReportConfig.destination.s3"
NO_ROLE = (
    "bucketAccessRoleArn: must be set, because the operator creates no role for this mover: neither location is a "
    "bucket without an accessRole.arn of its own"
)


def reading_side(spec: DataMoverSpec) -> Side | None:
    """The location whose role reads manifests, where the spec names none."""
    return next((side for side in SIDES if _has_role_of_ours(spec, side)), None)


def writing_side(spec: DataMoverSpec) -> Side | None:
    """The location whose role writes reports, where the spec names none."""
    return next((side for side in reversed(SIDES) if _has_role_of_ours(spec, side)), None)


def _has_role_of_ours(spec: DataMoverSpec, side: Side) -> bool:
    location = location_of(spec, side)
    return location.access_role_field is not None and (location.role_named is None or location.role_named.arn is None)


def manifest_request(config: ManifestConfig, spec: DataMoverSpec, roles: Roles) -> JsonObject:
    """DataSync's ManifestConfig."""
    side = reading_side(spec)
    return {
        "action": config.action,
        "format": config.format,
        "source": {"s3": dump(config.source.s3) | _role(config.source.s3, side, roles)},
    }


def report_request(config: TaskReportConfig, spec: DataMoverSpec, roles: Roles) -> JsonObject:
    """DataSync's TaskReportConfig."""
    place = config.destination.s3
    s3 = dump(place) | _role(place, writing_side(spec), roles)
    return dump(config) | {"destination": {"s3": s3}}


def _role(place: S3Manifest | S3Report, side: Side | None, roles: Roles) -> JsonObject:
    if place.bucket_access_role_arn is not None:
        return {"bucketAccessRoleArn": place.bucket_access_role_arn}
    return {"bucketAccessRoleArn": roles[side]} if side is not None and side in roles else {}


def task_files(spec: DataMoverSpec, roles: Roles) -> JsonObject:
    """The members of a task's request."""
    request: JsonObject = {}
    if spec.manifest_config is not None:
        request["manifestConfig"] = manifest_request(spec.manifest_config, spec, roles)
    if spec.task_report_config is not None:
        request["taskReportConfig"] = report_request(spec.task_report_config, spec, roles)
    return request


def more_rights(spec: DataMoverSpec, account: DataMoverAccount | None, uid: str) -> dict[Side, list[JsonValue]]:
    """The statements that the roles of locations need besides."""
    found: dict[Side, list[JsonValue]] = {}
    reader, writer = reading_side(spec), writing_side(spec)
    manifest = spec.manifest_config.source.s3 if spec.manifest_config is not None else None
    report = spec.task_report_config.destination.s3 if spec.task_report_config is not None else None
    selections = account.spec.selections if account is not None else None
    if reader is not None and manifest is not None and manifest.bucket_access_role_arn is None:
        found.setdefault(reader, []).append(_reading(manifest.s3_bucket_arn, manifest.manifest_object_path))
    if reader is not None and selections is not None and spec.source.s3 is not None:
        prefix = f"{selections.prefix}{uid}/*"
        found.setdefault(reader, []).append(_reading(selections.s3_bucket_arn, prefix))
    if writer is not None and report is not None and report.bucket_access_role_arn is None:
        inner = (report.subdirectory or "").strip("/")
        objects = _objects(report.s3_bucket_arn, f"{inner}/*" if inner else "*")
        found.setdefault(writer, []).append({"Effect": "Allow", "Action": ["s3:PutObject"], "Resource": objects})
    return found


def _reading(bucket_arn: str, key: str) -> JsonObject:
    actions: list[JsonValue] = ["s3:GetObject", "s3:GetObjectVersion"]
    return {"Effect": "Allow", "Action": actions, "Resource": _objects(bucket_arn, key)}


def _objects(bucket_arn: str, key: str) -> str:
    return f"{bucket_arn}/{key}" if ":::" in bucket_arn else f"{bucket_arn}/object/{key}"


def places(manifest: ManifestConfig | None, report: TaskReportConfig | None) -> Iterator[tuple[str, str, str | None]]:
    """The field, the URI, and the role if one is named, of each bucket besides."""
    if manifest is not None:
        s3 = manifest.source.s3
        yield MANIFEST, f"{_uri(s3.s3_bucket_arn)}{s3.manifest_object_path}", s3.bucket_access_role_arn
    if report is not None:
        s3_report = report.destination.s3
        yield REPORT, _uri(s3_report.s3_bucket_arn, s3_report.subdirectory), s3_report.bucket_access_role_arn


def _uri(bucket_arn: str, subdirectory: str | None = None) -> str:
    return S3Location(s3_bucket_arn=bucket_arn, subdirectory=subdirectory).uri


def mistake_in(manifest: ManifestConfig | None, report: TaskReportConfig | None, spec: DataMoverSpec) -> str | None:
    """What is wrong with them: the ARNs, or the role that nobody names. `spec` is the mover's."""
    for field, bucket, role in _arns(manifest, report):
        if found := problem_with("bucket", f"spec.{field}.s3BucketArn", bucket):
            return found
        if role is None and reading_side(spec) is None:
            return f"spec.{field}.{NO_ROLE}"
        if role is not None and (found := problem_with("role", f"spec.{field}.bucketAccessRoleArn", role)):
            return found
    return None


def _arns(manifest: ManifestConfig | None, report: TaskReportConfig | None) -> Iterator[tuple[str, str, str | None]]:
    if manifest is not None:
        s3 = manifest.source.s3
        yield MANIFEST, s3.s3_bucket_arn, s3.bucket_access_role_arn
    if report is not None:
        s3_report = report.destination.s3
        yield REPORT, s3_report.s3_bucket_arn, s3_report.bucket_access_role_arn
