"""How far a run has got, how fast it is and when it will be done: in numbers, and in a sentence for people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from datamover_crds import Counters, JsonObject, Phase, Progress, ProgressInWords, to_timestamp
from datamover_operator.controller.plan import amounts
from datamover_operator.controller.plan.conditions import seconds_between

SAMPLES: Final = 6
"""How many of the last descriptions a rate is taken over."""
_WHOLE: Final = 100
_LONGEST: Final = timedelta(days=3650)
"""An end that is farther away is no estimate."""
DOING: Final[dict[Phase, str]] = {
    "Queued": "waits in DataSync's queue for another execution of the task to end",
    "Launching": "DataSync prepares to start",
    "Preparing": "DataSync compares source and destination",
    "Transferring": "DataSync copies the data",
    "Verifying": "DataSync verifies what it has transferred",
    "Cancelling": "DataSync stops the execution",
}


@dataclass(frozen=True, slots=True)
class Sample:
    """What DataSync's counters said at a moment."""

    at: datetime
    bytes_written: int
    files_transferred: int


def sample_of(described: JsonObject, at: datetime) -> Sample:
    """The sample that a description of an execution is."""
    written, transferred = described.get("bytesWritten"), described.get("filesTransferred")
    return Sample(at, written if isinstance(written, int) else 0, transferred if isinstance(transferred, int) else 0)


def progress_of(phase: Phase, counters: Counters, samples: Sequence[Sample]) -> Progress:
    """How far an execution in this phase has got. `samples` are its last ones, the oldest first."""
    total, done = counters.estimated_bytes_to_transfer, counters.bytes_written
    files_total, files_done = counters.estimated_files_to_transfer, counters.files_transferred
    rates = _rates(samples) if phase == "Transferring" else None
    left = _left(rates, (done, total), (files_done, files_total))
    bare = Progress(
        percent=_WHOLE if phase == "Succeeded" else _percent((done, total), (files_done, files_total)),
        bytes_done=done,
        bytes_total=total,
        files_done=files_done,
        files_total=files_total,
        bytes_per_second=int(rates[0]) if rates is not None else None,
        files_per_second=int(rates[1]) if rates is not None else None,
        estimated_completion_time=to_timestamp(samples[-1].at + left) if left is not None else None,
    )
    return bare.model_copy(update={"in_words": _in_words(bare, left)})


def message_of(phase: Phase, progress: Progress, start: str | None, end: str | None) -> str:
    """What an execution does in this phase, or has done."""
    shown = progress.in_words or ProgressInWords()
    match phase:
        case "Succeeded":
            return _done(progress, start, end)
        case "Cancelled":
            return f"the execution was cancelled: {_done(progress, start, end)}"
        case "Transferring" if progress.bytes_total or progress.files_total:
            left = f"{shown.remaining} left" if shown.remaining else None
            return amounts.joined((f"{progress.percent} %", shown.size or shown.files, shown.rate, left))
        case _:
            return DOING.get(phase, "")


def _done(progress: Progress, start: str | None, end: str | None) -> str:
    moved = amounts.joined((amounts.files(progress.files_done or 0), amounts.size(progress.bytes_done or 0)))
    seconds = seconds_between(start, end)
    return f"{moved} in {amounts.duration(max(seconds, 0))}" if seconds is not None else moved


def _percent(*parts: tuple[int | None, int | None]) -> int:
    """How much of the estimate is done: bytes tell, files where there are no bytes to move; below 100 until the end."""
    for done, total in parts:
        if total:
            return min(_WHOLE - 1, _WHOLE * (done or 0) // total)
    return 0


def _rates(samples: Sequence[Sample]) -> tuple[float, float] | None:
    """Bytes and files per second over the samples; None where they tell nothing."""
    if len(samples) < 2:  # noqa: PLR2004 - a rate is taken between two
        return None
    first, last = samples[0], samples[-1]
    seconds = (last.at - first.at).total_seconds()
    if seconds <= 0:
        return None
    moved = last.bytes_written - first.bytes_written, last.files_transferred - first.files_transferred
    return max(moved[0], 0) / seconds, max(moved[1], 0) / seconds


def _left(rates: tuple[float, float] | None, *parts: tuple[int | None, int | None]) -> timedelta | None:
    """How long what is left takes at these rates; None where nobody can tell."""
    for rate, (done, total) in zip(rates or (), parts, strict=False):
        if total:
            seconds = max(total - (done or 0), 0) / rate if rate else _LONGEST.total_seconds()
            return timedelta(seconds=seconds) if seconds < _LONGEST.total_seconds() else None
    return None


def _in_words(progress: Progress, left: timedelta | None) -> ProgressInWords | None:
    done, total, rate = progress.bytes_done, progress.bytes_total, progress.bytes_per_second
    count, of = progress.files_done, progress.files_total
    is_partial = bool(total) and progress.percent != _WHOLE
    amount = amounts.part(done or 0, total or 0) if is_partial else amounts.size(done) if done else None
    shown = ProgressInWords(
        size=amount,
        files=f"{count or 0:,} of {amounts.files(of)}"
        if of and progress.percent != _WHOLE
        else amounts.files(count or 0),
        rate=f"{amounts.size(rate)}/s" if rate else None,
        remaining=amounts.between(left) if left is not None else None,
    )
    return shown if shown != ProgressInWords() else None
