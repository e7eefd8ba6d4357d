"""Compares the files of two buckets: both are listed in the same order, and walked side by side."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Final

from datamover_crds import ComparedFile, RunComparison
from datamover_operator.aws.ports import S3
from datamover_operator.runs.bucket_objects import files_at
from datamover_operator.runs.manifests import manifest_paths
from datamover_operator.runs.plan.errands import Compare
from datamover_operator.runs.plan.filters import PathFilter, path_filter
from datamover_operator.runs.plan.matching import Matcher, matcher_of
from datamover_operator.runs.selecting import is_plain

_MOST_PATHS: Final = 20
_File = tuple[bytes, str, int]
"""A path as it is ordered, as it is shown, and its size."""


@dataclass(slots=True)
class _Tally:
    """What has been found so far."""

    compared: int = 0
    missing: int = 0
    different: int = 0
    extra: int = 0
    wrong: list[ComparedFile] = field(default_factory=list)
    added: list[ComparedFile] = field(default_factory=list)

    def pair(self, source: _File | None, destination: _File | None) -> None:
        """Take in a path, as it is on either side."""
        if source is None:
            assert destination is not None  # noqa: S101 - one of them is there
            self.extra += 1
            _note(self.added, ComparedFile(path=destination[1][:4096], difference="Extra"))
            return
        self.compared += 1
        if destination is None:
            self.missing += 1
            _note(self.wrong, ComparedFile(path=source[1][:4096], difference="Missing"))
        elif destination[2] != source[2]:
            self.different += 1
            _note(self.wrong, ComparedFile(path=source[1][:4096], difference="Different"))

    def result(self) -> RunComparison:
        """As the run's status has it."""
        return RunComparison(
            compared=self.compared,
            missing=self.missing,
            different=self.different,
            extra=self.extra,
            paths=(*self.wrong, *self.added)[:_MOST_PATHS],
        )


async def compare(s3: S3, errand: Compare) -> RunComparison:
    """Compare what the run was to transfer. Raises AwsError, PatternError."""
    passes = path_filter(errand.includes, errand.excludes)
    matches = matcher_of(errand.selection) if errand.selection is not None else None
    if errand.manifest is not None:
        passes = (await manifest_paths(s3, errand.manifest)).has
    sources = _wanted(files_at(s3, errand.source), passes, matches)
    destinations = _wanted(files_at(s3, errand.destination), passes, None)
    tally = _Tally()
    source, destination = await anext(sources, None), await anext(destinations, None)
    while source is not None or destination is not None:
        is_at_source = destination is None or (source is not None and source[0] <= destination[0])
        is_at_destination = source is None or (destination is not None and destination[0] <= source[0])
        tally.pair(source if is_at_source else None, destination if is_at_destination else None)
        if is_at_source:
            source = await anext(sources, None)
        if is_at_destination:
            destination = await anext(destinations, None)
    return tally.result()


async def _wanted(
    files: AsyncIterator[tuple[str, int, str]], passes: PathFilter, matches: Matcher | None
) -> AsyncIterator[_File]:
    async for path, size, modified in files:
        if passes(path) and is_plain(path) and (matches is None or matches(path, size, modified)):
            yield path.encode(), path, size


def _note(noted: list[ComparedFile], file: ComparedFile) -> None:
    if len(noted) < _MOST_PATHS:
        noted.append(file)
