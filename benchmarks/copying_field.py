"""Where the copying is measured: an emulator's file systems and buckets, and the tools that copy between them."""

from __future__ import annotations

import json
import os
import subprocess
import time
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

from datamover_dev.demo.library import digests_of
from datamover_dev.stack.environment import ACCOUNT_ID, REGION, aws_environment, without_foreign_settings

if TYPE_CHECKING:
    from types_boto3_datasync import DataSyncClient
    from types_boto3_iam import IAMClient
    from types_boto3_s3 import S3Client

SOURCE_BUCKET = "bench-source"
SOURCE_FILE_SYSTEM = "fs-00000000000000000"
_POLL_S = 0.2  # asking takes processor time from the copying, so the execution's own clock is read in the end
_PATIENCE_S = 600.0


@dataclass(frozen=True)
class Route:
    """Where to copy from and to."""

    name: str
    from_bucket: bool
    to_bucket: bool


class Field:
    """A running emulator with the tree in a file system and in a bucket."""

    def __init__(self, folder: Path, endpoint: str) -> None:
        """Set up the source locations, empty; `folder` is the emulator's data root."""
        self._root = folder / ACCOUNT_ID / REGION
        self._numbers = count(1)
        self._environment = without_foreign_settings(os.environ) | aws_environment(endpoint) | _rclone_remote(endpoint)
        self.tree = self._file_system(SOURCE_FILE_SYSTEM)
        self._datasync: DataSyncClient = self._client("datasync")
        self._s3: S3Client = self._client("s3")
        self._role = _make_role(self._client("iam"))
        self._make_bucket(SOURCE_BUCKET)

    def _client(self, service: str) -> Any:  # noqa: ANN401 - boto3 has a type for every service
        variables = self._environment
        return boto3.client(
            service,  # type: ignore[call-overload]
            endpoint_url=variables["AWS_ENDPOINT_URL"],
            region_name=REGION,
            aws_access_key_id=variables["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=variables["AWS_SECRET_ACCESS_KEY"],
            config=Config(s3={"addressing_style": "path"}),
        )

    def fill_bucket(self) -> None:
        """Bring the tree to the source bucket."""
        self._execute(self._efs(SOURCE_FILE_SYSTEM), self._bucket(SOURCE_BUCKET))

    def emulator(self, route: Route) -> float:
        """Seconds of one execution."""
        name = self._new_place(route)
        source = self._bucket(SOURCE_BUCKET) if route.from_bucket else self._efs(SOURCE_FILE_SYSTEM)
        seconds = self._execute(source, self._bucket(name) if route.to_bucket else self._efs(name))
        self._check(route, name)
        return seconds

    def rclone(self, route: Route) -> float:
        """Seconds of one rclone process."""
        name = self._new_place(route)
        source = f"emulator:{SOURCE_BUCKET}" if route.from_bucket else str(self.tree)
        destination = f"emulator:{name}" if route.to_bucket else str(self._root / name)
        command = ["rclone", "copy", source, destination, "--config", os.devnull, "--quiet"]
        started = time.perf_counter()
        subprocess.run(command, env=self._environment, check=True, timeout=_PATIENCE_S)
        seconds = time.perf_counter() - started
        self._check(route, name)
        return seconds

    def _execute(self, source: str, destination: str) -> float:
        task = self._datasync.create_task(SourceLocationArn=source, DestinationLocationArn=destination)["TaskArn"]
        started = time.perf_counter()
        execution = self._datasync.start_task_execution(TaskArn=task)["TaskExecutionArn"]
        while time.perf_counter() - started < _PATIENCE_S:
            seen = self._datasync.describe_task_execution(TaskExecutionArn=execution)
            if seen["Status"] == "SUCCESS":
                return seen["Result"]["TotalDuration"] / 1000
            if seen["Status"] == "ERROR":
                raise RuntimeError(f"The execution failed: {seen['Result']}")
            time.sleep(_POLL_S)
        raise TimeoutError(f"The execution has not ended after {_PATIENCE_S:.0f} s")

    def _check(self, route: Route, name: str) -> None:
        """See that all has arrived.

        Buckets are emptied, for they are in the emulator's memory. Folders stay to the end: ext4 passes over inodes
        that were freed in the last seconds, one by one, so clearing them makes whoever comes next several times slower.
        """
        if route.to_bucket:
            keys = [key for key in self._keys(name) if not key.endswith("/")]
            _require_equal(len(keys), sum(path.is_file() for path in self.tree.rglob("*")), route)
            self._remove_bucket(name)
        else:
            _require_equal(digests_of(self._root / name), digests_of(self.tree), route)

    def _keys(self, bucket: str) -> list[str]:
        pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=bucket)
        return [entry["Key"] for page in pages for entry in page.get("Contents", ())]

    def _remove_bucket(self, name: str) -> None:
        while keys := self._keys(name)[:1000]:
            self._s3.delete_objects(Bucket=name, Delete={"Objects": [{"Key": key} for key in keys]})
        self._s3.delete_bucket(Bucket=name)

    def _new_place(self, route: Route) -> str:
        number = next(self._numbers)
        if route.to_bucket:
            self._make_bucket(f"bench-{number}")
            return f"bench-{number}"
        self._file_system(f"fs-{number:017x}")
        return f"fs-{number:017x}"

    def _make_bucket(self, name: str) -> None:
        self._s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})  # type: ignore[typeddict-item] # any Region

    def _file_system(self, name: str) -> Path:
        folder = self._root / name
        folder.mkdir(parents=True)
        return folder

    def _bucket(self, name: str) -> str:
        role: Any = {"BucketAccessRoleArn": self._role}
        return self._datasync.create_location_s3(S3BucketArn=f"arn:aws:s3:::{name}", S3Config=role)["LocationArn"]

    def _efs(self, name: str) -> str:
        ec2 = f"arn:aws:ec2:{REGION}:{ACCOUNT_ID}"
        network: Any = {
            "SubnetArn": f"{ec2}:subnet/subnet-00000000",
            "SecurityGroupArns": [f"{ec2}:security-group/sg-00000000"],
        }
        arn = f"arn:aws:elasticfilesystem:{REGION}:{ACCOUNT_ID}:file-system/{name}"
        return self._datasync.create_location_efs(EfsFilesystemArn=arn, Ec2Config=network)["LocationArn"]


def _require_equal(found: object, expected: object, route: Route) -> None:
    if found != expected:
        raise RuntimeError(f"Not everything arrived from {route.name}")


def _rclone_remote(endpoint: str) -> dict[str, str]:
    """The remote `emulator:`, by rclone's environment variables."""
    settings = {"TYPE": "s3", "PROVIDER": "Other", "ENDPOINT": endpoint, "REGION": REGION, "ENV_AUTH": "true"}
    return {f"RCLONE_CONFIG_EMULATOR_{name}": value for name, value in settings.items()}


def _make_role(iam: IAMClient) -> str:
    """A role that DataSync may assume and that allows all of S3; gives its ARN."""
    trust = {"Effect": "Allow", "Principal": {"Service": "datasync.amazonaws.com"}, "Action": "sts:AssumeRole"}
    access = {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}
    role = iam.create_role(RoleName="bench", AssumeRolePolicyDocument=_policy(trust))
    iam.put_role_policy(RoleName="bench", PolicyName="access", PolicyDocument=_policy(access))
    return role["Role"]["Arn"]


def _policy(statement: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})
