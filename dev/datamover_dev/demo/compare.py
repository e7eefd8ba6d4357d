"""Compare what arrived with what was sent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from datamover_dev.demo.library import Digests


@dataclass(frozen=True)
class Comparison:
    """The difference between what was expected and what is there: paths, sorted."""

    compared: int
    missing: list[str]
    unexpected: list[str]
    different: list[str]

    @property
    def equal(self) -> bool:
        """Whether nothing is missing, unexpected or different."""
        return not (self.missing or self.unexpected or self.different)

    def __str__(self) -> str:
        """One line: the verdict, and examples of each difference."""
        if self.equal:
            return f"{self.compared:,} files compared, all equal"
        kinds = {"missing": self.missing, "unexpected": self.unexpected, "different": self.different}
        return "; ".join(f"{len(paths):,} {kind}, such as {paths[0]}" for kind, paths in kinds.items() if paths)


def compare(expected: Digests, actual: Digests) -> Comparison:
    """Compare digests by path."""
    both = expected.keys() & actual.keys()
    return Comparison(
        compared=len(both),
        missing=sorted(expected.keys() - actual.keys()),
        unexpected=sorted(actual.keys() - expected.keys()),
        different=sorted(path for path in both if expected[path] != actual[path]),
    )


def wrong_counters(counters: dict[str, Any], *, files: int, total_bytes: int) -> list[str]:
    """Return a sentence for each of DataSync's counters that does not tell what was moved."""
    expected = {"filesTransferred": files, "bytesWritten": total_bytes, "bytesTransferred": total_bytes}
    return [
        f"{name} is {counters.get(name)}, and {value} were moved"
        for name, value in expected.items()
        if counters.get(name) != value
    ]
