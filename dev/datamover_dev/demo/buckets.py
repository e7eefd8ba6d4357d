"""Put files into a bucket, and read them back, as any S3 client does."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config

from datamover_dev.demo.library import digest

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

CONNECTIONS = 8

Advance = Callable[[int], None]
"""Told how many files are done."""


class Bucket:
    """One bucket of the local stack."""

    def __init__(self, name: str, variables: Mapping[str, str]) -> None:
        """Connect by what the standard AWS variables say; nothing is sent yet."""
        self.name = name
        self._region = variables["AWS_REGION"]
        self._s3: S3Client = boto3.client(
            "s3",
            endpoint_url=variables["AWS_ENDPOINT_URL"],
            region_name=self._region,
            aws_access_key_id=variables["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=variables["AWS_SECRET_ACCESS_KEY"],
            config=Config(s3={"addressing_style": "path"}, max_pool_connections=CONNECTIONS),
        )

    def create(self) -> None:
        """Make the bucket."""
        self._s3.create_bucket(
            Bucket=self.name,
            CreateBucketConfiguration={"LocationConstraint": self._region},  # type: ignore[typeddict-item] # any region
        )

    def put(self, prefix: str, files: Mapping[str, Path], advance: Advance) -> None:
        """Upload the files under `prefix`."""

        def put(name: str, path: Path) -> None:
            self._s3.put_object(Bucket=self.name, Key=prefix + name, Body=path.read_bytes())

        with ThreadPoolExecutor(CONNECTIONS) as threads:
            uploads = [threads.submit(put, name, path) for name, path in files.items()]
            for done, upload in enumerate(as_completed(uploads), start=1):
                upload.result()
                advance(done)

    def digests(self, prefix: str) -> dict[str, str]:
        """Return the digest of every object under `prefix`, by the rest of its key; folders are no files."""
        pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=self.name, Prefix=prefix)
        keys = [entry["Key"] for page in pages for entry in page.get("Contents", ()) if not entry["Key"].endswith("/")]

        def read(key: str) -> str:
            return digest(self._s3.get_object(Bucket=self.name, Key=key)["Body"].read())

        with ThreadPoolExecutor(CONNECTIONS) as threads:
            return {key.removeprefix(prefix): value for key, value in zip(keys, threads.map(read, keys), strict=True)}
