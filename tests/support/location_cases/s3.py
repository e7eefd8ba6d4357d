"""Buckets."""

from __future__ import annotations

from tests.support.location_cases.case import AGENT, OTHER_AGENT, OUTPOST, Edit, LocationCase
from tests.support.specs import ROLE

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
            ("accessRole.kmsKeyArns[0]", {"accessRole": {"kmsKeyArns": ["arn:aws:kms:eu:1:key/x"]}}),
            ("accessRole.arn", {"accessRole": {"arn": "arn:aws:iam::1:role/short"}}),
        ),
        granted="s3://from/in/*",
        refused="s3://from/in",
        roles=("accessRole.arn",),
        broken=(
            (".agentArns", "must name an agent", {"s3BucketArn": "arn:aws:s3:::from", "agents": ["office"]}),
            (".agentArns", "must name an agent", {"s3BucketArn": OUTPOST}),
        ),
    ),
    LocationCase(
        name="s3",
        least={"s3BucketArn": OUTPOST, "agents": ["office"]},
        full={"s3BucketArn": OUTPOST, "subdirectory": "in", "accessRole": {"arn": ROLE}, "agentArns": [AGENT]},
        uri=f"s3://{OUTPOST}/in/",
        described={"s3Config": {"bucketAccessRoleArn": ROLE}, "agentArns": [AGENT]},
        edits=(Edit({"subdirectory": "/other"}, {"subdirectory": "/other/"}),),
        defaults={"subdirectory": "/"},
        replacing=({"s3BucketArn": f"{OUTPOST}2"}, {"agentArns": [OTHER_AGENT]}),
        mistakes=(("agentArns[0]", {"agentArns": ["arn:aws:datasync:eu:1:agent/x"]}),),
        granted=f"s3://{OUTPOST}/*",
        refused="s3://from/*",
        roles=("accessRole.arn",),
        agents=("agentArns[0]",),
    ),
)
