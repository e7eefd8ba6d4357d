"""Movers and runs as the API server shows them, built from the least that a test is about."""

from __future__ import annotations

from typing import Any

from datamover_crds import DataMover, DataMoverAccount, DataMoverRun, Model, dump, parse

Json = dict[str, Any]


def dumped(model: Model) -> Any:  # noqa: ANN401 - JSON
    """A model as JSON."""
    return dump(model)


UID = "3b9ee9e9-9ffa-4b07-93c7-59e7e6f1fa7f"
CREATED = "2026-01-31T12:00:00Z"
ARN = "arn:aws:datasync:eu-central-1:111122223333"
TASK = f"{ARN}:task/task-0ee229c003ef4f0b8"
SOURCE, DESTINATION = f"{ARN}:location/loc-0126cee0d76502bb1", f"{ARN}:location/loc-0379907909ce0b7d9"
DESCRIBED: Json = {
    "taskArn": TASK,
    "status": "AVAILABLE",
    "name": "nightly",
    "sourceLocationArn": SOURCE,
    "destinationLocationArn": DESTINATION,
    "creationTime": "2026-01-31T12:00:02.500Z",
    "options": {"verifyMode": "ONLY_FILES_TRANSFERRED", "bytesPerSecond": -1, "objectTags": "PRESERVE"},
    "includes": [],
    "taskMode": "BASIC",
}
S3: Json = {
    "locationArn": SOURCE,
    "locationUri": "s3://from/",
    "s3StorageClass": "STANDARD",
    "s3Config": {"bucketAccessRoleArn": "arn:aws:iam::111122223333:role/r"},
    "creationTime": "2026-01-31T12:00:01.000Z",
}
OBSERVED: Json = {"task": DESCRIBED, "source": S3, "destination": {**S3, "locationArn": DESTINATION}}


def mover(
    name: str = "nightly",
    *,
    group: str | None = "abc-123",
    status: Json | None = None,
    labels: dict[str, str] | None = None,
    deleting: bool = False,
    uid: str = UID,
    version: int = 1,
) -> DataMover:
    """A mover; `group` None leaves the group's tag out."""
    tags = [] if group is None else [{"key": "spinup:spaceid", "value": group}]
    metadata = {
        "name": name.lower(),
        "namespace": "rest",
        "uid": uid,
        "creationTimestamp": CREATED,
        "resourceVersion": str(version),
        "labels": labels or {},
    }
    source, destination = ({"s3": {"s3BucketArn": f"arn:aws:s3:::{bucket}"}} for bucket in ("from", "to"))
    spec = {"accountRef": {"name": "dev"}, "name": name, "source": source, "destination": destination, "tags": tags}
    gone = {"deletionTimestamp": CREATED} if deleting else {}
    return parse(DataMover, {"metadata": metadata | gone, "spec": spec, "status": status or {}})


def ready(**described: object) -> Json:
    """The status of a mover that works, its task described as usual but for what is given."""
    task = {**DESCRIBED, **described}
    return {
        "taskArn": TASK,
        "sourceLocationArn": SOURCE,
        "destinationLocationArn": DESTINATION,
        "conditions": [condition("Ready"), condition("Reconciling", "False"), condition("Stalled", "False")],
        "observed": {**OBSERVED, "task": {key: value for key, value in task.items() if value is not None}},
    }


def condition(kind: str, status: str = "True", *, message: str = "", since: str = "2026-01-31T12:00:03Z") -> Json:
    """A condition."""
    return {"type": kind, "status": status, "reason": "Test", "message": message, "lastTransitionTime": since}


def execution(number: int) -> str:
    """The ARN of an execution of the task."""
    return f"{TASK}/execution/exec-{number:017x}"


def run(
    number: int, phase: str | None = None, *, started: bool = True, status: Json | None = None, version: int = 1
) -> DataMoverRun:
    """A run of the mover, and its execution where it is started."""
    metadata = {
        "name": f"run-{number}",
        "namespace": "rest",
        "uid": f"run-{number}",
        "creationTimestamp": CREATED,
        "resourceVersion": str(version),
    }
    told = {"phase": phase} if phase is not None else {}
    known = {"executionArn": execution(number), "startTime": f"2026-02-01T00:00:{number:02}.000Z"} if started else {}
    spec = {"moverRef": {"name": "nightly"}}
    return parse(DataMoverRun, {"metadata": metadata, "spec": spec, "status": {**told, **known, **(status or {})}})


def account(
    name: str = "dev", *, namespace: str | None = "rest", created: str = CREATED, **spec: object
) -> DataMoverAccount:
    """An account."""
    rest = {} if namespace is None else {"rest": {"namespace": namespace}}
    metadata = {"name": name, "uid": name, "creationTimestamp": created}
    base = {"accountId": "111122223333", "region": "eu-central-1", "org": "spindev"}
    given = {key: value for key, value in (base | rest | spec).items() if value is not None}
    return parse(DataMoverAccount, {"metadata": metadata, "spec": given})
