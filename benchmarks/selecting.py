"""How much memory and time `select` takes for a long listing, in a process of its own; S3's answers are made up."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from benchmarks.figures import Figures
from benchmarks.usage import forget_peak, peak_rss_mib
from datamover_crds import Selection
from datamover_operator.aws.ports import S3, Listed
from datamover_operator.runs.plan.errands import Place, Select
from datamover_operator.runs.selecting import select

_PAGE = 1000
_ERRAND = Select(Place("source", "in/"), Selection(glob="**/*.csv", regex="x+"), "lists", "manifest.csv")


@dataclass(frozen=True)
class Selecting(Figures):
    """What it took: MiB of memory beside those of the idle process, seconds of CPU time."""

    keys: int
    mib: float
    seconds: float

    def rows(self) -> list[tuple[str, str]]:
        """As lines of a table."""
        return [("memory", f"{self.mib:.0f} MiB"), ("CPU time", f"{self.seconds:.1f} s")]


def measure(keys: int) -> Selecting:
    """Select all of so many keys of 100 characters."""
    command = [sys.executable, "-m", "benchmarks.selecting", str(keys)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return Selecting(**json.loads(done.stdout))


class _LongListing:
    """The part of the S3 port that a selection calls."""

    def __init__(self, keys: int) -> None:
        self._keys = keys

    async def list_objects(self, bucket: str, prefix: str, after: str = "") -> tuple[Sequence[Listed], bool]:  # noqa: ARG002
        start = int(after[3:12]) + 1 if after else 0
        numbers = range(start, min(start + _PAGE, self._keys))
        page = [Listed(f"in/{number:09d}/{'x' * 80}.csv", 1, "2025-01-15T12:00:00Z") for number in numbers]
        return page, len(page) == _PAGE

    async def begin_upload(self, bucket: str, key: str) -> str:
        return f"{bucket}/{key}"

    async def put_part(self, bucket: str, key: str, upload: str, number: int, body: bytes) -> str:  # noqa: ARG002
        return str(number)

    async def put(self, bucket: str, key: str, body: bytes) -> None:
        """Keep nothing."""

    async def complete_upload(self, bucket: str, key: str, upload: str, etags: Sequence[str]) -> None:
        """Keep nothing."""


def _main(keys: int) -> None:
    forget_peak()
    before, started = peak_rss_mib(os.getpid()), time.process_time()
    found = asyncio.run(select(cast("S3", _LongListing(keys)), _ERRAND))
    more = peak_rss_mib(os.getpid()) - before
    print(json.dumps(Selecting(found.objects, round(more, 1), round(time.process_time() - started, 1)).as_json()))


if __name__ == "__main__":
    _main(int(sys.argv[1]))
