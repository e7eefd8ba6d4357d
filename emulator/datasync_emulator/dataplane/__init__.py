"""The data plane: copies what a task execution says, and counts what it did.

`run(job, progress, cancel)` blocks until the copy has ended; call it in a thread of its own. It raises CopyFailed for
a run that ends in ERROR and CopyCancelled (soon) after `cancel` is set. A Progress belongs to one run.
"""

from datasync_emulator.dataplane.entry import Kind
from datasync_emulator.dataplane.model import (
    CopyCancelled,
    CopyFailed,
    CopyJob,
    Endpoint,
    FolderEndpoint,
    Metadata,
    Phase,
    RemoteEndpoint,
    S3Endpoint,
)
from datasync_emulator.dataplane.outcome import Failure, Observer, Outcome, Step
from datasync_emulator.dataplane.progress import Bytes, Count, Progress
from datasync_emulator.dataplane.runner import run

__all__ = [
    "Bytes",
    "CopyCancelled",
    "CopyFailed",
    "CopyJob",
    "Count",
    "Endpoint",
    "Failure",
    "FolderEndpoint",
    "Kind",
    "Metadata",
    "Observer",
    "Outcome",
    "Phase",
    "Progress",
    "RemoteEndpoint",
    "S3Endpoint",
    "Step",
    "run",
]
