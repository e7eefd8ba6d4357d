"""Amazon EFS."""

from __future__ import annotations

from tests.support.location_cases.case import OTHER_NETWORK, Edit, LocationCase
from tests.support.specs import ACCESS_POINT, FILE_SYSTEM, NETWORK, ROLE

CASES = (
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
        attributes="posix",
    ),
)
