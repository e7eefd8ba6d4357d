"""Which ARNs are right where."""

from __future__ import annotations

import re
from typing import get_args

import botocore.session
import pytest

from datamover_crds.arns import FORMS, ArnKind, problem_with

SHAPES: dict[ArnKind, str] = {
    "bucket": "S3BucketArn",
    "file_system": "EfsFilesystemArn",
    "access_point": "EfsAccessPointArn",
    "fsx_file_system": "FsxFilesystemArn",
    "storage_virtual_machine": "StorageVirtualMachineArn",
    "agent": "AgentArn",
    "secret": "SecretArn",
    "kms_key": "KmsKeyArn",
    "subnet": "Ec2SubnetArn",
    "security_group": "Ec2SecurityGroupArn",
    "role": "IamRoleArn",
    "log_group": "LogGroupArn",
    "task": "TaskArn",
}


def test_every_kind_has_a_form_whose_example_is_right() -> None:
    assert set(FORMS) == set(get_args(ArnKind))
    for kind, form in FORMS.items():
        assert problem_with(kind, "spec.x", form.example) is None


@pytest.mark.parametrize(("kind", "shape"), SHAPES.items())
def test_patterns_are_those_of_the_service_model(kind: ArnKind, shape: str) -> None:
    pattern: str = botocore.session.get_session().get_service_model("datasync").shape_for(shape).metadata["pattern"]
    given = re.sub(r"^\^[(](.*)\|[)][$]$", r"^\1$", pattern)  # in updates an empty one takes it away
    assert _plain(FORMS[kind].pattern) == _plain(given)


def _plain(pattern: str) -> str:
    """The pattern without escapes that change nothing."""
    return re.sub(r"\\([-.*])", r"\1", pattern)


@pytest.mark.parametrize(
    ("kind", "arn"),
    [
        ("bucket", "arn:aws:s3:::a/b"),
        ("bucket", "arn:aws:s3-outposts:us-east-1:111122223333:outpost/op-1/bucket/b"),
        ("agent", "arn:aws:datasync:eu-central-1:111122223333:task/task-0123456789abcdef0"),
        ("fsx_file_system", "arn:aws:fsx:eu-central-1:111122223333:volume/fs-01/vol"),
        (
            "storage_virtual_machine",
            "arn:aws:fsx:eu-central-1:111122223333:storage-virtual-machine/svm-0123456789abcdef0",
        ),
        ("secret", "arn:aws:ssm:eu-central-1:111122223333:parameter/mine"),
        ("kms_key", "arn:aws:kms:eu-central-1:111122223333:alias/mine"),
        ("bucket", "arn:aws:s3:::b\n"),
        ("file_system", "arn:aws:elasticfilesystem:eu-central-1:111122223333:access-point/fsap-01234567"),
        ("subnet", "arn:aws:ec2:eu-central-1:111122223333:subnet/sg-0123"),
        ("security_group", "arn:aws:ec2:eu-central-1:1111:security-group/sg-0123"),
        ("role", "arn:aws:iam::111122223333:user/me"),
        ("policy", "arn:aws:iam::111122223333:role/mine"),
        ("log_group", "arn:aws:logs:eu-central-1:111122223333:log-group:*:*:x"),
        ("task", "arn:aws:datasync:eu-central-1:111122223333:task/task-0123"),
    ],
)
def test_the_wrong_resource_is_told_with_field_value_and_example(kind: ArnKind, arn: str) -> None:
    problem = problem_with(kind, "spec.here", arn)
    assert problem is not None
    assert problem.startswith(f"spec.here: '{arn}': must be the ARN of ")
    assert FORMS[kind].example in problem


def test_other_partitions_and_access_points_are_right() -> None:
    assert problem_with("bucket", "spec.x", "arn:aws-us-gov:s3:us-gov-west-1:111122223333:accesspoint/mine") is None
    assert problem_with("policy", "spec.x", "arn:aws:iam::aws:policy/PowerUserAccess") is None
