"""The examples of the older service's README, for the routes' descriptions."""

from __future__ import annotations

from typing import Any, Final

Example = dict[str, Any]

_BUCKET: Final = "arn:aws:s3:::tester1234567890.example.com"
_EC2: Final = "arn:aws:ec2:us-east-1:123456789012"
_DATASYNC: Final = "arn:aws:datasync:us-east-1:123456789012"
_LOCATION_TIME: Final = "2021-12-01T21:18:39.362Z"

VERSION: Final[Example] = {"version": "1.0.0", "githash": "2fc9a80", "buildstamp": "2026-01-31T12:00:00Z"}
FLYWHEEL_ID: Final = "3b9ee9e9-9ffa-4b07-93c7-59e7e6f1fa7f"
FLYWHEEL: Final[Example] = {
    FLYWHEEL_ID: {
        "id": FLYWHEEL_ID,
        "status": "completed",
        "created_at": "2021-12-01T21:18:38.000Z",
        "checkin_at": "2021-12-01T21:18:40.546Z",
        "completed_at": "2021-12-01T21:18:40.546Z",
        "events": [
            f"2021-12-01T21:18:38.000Z starting task {FLYWHEEL_ID}",
            f"{_LOCATION_TIME} requested creation of source location",
            f"{_LOCATION_TIME} requested creation of destination location",
            "2021-12-01T21:18:40.546Z requested creation of datasync task best-effort-datasync-01",
            "2021-12-01T21:18:40.546Z created data mover 'best-effort-datasync-01': task-0ee229c003ef4f0b8",
            f"2021-12-01T21:18:40.546Z complete task {FLYWHEEL_ID}",
        ],
    }
}
NAMES: Final = ["best-effort-datasync-01", "from-here-to-there-2", "latasync-2021"]
METRICS: Final = """\
# HELP datamover_api_tokens_refused_total Requests without a valid token.
# TYPE datamover_api_tokens_refused_total counter
datamover_api_tokens_refused_total 0.0
"""
GROUP_NAMES: Final = ["best-effort-datasync-01", "latasync-2021"]
RUN_IDS: Final = ["exec-086d6c629a6bf3581", "exec-0816cd98c4791fb39"]
S3_TO_S3: Final[Example] = {
    "Name": "best-effort-datasync-01",
    "Source": {"Type": "S3", "S3": {"S3BucketArn": _BUCKET, "Subdirectory": "/"}},
    "Destination": {
        "Type": "S3",
        "S3": {
            "S3BucketArn": "arn:aws:s3:::receiver1234567890.example.com",
            "S3StorageClass": "STANDARD",
            "Subdirectory": "/",
        },
    },
    "Tags": [{"Key": "env", "Value": "sbx"}],
}
S3_TO_EFS: Final[Example] = {
    "Name": "best-effort-datasync-02",
    "Source": {"Type": "S3", "S3": {"S3BucketArn": _BUCKET, "Subdirectory": "/"}},
    "Destination": {
        "Type": "EFS",
        "EFS": {
            "EfsFilesystemArn": "arn:aws:elasticfilesystem:us-east-1:123456789012:file-system/fs-01234567890123456",
            "SecurityGroupArns": [f"{_EC2}:security-group/sg-01234567890123456"],
            "SubnetArn": f"{_EC2}:subnet/subnet-01234567890123456",
            "Subdirectory": "/",
        },
    },
}
MOVER: Final[Example] = {
    "Task": {
        "CloudWatchLogGroupArn": None,
        "CreationTime": "2021-12-01T21:18:40.546Z",
        "CurrentTaskExecutionArn": None,
        "DestinationLocationArn": f"{_DATASYNC}:location/loc-0379907909ce0b7d9",
        "DestinationNetworkInterfaceArns": None,
        "ErrorCode": None,
        "ErrorDetail": None,
        "Excludes": [],
        "Includes": [],
        "Name": "best-effort-datasync-01",
        "Options": {
            "Atime": "BEST_EFFORT",
            "BytesPerSecond": -1,
            "Gid": "NONE",
            "LogLevel": "OFF",
            "Mtime": "PRESERVE",
            "OverwriteMode": "ALWAYS",
            "PosixPermissions": "NONE",
            "PreserveDeletedFiles": "PRESERVE",
            "PreserveDevices": "NONE",
            "SecurityDescriptorCopyFlags": "NONE",
            "TaskQueueing": "ENABLED",
            "TransferMode": "CHANGED",
            "Uid": "NONE",
            "VerifyMode": "ONLY_FILES_TRANSFERRED",
        },
        "Schedule": None,
        "SourceLocationArn": f"{_DATASYNC}:location/loc-0126cee0d76502bb1",
        "SourceNetworkInterfaceArns": None,
        "Status": "AVAILABLE",
        "TaskArn": f"{_DATASYNC}:task/task-0ee229c003ef4f0b8",
    },
    "Source": {
        "Type": "S3",
        "S3": {
            "AgentArns": None,
            "CreationTime": _LOCATION_TIME,
            "LocationArn": f"{_DATASYNC}:location/loc-0126cee0d76502bb1",
            "LocationUri": "s3://tester1234567890.example.com/",
            "S3Config": {
                "BucketAccessRoleArn": (
                    "arn:aws:iam::123456789012:role/spinup/spindev/abc-123/best-effort-datasync-01-f4c3a5d6"
                )
            },
            "S3StorageClass": "STANDARD",
        },
    },
    "Destination": {
        "Type": "EFS",
        "EFS": {
            "CreationTime": _LOCATION_TIME,
            "Ec2Config": {
                "SecurityGroupArns": [f"{_EC2}:security-group/sg-01234567890123456"],
                "SubnetArn": f"{_EC2}:subnet/subnet-01234567890123456",
            },
            "LocationArn": f"{_DATASYNC}:location/loc-0379907909ce0b7d9",
            "LocationUri": "efs://us-east-1.fs-01234567890123456/",
        },
    },
    "Tags": [
        {"Key": "spinup:flavor", "Value": "datamover"},
        {"Key": "spinup:org", "Value": "spindev"},
        {"Key": "spinup:spaceid", "Value": "abc-123"},
        {"Key": "spinup:type", "Value": "storage"},
    ],
}
RUN: Final[Example] = {
    "BytesTransferred": 0,
    "BytesWritten": 0,
    "EstimatedBytesToTransfer": 0,
    "EstimatedFilesToTransfer": 0,
    "FilesTransferred": 0,
    "StartTime": "2022-03-01T14:04:17.986Z",
    "Status": "SUCCESS",
    "Result": {
        "ErrorCode": None,
        "ErrorDetail": None,
        "PrepareDuration": 1669,
        "PrepareStatus": "SUCCESS",
        "TotalDuration": 7662,
        "TransferDuration": 5870,
        "TransferStatus": "SUCCESS",
        "VerifyDuration": 155,
        "VerifyStatus": "SUCCESS",
    },
}
