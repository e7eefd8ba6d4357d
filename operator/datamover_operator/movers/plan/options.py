"""The documented defaults of DataSync's task options, for a field that leaves the spec.

Source: Options in the DataSync API reference, and what DescribeTask shows when nothing was given. What is kept of
owners and permissions depends on both locations.
"""

from __future__ import annotations

from collections.abc import Mapping

from datamover_crds.common import JsonObject
from datamover_crds.locations import Attributes

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
    "taskQueueing": "ENABLED",
    "transferMode": "CHANGED",
}


_OWNERSHIP: Mapping[Attributes, JsonObject] = {
    "posix": {
        "uid": "INT_VALUE",
        "gid": "INT_VALUE",
        "posixPermissions": "PRESERVE",
        "securityDescriptorCopyFlags": "NONE",
    },
    "windows": {
        "uid": "NONE",
        "gid": "NONE",
        "posixPermissions": "NONE",
        "securityDescriptorCopyFlags": "OWNER_DACL",
    },
    "object": {"uid": "NONE", "gid": "NONE", "posixPermissions": "NONE", "securityDescriptorCopyFlags": "NONE"},
}


def default_options(kept: Attributes, *, enhanced: bool) -> JsonObject:
    """Every option's default for a task that keeps these attributes of files, in Basic or Enhanced mode."""
    verify = "ONLY_FILES_TRANSFERRED" if enhanced else "POINT_IN_TIME_CONSISTENT"
    return _COMMON | _OWNERSHIP[kept] | {"verifyMode": verify}
