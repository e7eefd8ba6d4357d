"""Objects as users write them."""

from __future__ import annotations

from typing import Any

from datamover_crds import DataMover, DataMoverAccount, DataMoverRun, Model, TableSync

JsonDict = dict[str, Any]

MODELS: dict[str, type[Model]] = {
    model.__name__: model for model in (DataMover, DataMoverRun, DataMoverAccount, TableSync)
}

S3: JsonDict = {"s3": {"s3BucketArn": "arn:aws:s3:::from"}}
NETWORK: JsonDict = {
    "subnetArn": "arn:aws:ec2:eu-central-1:111122223333:subnet/subnet-0123456789abcdef0",
    "securityGroupArns": ["arn:aws:ec2:eu-central-1:111122223333:security-group/sg-0123456789abcdef0"],
}
FILE_SYSTEM = "arn:aws:elasticfilesystem:eu-central-1:111122223333:file-system/fs-0123456789abcdef0"
ACCESS_POINT = "arn:aws:elasticfilesystem:eu-central-1:111122223333:access-point/fsap-0123456789abcdef0"
ROLE = "arn:aws:iam::111122223333:role/mine"
TASK = "arn:aws:datasync:eu-central-1:111122223333:task/task-0123456789abcdef0"


def obj(model: type[Model], spec: JsonDict, name: str = "sample") -> JsonDict:
    """An object as `kubectl apply` sends it."""
    return {
        "apiVersion": "datamover.io/v1alpha1",
        "kind": model.__name__,
        "metadata": {"name": name},
        "spec": spec,
    }


def s3(**members: object) -> JsonDict:
    """A bucket."""
    return {"s3": S3["s3"] | members}


OTHER_BUCKET = s3(s3BucketArn="arn:aws:s3:::other-bucket")


def efs(**members: object) -> JsonDict:
    """A file system."""
    return {"efs": {"efsFilesystemArn": FILE_SYSTEM, "ec2Config": NETWORK} | members}


def mover(name: str = "sample", **spec: object) -> JsonDict:
    """The least mover there can be, and what is given over it."""
    return obj(DataMover, {"accountRef": {"name": "dev"}, "source": s3(), "destination": efs()} | spec, name)


def run(**spec: object) -> JsonDict:
    """The least run there can be, and what is given over it."""
    return obj(DataMoverRun, {"moverRef": {"name": "sample"}} | spec)


def account(**spec: object) -> JsonDict:
    """The least account there can be, and what is given over it."""
    return obj(DataMoverAccount, {"accountId": "111122223333", "region": "eu-central-1"} | spec)


def database(host: str, **members: object) -> JsonDict:
    """A PostgreSQL database."""
    return {"postgresql": {"host": host, "database": "shop", "user": "sync"} | members}


def table_sync(name: str = "sample", **spec: object) -> JsonDict:
    """The least sync there can be, and what is given over it."""
    least = {"source": database("old.example.com"), "destination": database("new"), "tables": [{"name": "orders"}]}
    return obj(TableSync, least | spec, name)


def without(sample: JsonDict, field: str) -> JsonDict:
    """The object less one member of its spec."""
    return sample | {"spec": {key: value for key, value in sample["spec"].items() if key != field}}


EVERYTHING_MOVER = mover(
    source=s3(subdirectory="/in/2024 (a)/", s3StorageClass="STANDARD_IA", accessRole={"arn": ROLE}),
    destination=efs(
        subdirectory="/out",
        accessPointArn=ACCESS_POINT,
        fileSystemAccessRoleArn=ROLE,
        inTransitEncryption="TLS1_2",
    ),
    tags=[{"key": "team", "value": "a@b"}, {"key": "empty"}],
    options={
        "verifyMode": "ONLY_FILES_TRANSFERRED",
        "overwriteMode": "NEVER",
        "atime": "BEST_EFFORT",
        "mtime": "PRESERVE",
        "uid": "INT_VALUE",
        "gid": "BOTH",
        "preserveDeletedFiles": "REMOVE",
        "preserveDevices": "NONE",
        "posixPermissions": "PRESERVE",
        "bytesPerSecond": 1_048_576,
        "taskQueueing": "ENABLED",
        "logLevel": "TRANSFER",
        "transferMode": "CHANGED",
        "securityDescriptorCopyFlags": "OWNER_DACL",
        "objectTags": "PRESERVE",
        "objectMetadata": "NONE",
    },
    includes=[{"filterType": "SIMPLE_PATTERN", "value": "/photos*|/papers/2024"}],
    excludes=[{"value": "*.tmp|*/temp"}],
    taskMode="BASIC",
    cloudWatchLogGroupArn="arn:aws:logs:eu-central-1:111122223333:log-group:/aws/datasync",
    schedule={"scheduleExpression": "cron(0 4 ? * MON-FRI *)", "timeZone": "Europe/Berlin", "status": "ENABLED"},
    notify=[
        {
            "webhook": {"url": "https://hooks.example.com/a?b=c"},
            "signingSecretRef": {"name": "hooks", "key": "signing"},
            "events": ["RunSucceeded", "RunFailed", "RunCancelled", "MoverStalled", "MoverReady", "ScheduleMissed"],
            "timeoutSeconds": 10,
            "retries": 5,
        },
        {"webhook": {"urlSecretRef": {"name": "hooks", "key": "url"}}, "events": ["RunFailed"]},
    ],
    trigger={"manual": "first go", "interval": "90s"},
    concurrencyPolicy="Queue",
    retry={"limit": 5, "backoff": {"initial": "30s", "factor": 3, "max": "2h"}, "on": ["Failed", "Unknown"]},
    timeouts={"launching": "30m", "noProgress": "2h", "total": "12h", "action": "Cancel"},
    ttlAfterFinished="7d",
    suspend=True,
    deletionPolicy="Retain",
    runHistory={"limit": 3, "succeededLimit": 1, "failedLimit": 2, "maxAge": "30d12h"},
    adopt={"taskArn": TASK, "own": True},
    taskReportConfig={
        "destination": {
            "s3": {"s3BucketArn": "arn:aws:s3:::reports", "subdirectory": "/all", "bucketAccessRoleArn": ROLE}
        },
        "outputType": "STANDARD",
        "reportLevel": "ERRORS_ONLY",
        "objectVersionIds": "INCLUDE",
        "overrides": {"transferred": {"reportLevel": "SUCCESSES_AND_ERRORS"}},
    },
)
EVERYTHING_MOVER["spec"]["name"] = "All of it: nightly"

EVERYTHING_RUN = run(
    overrideOptions={"taskQueueing": "ENABLED", "verifyMode": "NONE"},
    includes=[{"value": "/a*"}],
    excludes=[{"value": "*b*"}],
    ttlAfterFinished="1h",
    retryOf={"name": "first", "attempt": 2},
    taskReportConfig={"destination": {"s3": {"s3BucketArn": "arn:aws:s3:::reports"}}},
    verify={"compare": True},
    cancel=True,
    bytesPerSecond=-1,
)

EVERYTHING_ACCOUNT = account(
    assumeRole={"arn": ROLE, "externalId": "an-id:7"},
    credentialsSecretRef={"name": "keys"},
    grants=[{"namespaces": ["team-*"], "locations": ["s3://team-a-*", "*"], "roleArns": [ROLE]}, {}],
    accessRoles={"path": "/datamover/", "permissionsBoundaryArn": "arn:aws:iam::111122223333:policy/bound"},
    notify=[{"webhook": {"url": "https://hooks.example.com"}, "events": ["MoverStalled"]}],
    events={"queueUrl": "https://sqs.eu-central-1.amazonaws.com/111122223333/datamover"},
    org="acme",
    rest={"namespace": "rest"},
    labelStudio={
        "namespace": "storages",
        "projects": [{"id": 1, "destination": s3(subdirectory="/one")}, {"id": 2147483647, "destination": efs()}],
        "default": s3(subdirectory="/others"),
    },
    syncApi={"namespace": "syncs"},
    selections={"s3BucketArn": "arn:aws:s3:::lists", "prefix": "datamover/"},
)

EVERYTHING_SYNC = table_sync(
    source=database(
        "10.1.2.3",
        port=6432,
        passwordSecretRef={"name": "source", "key": "password"},
        sslMode="verify-ca",
        caSecretRef={"name": "source", "key": "ca.crt"},
        reachedFromDestination={"host": "fd00::1", "port": 5433, "sslMode": "require", "sslRootCert": "/etc/ca.pem"},
    ),
    destination={"uriSecretRef": {"name": "destination", "key": "uri"}},
    tables=[
        {"name": "orders", "columns": ["id", "Total price"], "where": "id > 10", "publish": "All"},
        {"schema": "audit", "name": "log.lines", "publish": "Insert"},
        {"name": "sales.returns"},
    ],
    mode="Interval",
    syncInterval="1h30m",
    createTables=False,
    existingRows="Truncate",
    suspend=True,
    retry={"limit": 5, "backoff": "1m"},
    maxRetainedWal="500M",
    onRetainedWalExceeded="Drop",
    verify="RowCount",
    promote=True,
    skipTransaction="0/14C0378",
    resync="again",
    notify=[
        {
            "webhook": {"urlSecretRef": {"name": "hooks", "key": "url"}},
            "signingSecretRef": {"name": "hooks", "key": "signing"},
            "events": ["TableSyncReady", "TableSyncStalled", "TableSyncFailed", "TableSyncCompleted"],
            "timeoutSeconds": 5,
            "retries": 0,
        }
    ],
    deletionPolicy="Retain",
)
