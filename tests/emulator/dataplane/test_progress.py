"""What DescribeTaskExecution shows of the counters."""

from __future__ import annotations

import threading

from datasync_emulator.dataplane import Bytes, Count, Phase, Progress
from datasync_emulator.dataplane.entry import Kind


def counted() -> Progress:
    progress = Progress()
    for number, count in enumerate(Count, start=1):
        progress.add(count, Kind.FILE, number)
        progress.add(count, Kind.FOLDER, number * 100)
    progress.estimate_bytes(70)
    progress.move_bytes(30)
    return progress


def test_basic_mode_counts_directories_as_files_and_deletions_as_transfers() -> None:
    assert counted().describe("BASIC") == {
        "EstimatedBytesToTransfer": 70,
        "BytesTransferred": 30,
        "BytesCompressed": 30,
        "BytesWritten": 30,
        "EstimatedFilesToTransfer": 303 + 404,
        "EstimatedFilesToDelete": 404,
        "FilesTransferred": 606,
        "FilesSkipped": 707,
        "FilesVerified": 808,
        "FilesDeleted": 909,
    }


def test_enhanced_mode_counts_files_and_folders_apart() -> None:
    described = counted().describe("ENHANCED")
    assert described["EstimatedFilesToTransfer"] == 3
    assert described["EstimatedFoldersToTransfer"] == 300
    assert described["FilesListed"] == {"AtSource": 1, "AtDestinationForDelete": 2}
    assert described["FoldersListed"] == {"AtSource": 100, "AtDestinationForDelete": 200}
    assert described["FilesPrepared"] == 5
    assert described["FilesFailed"] == {"Prepare": 11, "Transfer": 12, "Verify": 13, "Delete": 14}
    assert described["FoldersFailed"] == {
        "List": 1000,
        "Prepare": 1100,
        "Transfer": 1200,
        "Verify": 1300,
        "Delete": 1400,
    }
    assert described["FoldersDeleted"] == 900


def test_phases_are_told_and_timed() -> None:
    now, seen = [0.0], list[Phase]()
    progress = Progress(seen.append, lambda: now[0])
    progress.enter(Phase.PREPARING)
    now[0] = 0.25
    assert (progress.phase, progress.duration(Phase.PREPARING)) == (Phase.PREPARING, 250)
    now[0] = 1.5
    progress.enter(Phase.TRANSFERRING)
    now[0] = 2.0
    progress.leave()
    now[0] = 9.0
    assert seen == [Phase.PREPARING, Phase.TRANSFERRING]
    assert [progress.duration(phase) for phase in Phase] == [1500, 500, 0]
    assert progress.phase is None


def test_many_threads_may_count() -> None:
    progress = Progress()

    def count() -> None:
        for _ in range(1000):
            progress.add(Count.TRANSFERRED, Kind.FILE)
            progress.move_bytes(2)

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (progress.files(Count.TRANSFERRED), progress.bytes(Bytes.WRITTEN)) == (4000, 8000)


def test_only_so_many_problems_are_kept_but_all_are_counted() -> None:
    progress = Progress()
    for number in range(1000):
        progress.fail(Count.FAILED_TRANSFER, Kind.FILE, f"f{number}", "broken")
    assert progress.failures == 1000
    assert len(progress.problems) == 100
    assert progress.problems[0] == "failed to transfer: f0: broken"
