"""What the types that are AWS file systems have in common: their ARNs, protocols and folders. Pure."""

from __future__ import annotations

from pathlib import PurePosixPath

from datasync_emulator.catalogue.locations.storage import Folder
from datasync_emulator.errors import invalid_request
from datasync_emulator.messages import Caller, JsonObject


def own_arn(caller: Caller, name: str, arn: str) -> str:
    """Accept the ARN of a file system of the caller's account and Region.

    Raises:
        ApiError: InvalidRequestException naming the parameter.
    """
    _, _, _, region, account, _ = arn.split(":", 5)
    if region != caller.region:
        raise invalid_request(f"{name} is in Region {region}: it must be in {caller.region}.")
    if account != caller.account:
        raise invalid_request(f"{name} is in account {account}: it must be in {caller.account}.")
    return arn


def authority(arn: str) -> str:
    """The URI's part that stands for a file system: region.fs-…, with .svm-… for a storage virtual machine."""
    _, _, _, region, _, resource = arn.split(":", 5)
    return ".".join((region, *resource.split("/")[1:]))


def folder_of(arn: str, subdirectory: str) -> Folder:
    """<account>/<region>/<file system id>, with the virtual machine's id below it."""
    _, _, _, region, account, resource = arn.split(":", 5)
    return Folder(PurePosixPath(account, region, *resource.split("/")[1:]), subdirectory)


def one_protocol(protocol: JsonObject) -> str:
    """The name of the one protocol that a Protocol structure holds.

    Raises:
        ApiError: InvalidRequestException where it is none, or more than one.
    """
    names = [name for name, value in protocol.items() if value is not None]
    if len(names) != 1:
        raise invalid_request(f"Protocol needs either NFS or SMB; found: {', '.join(sorted(names)) or 'none'}.")
    return names[0]
