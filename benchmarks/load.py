"""A steady load on one URL, by hey (an ordinary HTTP load tool), and a bare server to compare with."""

from __future__ import annotations

import csv
import json
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import quantiles

from benchmarks import bare_server

CONNECTIONS = 10


@dataclass(frozen=True)
class Load:
    """What clients saw: how many requests were answered, times in ms, answers that were not 200.

    The first request of each connection opens it, and is left out.
    """

    requests: int
    p50_ms: float
    p99_ms: float
    longest_ms: float
    failed: int


@dataclass(frozen=True)
class Server:
    """Where a server listens, and its process."""

    url: str
    pid: int


def require_hey() -> None:
    """Raise FileNotFoundError where hey is missing."""
    if shutil.which("hey") is None:
        raise FileNotFoundError("hey is not on PATH: install it (apt install hey)")


def load(url: str, headers: Mapping[str, str], *, rate: int, seconds: int) -> Load:
    """Send GETs at a steady `rate` (a second) over ten connections that stay open, for so long."""
    given = [part for name, value in headers.items() for part in ("-H", f"{name}: {value}")]
    pace = ["-c", f"{CONNECTIONS}", "-q", f"{rate // CONNECTIONS}", "-z", f"{seconds}s"]
    done = subprocess.run(
        ["hey", *pace, "-o", "csv", "-disable-compression", *given, url],  # noqa: S607 - it is looked for above
        capture_output=True,
        text=True,
        check=True,
        timeout=seconds + 60,
    )
    rows = sorted(csv.DictReader(done.stdout.splitlines()), key=lambda row: float(row["offset"]))[CONNECTIONS:]
    times = [1000 * float(row["response-time"]) for row in rows]
    percentiles = quantiles(times, n=100, method="inclusive")
    return Load(
        requests=len(rows),
        p50_ms=round(percentiles[49], 2),
        p99_ms=round(percentiles[98], 2),
        longest_ms=round(max(times), 2),
        failed=sum(row["status-code"] != "200" for row in rows),
    )


def read(url: str, headers: Mapping[str, str]) -> bytes:
    """The body of one answer."""
    request = urllib.request.Request(url, headers=dict(headers))  # noqa: S310 - our own
    with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310 - our own
        body: bytes = answer.read()
    return body


@contextmanager
def bare(answers: Mapping[str, bytes], folder: Path) -> Iterator[Server]:
    """A server that gives each path its answer and does nothing else."""
    told = folder / "answers.json"
    told.write_text(json.dumps({path: body.decode() for path, body in answers.items()}))
    command = [sys.executable, "-m", bare_server.__name__, str(told)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None  # noqa: S101 - asked for above
        try:
            yield Server(server.stdout.readline().strip(), server.pid)
        finally:
            server.terminate()
