"""The documented defaults of DataSync's task options, for a field that leaves the spec.

Source: Options in the DataSync API reference, and what DescribeTask shows when nothing was given (S3 locations
carry no POSIX ownership, so their defaults differ).
"""

from __future__ import annotations

from datamover_crds.common import JsonObject

_COMMON: JsonObject = {
    "atime": "BEST_EFFORT",
    "mtime": "PRESERVE",
    "preserveDeletedFiles": "PRESERVE",
    "preserveDevices": "NONE",
    "bytesPerSecond": -1,
    "logLevel": "OFF",
    "objectMetadata": "PRESERVE",
    "objectTags": "PRESERVE",
    "overwriteMode": "ALWAYS",
    "securityDescriptorCopyFlags": "NONE",
    "taskQueueing": "ENABLED",
    "transferMode": "CHANGED",
}


def default_options(*, posix: bool, enhanced: bool) -> JsonObject:
    """Every option's default for a task whose both ends are POSIX file systems (or not), in Basic or Enhanced mode."""
    ownership: JsonObject = (
        {"uid": "INT_VALUE", "gid": "INT_VALUE", "posixPermissions": "PRESERVE"}
        if posix
        else {"uid": "NONE", "gid": "NONE", "posixPermissions": "NONE"}
    )
    verify = "ONLY_FILES_TRANSFERRED" if enhanced else "POINT_IN_TIME_CONSISTENT"
    return _COMMON | ownership | {"verifyMode": verify}
