"""Which locations go together in a task. Pure.

Source: DataSync user guide, "Where can I transfer my data" and "Choosing a task mode". The wording of the refusals is
not published.
"""

from __future__ import annotations

from datasync_emulator.catalogue.locations import LocationSpec
from datasync_emulator.catalogue.options import ENHANCED
from datasync_emulator.errors import invalid_request


def check(source: LocationSpec, destination: LocationSpec, mode: str) -> None:
    """Refuse a transfer that DataSync does not support.

    Raises:
        ApiError: InvalidRequestException naming the location type and the task mode.
    """
    for spec in (source, destination):
        if mode == ENHANCED and not spec.enhanced:
            raise invalid_request(
                f"TaskMode ENHANCED does not support a location of type {spec.filter_value}. Use BASIC."
            )
