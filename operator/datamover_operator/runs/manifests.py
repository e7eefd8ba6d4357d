"""Checks a manifest of the user's before DataSync gets it."""

from __future__ import annotations

import asyncio

from datamover_operator.aws.failure import AwsError, FailureKind
from datamover_operator.aws.ports import S3
from datamover_operator.runs.bucket_objects import pieces_of
from datamover_operator.runs.plan.errands import CheckManifest, ManifestChecked, Place
from datamover_operator.runs.plan.manifest_lines import ManifestReader


async def check_manifest(s3: S3, errand: CheckManifest) -> ManifestChecked:
    """Whether it exists and is well formed. Raises AwsError.

    One that the operator may not read is DataSync's to judge: its role may.
    """
    place, reader = Place(errand.bucket).uri(errand.key), ManifestReader()
    try:
        async for piece in pieces_of(s3, errand.bucket, errand.key, errand.version):
            reader.feed(piece)
            if reader.problem:
                break
            await asyncio.sleep(0)
    except AwsError as error:
        if error.failure.kind is FailureKind.DENIED:
            return ManifestChecked("")
        if error.failure.kind is FailureKind.NOT_FOUND:
            version = f" in version '{errand.version}'" if errand.version is not None else ""
            return ManifestChecked(f"{place} does not exist{version}")
        raise
    reader.close()
    return ManifestChecked(f"{place}: {reader.problem}" if reader.problem else "")
