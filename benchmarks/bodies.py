"""What the bare script sends: bodies of the same form and size as the operator's, filled in from templates."""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from benchmarks.arena import DESTINATION, SOURCE
from benchmarks.cluster_client import Json

FINALIZER = "datamover.io/cleanup"
TASK_ARN = "datamover.io/task-arn"
_BUCKETS = {"source": SOURCE, "destination": DESTINATION}
_SUFFIX = {"source": "src", "destination": "dst"}
_CALLS = [f"{call} {side}" for call in ("CreateRole", "CreateLocation") for side in _BUCKETS]
_READ = ["s3:GetObject", "s3:GetObjectTagging", "s3:GetObjectVersion", "s3:GetObjectVersionTagging"]
_WRITE = [
    "s3:AbortMultipartUpload",
    "s3:DeleteObject",
    "s3:GetObject",
    "s3:GetObjectTagging",
    "s3:ListMultipartUploadParts",
    "s3:PutObject",
    "s3:PutObjectTagging",
]
_BUCKET = ["s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketMultipartUploads"]
_NONCE = "0123456789abcdef01234567"
_numbers = itertools.count()


def role_name(mover: Json, side: str) -> str:
    """The name of a location's role."""
    return f"dm-{mover['metadata']['uid'].replace('-', '')[:20]}-{_SUFFIX[side]}"


def role(mover: Json, side: str, account_id: str, region: str) -> Json:
    """CreateRole's request."""
    condition = {
        "StringEquals": {"aws:SourceAccount": account_id},
        "ArnLike": {"aws:SourceArn": f"arn:aws:datasync:{region}:{account_id}:*"},
    }
    principal = {"Service": "datasync.amazonaws.com"}
    statement = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole", "Condition": condition}
    trust = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    return {"RoleName": role_name(mover, side), "AssumeRolePolicyDocument": trust, "Tags": _tags(mover, f"{side}Role")}


def policy(side: str, bucket: str) -> str:
    """A role's policy."""
    arn = f"arn:aws:s3:::{bucket}"
    objects = _READ if side == "source" else _WRITE
    statements = [
        {"Effect": "Allow", "Action": _BUCKET, "Resource": arn},
        {"Effect": "Allow", "Action": objects, "Resource": f"{arn}/*"},
    ]
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def location(mover: Json, side: str, role_arn: str) -> Json:
    """CreateLocationS3's request."""
    s3 = mover["spec"][side]["s3"]
    return {
        "S3BucketArn": s3["s3BucketArn"],
        "Subdirectory": s3["subdirectory"],
        "S3Config": {"BucketAccessRoleArn": role_arn},
        "Tags": _tags(mover, side),
    }


def task(mover: Json, locations: Mapping[str, str]) -> Json:
    """CreateTask's request."""
    return {
        "SourceLocationArn": locations["source"],
        "DestinationLocationArn": locations["destination"],
        "Name": mover["metadata"]["name"],
        "Options": {name[0].upper() + name[1:]: value for name, value in mover["spec"]["options"].items()},
        "Tags": [*_tags(mover, "task"), {"Key": "team", "Value": "bench"}],
    }


def intent(mover: Json) -> Json:
    """The status before the first call."""
    calls = [*_CALLS, "CreateTask"]
    return {
        "bookkeeping": {
            "intent": {"instance": "bench-0123456789ab", "nonce": _NONCE, "generation": 1, "calls": calls},
        },
        "observedGeneration": mover["metadata"]["generation"],
        "conditions": _conditions(mover, "False", "Creating"),
    }


def made(mover: Json, task_arn: str, locations: Mapping[str, str], roles: Mapping[str, str]) -> Json:
    """The status that names everything that was made."""
    return {
        "conditions": _conditions(mover, "False", "Creating"),
        "taskArn": task_arn,
        "sourceLocationArn": locations["source"],
        "destinationLocationArn": locations["destination"],
        "sourceRoleArn": roles["source"],
        "destinationRoleArn": roles["destination"],
        "bookkeeping": {
            "intent": None,
            "owned": ["destination", "destinationRole", "source", "sourceRole", "task"],
        },
    }


def ready(mover: Json, seen: Json) -> Json:
    """The status of a mover that is as declared; `seen` holds what DataSync describes."""
    declared = ["options.logLevel", "options.verifyMode"]
    return {"conditions": _conditions(mover, "True", "Ready"), "observed": seen, "bookkeeping": {"declared": declared}}


def event(mover: Json, reason: str, note: str) -> Json:
    """An Event."""
    metadata = mover["metadata"]
    return {
        "apiVersion": "events.k8s.io/v1",
        "kind": "Event",
        "metadata": {"name": f"{metadata['name']}.{next(_numbers):x}", "namespace": metadata["namespace"]},
        "eventTime": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        "reportingController": "datamover.io/operator",
        "reportingInstance": "bench",
        "action": "Reconcile",
        "type": "Normal",
        "reason": reason,
        "note": note,
        "regarding": {
            "apiVersion": mover["apiVersion"],
            "kind": mover["kind"],
            "name": metadata["name"],
            "namespace": metadata["namespace"],
            "uid": metadata["uid"],
            "resourceVersion": metadata["resourceVersion"],
        },
    }


def camel(reply: Mapping[str, Any]) -> Json:
    """A reply of botocore in the form in which status holds it."""
    return {_lowered(name): _json(value) for name, value in reply.items() if name != "ResponseMetadata"}


def _json(value: object) -> object:
    if isinstance(value, dict):
        return {_lowered(name): _json(member) for name, member in value.items()}
    if isinstance(value, list):
        return [_json(item) for item in value]
    return value.isoformat() if isinstance(value, datetime) else value


def _lowered(name: str) -> str:
    return name[0].lower() + name[1:]


def _tags(mover: Json, part: str) -> list[dict[str, str]]:
    metadata = mover["metadata"]
    owner = f"cluster/{metadata['namespace']}/{metadata['name']}"
    tags = {"uid": metadata["uid"], "owner": owner, "part": part, "nonce": _NONCE}
    return [{"Key": f"datamover.io/{key}", "Value": value} for key, value in tags.items()]


def _conditions(mover: Json, ready: str, reason: str) -> list[Json]:
    common = {
        "observedGeneration": mover["metadata"]["generation"],
        "lastTransitionTime": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
    busy = "False" if ready == "True" else "True"
    return [
        common | {"type": "Ready", "status": ready, "reason": reason, "message": "as declared"},
        common | {"type": "Reconciling", "status": busy, "reason": reason, "message": "creates"},
        common | {"type": "Stalled", "status": "False", "reason": "NotStalled", "message": ""},
    ]
