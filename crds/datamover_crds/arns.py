"""Whether an ARN is one of the right resource: what AWS would refuse, told before AWS is asked.

The patterns are those of DataSync's service model in botocore (a test compares them). The schema checks prefix and
length only, so that a new partition or form of ARN needs a new operator, but no new CRD.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

ArnKind = Literal[
    "bucket",
    "file_system",
    "access_point",
    "fsx_file_system",
    "storage_virtual_machine",
    "subnet",
    "security_group",
    "role",
    "policy",
    "agent",
    "secret",
    "kms_key",
    "log_group",
    "task",
    "location",
]


@dataclass(frozen=True, slots=True)
class _Form:
    """What one kind of ARN looks like: the name for people, the pattern, and an example that matches it."""

    name: str
    pattern: str
    example: str

    @property
    def accepted(self) -> str:
        """What a field of this kind must be."""
        return f"must be the ARN of {self.name}, such as {self.example}"


_PARTITION = "arn:(aws|aws-cn|aws-us-gov|aws-eusc|aws-iso|aws-iso-b)"
_REGIONAL = r"[a-z\-0-9]+:[0-9]{12}"
_PERHAPS_REGIONAL = r"[a-z\-0-9]*:[0-9]{12}"

FORMS: Final[Mapping[ArnKind, _Form]] = {
    "bucket": _Form(
        "an S3 bucket or access point",
        rf"^{_PARTITION}:s3:{_PERHAPS_REGIONAL}:accesspoint[/:][a-zA-Z0-9\-.]{{1,63}}$"
        rf"|^{_PARTITION}:s3-outposts:{_REGIONAL}:outpost[/:][a-zA-Z0-9\-]{{1,63}}[/:]accesspoint[/:]"
        r"[a-zA-Z0-9\-]{1,63}$"
        rf"|^{_PARTITION}:s3:::[a-zA-Z0-9.\-_]{{1,255}}$",
        "arn:aws:s3:::my-bucket",
    ),
    "file_system": _Form(
        "an EFS file system",
        rf"^{_PARTITION}:elasticfilesystem:{_REGIONAL}:file-system/fs-[0-9a-f]{{8,40}}$",
        "arn:aws:elasticfilesystem:eu-central-1:111122223333:file-system/fs-0123456789abcdef0",
    ),
    "access_point": _Form(
        "an EFS access point",
        rf"^{_PARTITION}:elasticfilesystem:{_REGIONAL}:access-point/fsap-[0-9a-f]{{8,40}}$",
        "arn:aws:elasticfilesystem:eu-central-1:111122223333:access-point/fsap-0123456789abcdef0",
    ),
    "fsx_file_system": _Form(
        "an Amazon FSx file system",
        rf"^{_PARTITION}:fsx:{_REGIONAL}:file-system/fs-[0-9a-f]+$",
        "arn:aws:fsx:eu-central-1:111122223333:file-system/fs-0123456789abcdef0",
    ),
    "storage_virtual_machine": _Form(
        "a storage virtual machine",
        rf"^{_PARTITION}:fsx:{_REGIONAL}:storage-virtual-machine/fs-[0-9a-f]+/svm-[0-9a-f]{{17,}}$",
        "arn:aws:fsx:eu-central-1:111122223333:storage-virtual-machine/fs-0123456789abcdef0/svm-0123456789abcdef0",
    ),
    "subnet": _Form(
        "a subnet",
        rf"^{_PARTITION}:ec2:{_PERHAPS_REGIONAL}:subnet/subnet-[a-f0-9]+$",
        "arn:aws:ec2:eu-central-1:111122223333:subnet/subnet-0123456789abcdef0",
    ),
    "security_group": _Form(
        "a security group",
        rf"^{_PARTITION}:ec2:{_PERHAPS_REGIONAL}:security-group/sg-[a-f0-9]+$",
        "arn:aws:ec2:eu-central-1:111122223333:security-group/sg-0123456789abcdef0",
    ),
    "role": _Form(
        "an IAM role",
        rf"^{_PARTITION}:iam::[0-9]{{12}}:role/.*$",
        "arn:aws:iam::111122223333:role/my-role",
    ),
    "policy": _Form(  # API_CreateRole (IAM), PermissionsBoundary: AWS's own policies have no account
        "an IAM policy",
        rf"^{_PARTITION}:iam::([0-9]{{12}}|aws):policy/.+$",
        "arn:aws:iam::111122223333:policy/my-boundary",
    ),
    "agent": _Form(
        "a DataSync agent",
        rf"^{_PARTITION}:datasync:{_REGIONAL}:agent/agent-[0-9a-z]{{17}}$",
        "arn:aws:datasync:eu-central-1:111122223333:agent/agent-0123456789abcdef0",
    ),
    "secret": _Form(
        "a secret in AWS Secrets Manager",
        rf"^{_PARTITION}:secretsmanager:{_REGIONAL}:secret:.*$",
        "arn:aws:secretsmanager:eu-central-1:111122223333:secret:my-secret-AbCdEf",
    ),
    "kms_key": _Form(
        "an AWS KMS key",
        rf"^{_PARTITION}:kms:{_REGIONAL}:key/.*$",
        "arn:aws:kms:eu-central-1:111122223333:key/01234567-89ab-cdef-0123-456789abcdef",
    ),
    "log_group": _Form(
        "a CloudWatch log group",
        rf"^{_PARTITION}:logs:{_REGIONAL}:log-group:([^:\*]*)(:\*)?$",
        "arn:aws:logs:eu-central-1:111122223333:log-group:/aws/datasync",
    ),
    "task": _Form(
        "a DataSync task",
        rf"^{_PARTITION}:datasync:{_REGIONAL}:task/task-[0-9a-f]{{17}}$",
        "arn:aws:datasync:eu-central-1:111122223333:task/task-0123456789abcdef0",
    ),
    "location": _Form(
        "a DataSync location",
        rf"^{_PARTITION}:datasync:{_REGIONAL}:location/loc-[0-9a-z]{{17}}$",
        "arn:aws:datasync:eu-central-1:111122223333:location/loc-0123456789abcdef0",
    ),
}


def problem_with(kind: ArnKind, path: str, arn: str) -> str | None:
    """Say what is wrong with the ARN found in the field `path`, and what is accepted there; None where nothing is."""
    form = FORMS[kind]
    if re.fullmatch(form.pattern, arn):
        return None
    return f"{path}: '{arn}': {form.accepted}"
