"""Locations to copy between: buckets of the S3 that moto keeps in this process."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import boto3
import pytest
from moto import mock_aws

from tests.emulator.dataplane.locations import Bucket

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client


@pytest.fixture(scope="session")
def client() -> S3Client:
    """One for all tests, for making one takes longer than most of them."""
    return boto3.client("s3", region_name="us-east-1", aws_access_key_id="key", aws_secret_access_key="none")


@pytest.fixture
def s3(client: S3Client) -> Iterator[S3Client]:
    """An S3 with nothing in it."""
    with mock_aws():
        yield client


@pytest.fixture
def make_bucket(s3: S3Client) -> Callable[[str], Bucket]:
    def make(name: str) -> Bucket:
        s3.create_bucket(Bucket=name)
        return Bucket(s3, name)

    return make


@pytest.fixture
def bucket(make_bucket: Callable[[str], Bucket]) -> Bucket:
    return make_bucket("first-bucket")


@pytest.fixture
def other_bucket(make_bucket: Callable[[str], Bucket]) -> Bucket:
    return make_bucket("second-bucket")
