"""The location types. Each has a module of its own; this registry is all that the rest of the emulator knows of them.

A new type is a subclass of LocationSpec in a new module, and one entry here.
"""

from __future__ import annotations

from datasync_emulator.catalogue.locations.efs import Efs
from datasync_emulator.catalogue.locations.s3 import S3
from datasync_emulator.catalogue.locations.spec import LocationSpec

__all__ = ["LOCATION_TYPES", "LocationSpec"]

LOCATION_TYPES: tuple[type[LocationSpec], ...] = (S3, Efs)
