"""Reads a manifest of the user's: checks it before DataSync gets it, and tells afterwards what it names."""

from __future__ import annotations

import asyncio
from hashlib import blake2b
from math import inf
from typing import Final

from datamover_operator.aws.failure import AwsError, Failure, FailureKind
from datamover_operator.aws.ports import S3
from datamover_operator.runs.bucket_objects import pieces_of
from datamover_operator.runs.plan.errands import CheckManifest, ManifestChecked, Place
from datamover_operator.runs.plan.manifest_lines import ManifestReader

_MOST_PATHS: Final = 500_000
"""Their hashes take about 40 MiB."""


class ManifestPaths:
    """The paths that a manifest names, as hashes."""

    def __init__(self) -> None:
        """No path yet."""
        self._hashes: set[int] = set()
        self.count = 0
        self.has_versions = False

    def take(self, path: str, version: str | None) -> None:
        """One more; those beyond what can be kept are counted."""
        self.count += 1
        self.has_versions = self.has_versions or version is not None
        if self.count <= _MOST_PATHS:
            self._hashes.add(_hash(path))

    def has(self, path: str) -> bool:
        """Whether the manifest names this path; wrong for one path in some 10^13."""
        return _hash(path) in self._hashes


async def manifest_paths(s3: S3, errand: CheckManifest) -> ManifestPaths:
    """What a user's manifest names. Raises AwsError, also where both sides can't be compared by it."""
    paths = ManifestPaths()
    reader = ManifestReader(paths.take)
    await _read(s3, errand, reader)
    problem = reader.problem
    if paths.has_versions:
        problem = "names versions of objects, of which a listing tells no sizes"
    elif paths.count > _MOST_PATHS:
        problem = f"names {paths.count:,} paths, more than the {_MOST_PATHS:,} that can be compared"
    if problem:
        place = Place(errand.bucket).uri(errand.key)
        raise AwsError(Failure(FailureKind.REFUSED, "GetObject", "Manifest", f"{place} {problem}"))
    return paths


async def _read(s3: S3, errand: CheckManifest, reader: ManifestReader, most: float = inf) -> None:
    """Read a manifest to its end, to its first mistake, or so many bytes at least. Raises AwsError."""
    size = 0
    async for piece in pieces_of(s3, errand.bucket, errand.key, errand.version):
        reader.feed(piece)
        size += len(piece)
        if reader.problem or size >= most:
            return
        await asyncio.sleep(0)
    reader.close()


def _hash(path: str) -> int:
    return int.from_bytes(blake2b(path.encode(), digest_size=8).digest(), "big")


async def check_manifest(s3: S3, errand: CheckManifest, most: float = inf) -> ManifestChecked:
    """Whether it exists and is well formed, in its first bytes up to `most` at least. Raises AwsError.

    One that the operator may not read is DataSync's to judge: its role may.
    """
    place, reader = Place(errand.bucket).uri(errand.key), ManifestReader()
    try:
        await _read(s3, errand, reader, most)
    except AwsError as error:
        if error.failure.kind is FailureKind.DENIED:
            return ManifestChecked("")
        if error.failure.kind is FailureKind.NOT_FOUND:
            version = f" in version '{errand.version}'" if errand.version is not None else ""
            return ManifestChecked(f"{place} does not exist{version}")
        raise
    return ManifestChecked(f"{place}: {reader.problem}" if reader.problem else "")
