"""One row for each type of location: what users declare of it, and what DataSync makes of that.

The tests of schema, diff, plan, grants and import run over these rows; a new type is one row more.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.support.specs import ACCESS_POINT, FILE_SYSTEM, NETWORK, ROLE, JsonDict

OTHER_NETWORK = NETWORK | {"subnetArn": f"{NETWORK['subnetArn'][:-1]}1"}


@dataclass(frozen=True)
class Edit:
    """A changed field: what is declared now, and what the update request says of it."""

    declared: JsonDict
    request: JsonDict


@dataclass(frozen=True)
class LocationCase:
    """One type.

    `least` and `full` are declarations; `uri` and `described` are what DataSync makes of the full one. `edits` are
    carried out in place; fields of `defaults` go back to these when they leave the spec; `replacing` changes take a new
    location. `mistakes` are refused before AWS is asked, at the field named. `granted` and `refused` are patterns of
    grants; `roles` are the fields whose roles need a grant; `left_out` are members of DataSync's requests that the
    model does not have.
    """

    name: str
    least: JsonDict
    full: JsonDict
    uri: str
    described: JsonDict
    edits: tuple[Edit, ...]
    defaults: JsonDict
    replacing: tuple[JsonDict, ...]
    mistakes: tuple[tuple[str, JsonDict], ...]
    granted: str
    refused: str
    roles: tuple[str, ...] = ()
    posix: bool = False
    left_out: frozenset[str] = field(default=frozenset())

    def __str__(self) -> str:
        return self.name


CASES = (
    LocationCase(
        name="s3",
        least={"s3BucketArn": "arn:aws:s3:::from"},
        full={
            "s3BucketArn": "arn:aws:s3:::from",
            "subdirectory": "in/2024",
            "s3StorageClass": "STANDARD_IA",
            "accessRole": {"arn": ROLE},
        },
        uri="s3://from/in/2024/",
        described={"s3StorageClass": "STANDARD_IA", "s3Config": {"bucketAccessRoleArn": ROLE}, "agentArns": None},
        edits=(
            Edit({"subdirectory": "/other"}, {"subdirectory": "/other/"}),
            Edit({"s3StorageClass": "GLACIER"}, {"s3StorageClass": "GLACIER"}),
            Edit({"accessRole": {"arn": f"{ROLE}-2"}}, {"s3Config": {"bucketAccessRoleArn": f"{ROLE}-2"}}),
        ),
        defaults={"subdirectory": "/", "s3StorageClass": "STANDARD"},
        replacing=({"s3BucketArn": "arn:aws:s3:::to"},),
        mistakes=(
            ("s3BucketArn", {"s3BucketArn": "arn:aws:s3:::no_bucket!"}),
            ("accessRole.arn", {"accessRole": {"arn": "arn:aws:iam::1:role/short"}}),
        ),
        granted="s3://from/in/*",
        refused="s3://from/in",
        roles=("accessRole.arn",),
        left_out=frozenset({"AgentArns"}),
    ),
    LocationCase(
        name="efs",
        least={"efsFilesystemArn": FILE_SYSTEM, "ec2Config": NETWORK},
        full={
            "efsFilesystemArn": FILE_SYSTEM,
            "subdirectory": "/home",
            "ec2Config": NETWORK,
            "fileSystemAccessRoleArn": ROLE,
            "accessPointArn": ACCESS_POINT,
            "inTransitEncryption": "TLS1_2",
        },
        uri="efs://eu-central-1.fs-0123456789abcdef0/home/",
        described={
            "ec2Config": NETWORK,
            "fileSystemAccessRoleArn": ROLE,
            "accessPointArn": ACCESS_POINT,
            "inTransitEncryption": "TLS1_2",
        },
        edits=(
            Edit({"subdirectory": "home/a"}, {"subdirectory": "/home/a/"}),
            Edit({"accessPointArn": f"{ACCESS_POINT[:-1]}1"}, {"accessPointArn": f"{ACCESS_POINT[:-1]}1"}),
            Edit({"fileSystemAccessRoleArn": f"{ROLE}-2"}, {"fileSystemAccessRoleArn": f"{ROLE}-2"}),
        ),
        defaults={"subdirectory": "/", "accessPointArn": "", "fileSystemAccessRoleArn": ""},
        replacing=({"efsFilesystemArn": f"{FILE_SYSTEM[:-1]}1"}, {"ec2Config": OTHER_NETWORK}),
        mistakes=(
            ("efsFilesystemArn", {"efsFilesystemArn": "arn:aws:elasticfilesystem:eu:1:fs"}),
            ("subdirectory", {"subdirectory": "/a/../b"}),
            ("ec2Config.subnetArn", {"ec2Config": NETWORK | {"subnetArn": "arn:aws:ec2:eu:1:subnet/x"}}),
            (
                "ec2Config.securityGroupArns[1]",
                {"ec2Config": NETWORK | {"securityGroupArns": [*NETWORK["securityGroupArns"], "arn:aws:ec2:eu:1:sg"]}},
            ),
            ("accessPointArn", {"accessPointArn": "arn:aws:elasticfilesystem:eu:1:access-point/x"}),
            ("fileSystemAccessRoleArn", {"fileSystemAccessRoleArn": "arn:aws:iam::1:role/x"}),
        ),
        granted="efs://eu-central-1.fs-0123456789abcdef0/*",
        refused="efs://eu-central-1.fs-0123456789abcdef0/other/*",
        roles=("fileSystemAccessRoleArn",),
        posix=True,
    ),
)
