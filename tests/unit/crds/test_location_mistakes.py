"""The mistakes that people make with each type: messages name the field, the value and what is accepted."""

from __future__ import annotations

import pytest

from datamover_crds import DataMover, InvalidObject, parse
from tests.support.location_cases import CASES
from tests.support.specs import OTHER_BUCKET, JsonDict, mover

FILE_SYSTEM = "arn:aws:elasticfilesystem:eu-central-1:111122223333:file-system/fs-0123456789abcdef0"
MISTAKES: list[tuple[str, JsonDict, str, str]] = [
    ("s3", {"s3BucketArn": "my-bucket"}, "s3BucketArn", "must be an ARN"),
    ("smb", {"user": "CORP\\joe"}, "user", "without the domain, which belongs in domain"),
    ("smb", {"subdirectory": "share\\in"}, "subdirectory", "such as /share/folder"),
    ("nfs", {"subdirectory": "export"}, "subdirectory", "must be the absolute path of an export"),
    ("nfs", {"serverHostname": "nfs://nas"}, "serverHostname", "alone, such as nas.example.com"),
    ("fsxLustre", {"fsxFilesystemArn": FILE_SYSTEM}, "fsxFilesystemArn", "such as arn:aws:fsx:"),
    ("fsxOntap", {"storageVirtualMachineArn": FILE_SYSTEM}, "storageVirtualMachineArn", "such as arn:aws:fsx:"),
    ("fsxOpenZfs", {"subdirectory": "/data"}, "subdirectory", "must start with /fsx"),
    ("fsxWindows", {"fsxFilesystemArn": FILE_SYSTEM}, "fsxFilesystemArn", "such as arn:aws:fsx:"),
    ("hdfs", {"qopConfiguration": {"rpcProtection": "PRIVACY"}}, "qopConfiguration", "must be DISABLED"),
    (
        "hdfs",
        {"kmsKeyProviderUri": "https://kms:9600/kms"},
        "kmsKeyProviderUri",
        "must be kms://http@<host>:<port>/kms",
    ),
    (
        "hdfs",
        {"kmsKeyProviderUri": "kms://https@kms:9600"},
        "kmsKeyProviderUri",
        "must be kms://http@<host>:<port>/kms",
    ),
    ("hdfs", {"blockSize": 1_048_577}, "blockSize", "must be a multiple of 512"),
    ("hdfs", {"subdirectory": "/data?"}, "subdirectory", "must be a path with forward slashes"),
    ("hdfs", {"simpleUser": "joe@EXAMPLE.COM"}, "simpleUser", "must be the name of a user alone"),
    ("objectStorage", {"serverHostname": "https://minio"}, "serverHostname", "alone, such as nas.example.com"),
    (
        "azureBlob",
        {"containerUrl": "http://mine.example.com/from"},
        "containerUrl",
        "must be the https URL of a container",
    ),
    ("efs", {"efsFilesystemArn": "arn:aws:s3:::bucket"}, "efsFilesystemArn", "such as arn:aws:elasticfilesystem:"),
]


@pytest.mark.parametrize(("name", "change", "field", "accepted"), MISTAKES)
def test_a_mistake_is_told_with_its_field_and_what_is_accepted(
    name: str, change: JsonDict, field: str, accepted: str
) -> None:
    least = next(case.least for case in CASES if case.name == name)
    message = told(mover(source={name: least | change}, destination=OTHER_BUCKET), name)
    assert message.startswith(f"spec.source.{name}.{field}: ")
    assert accepted in message
    (value,) = change.values()
    shown = str(next(iter(value.values())) if isinstance(value, dict) else value)
    assert shown.replace("\\", "\\\\") in message


def told(sample: JsonDict, name: str) -> str:
    """Why it is refused: by the schema, or by the operator before it asks AWS."""
    try:
        location = parse(DataMover, sample).spec.source.declared
    except InvalidObject as error:
        return str(error)
    return location.mistake(f"spec.source.{name}") or ""


def test_there_is_a_mistake_of_every_type() -> None:
    assert {name for name, *_ in MISTAKES} == {case.name for case in CASES}
