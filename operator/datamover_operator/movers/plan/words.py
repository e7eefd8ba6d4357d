"""What a mover moves and when, as the columns of kubectl show it: short, so that a line fits on a screen."""

from __future__ import annotations

from typing import Final

from datamover_crds import DataMover, DataMoverStatus, MoverInWords, from_timestamp

WIDTH: Final = 27
"""Of a URI; the ID of a file system fits in."""
_SCHEDULE_WIDTH: Final = 17
"""Such as cron(0 2 * * ? *)."""


def with_words(mover: DataMover, status: DataMoverStatus) -> DataMoverStatus:
    """The status, with what goes into columns."""
    schedule, following = mover.spec.schedule, status.next_scheduled_time
    expression = schedule.schedule_expression if schedule is not None else None
    words = MoverInWords(
        source=short_uri(status.source_uri) if status.source_uri is not None else None,
        destination=short_uri(status.destination_uri) if status.destination_uri is not None else None,
        schedule="suspended" if mover.spec.suspend else shortened(expression or "", _SCHEDULE_WIDTH) or None,
        next=f"{from_timestamp(following):%m-%d %H:%MZ}" if following is not None else None,
    )
    return status.model_copy(update={"in_words": words})


def short_uri(uri: str) -> str:
    """The URI of a location; that of a file system without its Region, which is the account's."""
    scheme, _, rest = uri.partition("://")
    _, _, system = rest.partition(".")
    return shortened(f"{scheme}://{system}" if system.startswith("fs-") else uri, WIDTH)


def shortened(text: str, width: int) -> str:
    """A text of at most this many characters: what is too much is cut out of the middle."""
    if len(text) <= width:
        return text
    tail = width // 2
    return f"{text[: width - tail - 1]}…{text[-tail:]}"
