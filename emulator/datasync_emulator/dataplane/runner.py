"""One run from end to end."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import threading

    from datasync_emulator.dataplane.model import CopyJob
    from datasync_emulator.dataplane.progress import Progress


def run(job: CopyJob, progress: Progress, cancel: threading.Event) -> None:
    """Copy what the job says, counting in `progress`.

    Raises:
        CopyFailed: the run ended in ERROR.
        CopyCancelled: `cancel` was set.
    """
    raise NotImplementedError
