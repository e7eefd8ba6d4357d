"""The benchmark of selections, on a short listing: memory does not hang on its length."""

from __future__ import annotations

from benchmarks import selecting


def test_a_selection_takes_little_memory() -> None:
    found = selecting.measure(100_000)
    assert found.keys == 100_000
    assert 0 < found.mib < 64
