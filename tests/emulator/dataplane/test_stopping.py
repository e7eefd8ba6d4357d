"""Cancelling a run, and changing its limit while it is under way."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from datasync_emulator.dataplane import Bytes, CopyCancelled, Endpoint, FolderEndpoint, Phase
from tests.emulator.dataplane.locations import Bucket, Copy, plant, tree

LIMIT = 10_000
SIZE = 3 * 2**20  # minutes at that limit
NAMES = [f"file {number}" for number in range(3)]


class Running:
    """A run in a thread of its own, as the emulator has it."""

    def __init__(self, copy: Copy) -> None:
        self.copy = copy
        self.outcome: BaseException | None = None
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        try:
            self.copy.run()
        except BaseException as error:  # noqa: BLE001 - the test looks at it
            self.outcome = error

    def wait_until(self, condition: Callable[[], bool]) -> None:
        """Poll: the counters are all that an observer has."""
        pause = threading.Event()
        for _ in range(3000):
            if condition():
                return
            pause.wait(0.01)
        pytest.fail("it did not come to that within 30 s")

    def join(self) -> BaseException | None:
        self._thread.join(timeout=30)
        assert not self._thread.is_alive()
        return self.outcome


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return plant(tmp_path / "source", dict.fromkeys(NAMES, b"x" * SIZE))


@pytest.fixture(params=["folder", "bucket"])
def destination(
    request: pytest.FixtureRequest, tmp_path: Path, bucket: Bucket
) -> tuple[Endpoint, Callable[[], object]]:
    """A location, and what it holds."""
    root = plant(tmp_path / "target", {})
    if request.param == "folder":
        return FolderEndpoint(root), lambda: {path: body for path, body in tree(root).items() if path in NAMES}
    return bucket.endpoint(), bucket.bodies


def test_a_run_stops_in_the_midst_of_a_file(source: Path, destination: tuple[Endpoint, Callable[[], object]]) -> None:
    endpoint, contents = destination
    running = Running(Copy(FolderEndpoint(source), endpoint, bytes_per_second=lambda: LIMIT))
    running.wait_until(lambda: running.copy.progress.bytes(Bytes.TRANSFERRED) > 0)
    running.copy.cancel.set()
    assert isinstance(running.join(), CopyCancelled)
    assert contents() == {}
    assert not isinstance(endpoint, FolderEndpoint) or tree(endpoint.root) == {}
    assert running.copy.progress.bytes(Bytes.TRANSFERRED) < SIZE


@pytest.mark.parametrize("phase", Phase)
def test_a_run_stops_in_every_phase(phase: Phase, source: Path, tmp_path: Path) -> None:
    copy = Copy(FolderEndpoint(source), FolderEndpoint(plant(tmp_path / "target", {})))
    copy.at = {phase: copy.cancel.set}
    with pytest.raises(CopyCancelled):
        copy.run()
    assert copy.phases[-1] is phase
    assert copy.progress.phase is None


def test_the_limit_can_be_lifted_under_way(source: Path, destination: tuple[Endpoint, Callable[[], object]]) -> None:
    endpoint, contents = destination
    limit = [LIMIT]
    running = Running(Copy(FolderEndpoint(source), endpoint, bytes_per_second=lambda: limit[0]))
    running.wait_until(lambda: running.copy.progress.bytes(Bytes.TRANSFERRED) > 0)
    assert contents() == {}
    limit[0] = -1
    assert running.join() is None
    assert contents() == tree(source)
