"""Make the sample buckets in the emulator; those that are there stay as they are."""

import os

import boto3
from botocore.config import Config

REGION = os.environ["AWS_REGION"]

s3 = boto3.client("s3", config=Config(s3={"addressing_style": "path"}, retries={"total_max_attempts": 5}))
present = {bucket["Name"] for bucket in s3.list_buckets()["Buckets"]}
for name in ("sample-source", "sample-copy"):
    if name not in present:
        s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
s3.put_object(Bucket="sample-source", Key="library/hello.txt", Body=b"Hello from the chart's sample.\n")
