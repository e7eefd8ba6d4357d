"""What the emulator can be told at its start."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Settings:
    """One emulator's settings; durations are seconds.

    `object_storage` are the URLs of object storage servers by the host names that locations give them.
    """

    data_root: Path
    host: str = "127.0.0.1"
    port: int = 0
    state_delay: float = 0.0
    task_delay: float = 0.0
    iam_delay: float = 0.0
    max_tasks: int = 100
    max_queued: int = 50
    copy_slots: int = 128
    create_file_systems: bool = True
    journal_limit: int = 200_000
    object_storage: Mapping[str, str] = field(default_factory=dict)
