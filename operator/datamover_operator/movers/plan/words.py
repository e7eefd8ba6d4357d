"""What a mover moves and when, as the columns of kubectl show it: short, so that a line fits on a screen."""

from __future__ import annotations

from typing import Final

from datamover_crds import DataMover, DataMoverStatus, MoverInWords, from_timestamp
from datamover_operator.movers.plan.state import RUNNING, state_of

WIDTH: Final = 26
"""Of a URI, the ID of a file system among them: a line of `kubectl get dm -o wide` then fits in 160 characters."""
SCHEDULE_WIDTH: Final = 12


def with_words(mover: DataMover, status: DataMoverStatus) -> DataMoverStatus:
    """The status, with its state in a word, and with what goes into columns."""
    state = state_of(mover, status)
    schedule, following = mover.spec.schedule, status.next_scheduled_time
    percent = status.current_run.percent if status.current_run is not None else None
    words = MoverInWords(
        state=f"Running {percent}%" if state == RUNNING and percent is not None else state,
        source=short_uri(status.source_uri) if status.source_uri is not None else None,
        destination=short_uri(status.destination_uri) if status.destination_uri is not None else None,
        schedule=short_schedule(schedule.schedule_expression) if schedule is not None else None,
        next=f"{from_timestamp(following):%m-%d %H:%MZ}" if following is not None else None,
    )
    return status.model_copy(update={"state": state, "in_words": words})


def short_uri(uri: str) -> str:
    """The URI of a location; that of a file system without its Region, which is the account's, and the last slash."""
    scheme, _, rest = uri.partition("://")
    _, _, system = rest.partition(".")
    return shortened(f"{scheme}://{system.removesuffix('/')}" if system.startswith("fs-") else uri, WIDTH)


def short_schedule(expression: str) -> str:
    """A schedule as CronJobs show theirs: `0 2 * * ? *` of `cron(…)`, `every 12h` of `rate(12 hours)`."""
    form, _, inner = expression.removesuffix(")").partition("(")
    if form == "rate":
        count, _, unit = inner.partition(" ")
        inner = f"every {count}{unit.lstrip()[:1]}"
    return shortened(inner or expression, SCHEDULE_WIDTH)


def shortened(text: str, width: int) -> str:
    """A text of at most this many characters: what is too much is cut out of the middle."""
    if len(text) <= width:
        return text
    tail = width // 2
    return f"{text[: width - tail - 1]}…{text[-tail:]}"
