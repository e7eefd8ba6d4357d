"""An AWS account in the emulator, with shortcuts for what DataSync needs to be there first."""

from __future__ import annotations

import json
from functools import cached_property
from typing import TYPE_CHECKING, Any

from tests.support.waiting import eventually

if TYPE_CHECKING:
    from pathlib import Path

    from types_boto3_datasync import DataSyncClient
    from types_boto3_iam import IAMClient
    from types_boto3_resourcegroupstaggingapi import ResourceGroupsTaggingAPIClient
    from types_boto3_s3 import S3Client

    from tests.support.emulator import Emulator

ENDED = ("SUCCESS", "ERROR")


class Account:
    """Clients that speak as one account in one region, and resources made through them."""

    def __init__(self, emulator: Emulator, number: str, region: str = "eu-central-1") -> None:
        self.emulator = emulator
        self.number = number
        self.region = region

    def client(self, service: str) -> Any:  # noqa: ANN401 - boto3 has a type for every service
        """A boto3 client of this account."""
        return self.emulator.client(service, account=self.number, region=self.region)

    @cached_property
    def datasync(self) -> DataSyncClient:
        client: DataSyncClient = self.client("datasync")
        return client

    @cached_property
    def s3(self) -> S3Client:
        client: S3Client = self.client("s3")
        return client

    @cached_property
    def iam(self) -> IAMClient:
        client: IAMClient = self.client("iam")
        return client

    @cached_property
    def tagging(self) -> ResourceGroupsTaggingAPIClient:
        client: ResourceGroupsTaggingAPIClient = self.client("resourcegroupstaggingapi")
        return client

    def bucket(self, name: str, **objects: bytes) -> str:
        """Make a bucket named after the account and `name`, holding `objects`; gives its name."""
        bucket = f"{name}-{self.number}"
        self.s3.create_bucket(
            Bucket=bucket,
            CreateBucketConfiguration={"LocationConstraint": self.region},  # type: ignore[typeddict-item]
        )
        for key, content in objects.items():
            self.s3.put_object(Bucket=bucket, Key=key, Body=content)
        return bucket

    def role(self, name: str = "datasync", *, actions: tuple[str, ...] = ("s3:*",), trust: object = None) -> str:
        """Make a role that DataSync may assume and that allows `actions` everywhere; gives its ARN."""
        document = trust or _trust()
        role = self.iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(document))
        statement = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        self.iam.put_role_policy(RoleName=name, PolicyName="access", PolicyDocument=policy)
        return role["Role"]["Arn"]

    @cached_property
    def any_role(self) -> str:
        """A role that allows everything."""
        return self.role()

    def s3_location(self, bucket: str, **parameters: Any) -> str:  # noqa: ANN401 - CreateLocationS3's parameters
        """Make a location; gives its ARN."""
        role: Any = parameters.pop("S3Config", None) or {"BucketAccessRoleArn": self.any_role}
        created = self.datasync.create_location_s3(S3BucketArn=f"arn:aws:s3:::{bucket}", S3Config=role, **parameters)
        return created["LocationArn"]

    def efs_location(self, file_system: str = "fs-0123456789abcdef0", **parameters: Any) -> str:  # noqa: ANN401 - as above
        """Make a location; gives its ARN."""
        ec2 = f"arn:aws:ec2:{self.region}:{self.number}"
        created = self.datasync.create_location_efs(
            EfsFilesystemArn=f"arn:aws:elasticfilesystem:{self.region}:{self.number}:file-system/{file_system}",
            Ec2Config={
                "SubnetArn": f"{ec2}:subnet/subnet-0a1b2c3d",
                "SecurityGroupArns": [f"{ec2}:security-group/sg-0a1b2c3d"],
            },
            **parameters,
        )
        return created["LocationArn"]

    def efs_folder(self, file_system: str = "fs-0123456789abcdef0") -> Path:
        """The folder that stands for a file system."""
        return self.emulator.file_system(file_system, account=self.number, region=self.region)

    def efs_task(self, **parameters: Any) -> str:  # noqa: ANN401 - CreateTask's parameters
        """Make a task from one file system to another; gives its ARN."""
        source, destination = self.efs_location("fs-0aaaaaaaaaaaaaaaa"), self.efs_location("fs-0bbbbbbbbbbbbbbbb")
        return self.task(source, destination, **parameters)

    def task(self, source: str, destination: str, **parameters: Any) -> str:  # noqa: ANN401 - as above
        """Make a task; gives its ARN."""
        created = self.datasync.create_task(SourceLocationArn=source, DestinationLocationArn=destination, **parameters)
        return created["TaskArn"]

    def start(self, task: str, **parameters: Any) -> str:  # noqa: ANN401 - StartTaskExecution's parameters
        """Start an execution; gives its ARN."""
        return self.datasync.start_task_execution(TaskArn=task, **parameters)["TaskExecutionArn"]

    def execution(self, arn: str) -> dict[str, Any]:
        """DescribeTaskExecution."""
        described: dict[str, Any] = dict(self.datasync.describe_task_execution(TaskExecutionArn=arn))
        return described

    def ended(self, arn: str) -> dict[str, Any]:
        """Wait until an execution has ended; gives its description."""
        eventually(lambda: self.execution(arn)["Status"] in ENDED, what=f"{arn} has ended")
        return self.execution(arn)


def _trust() -> dict[str, Any]:
    statement = {"Effect": "Allow", "Principal": {"Service": "datasync.amazonaws.com"}, "Action": "sts:AssumeRole"}
    return {"Version": "2012-10-17", "Statement": [statement]}
