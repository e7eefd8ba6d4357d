"""From a create request to the DataMover that does the same: names, paths, tags and options as the older service's."""

from __future__ import annotations

import re
import zlib
from typing import Final

from pydantic import JsonValue

from datamover_api.legacy.flywheel import Step
from datamover_api.legacy.wire import S3, CreateMover, Efs, Location
from datamover_crds import (
    LOCATIONS,
    DataMover,
    DataMoverAccount,
    DataMoverSpec,
    InvalidObject,
    JsonObject,
    ObjectMeta,
    Problem,
    parse,
)
from datamover_crds.contract import ORIGIN_LABEL, REST_ORIGIN
from datamover_crds.legacy import FIXED_TAGS, GROUP_TAG, ORG_TAG, labels, object_names

_LONGEST_NAME: Final = 40
_NAME: Final = re.compile("[a-zA-Z0-9-]+")
_GROUP: Final = re.compile("[a-zA-Z0-9 +=._:@-]{1,256}")
"""A group is the value of a tag."""
_OPTIONS: Final[JsonObject] = {
    "preserveDeletedFiles": "PRESERVE",
    "transferMode": "CHANGED",
    "verifyMode": "ONLY_FILES_TRANSFERRED",
}
_HISTORY: Final[JsonObject] = {"limit": 500, "maxAge": "30d"}


class InvalidRequestError(Exception):
    """The request is refused at once, as the older service did, and in its words."""


class IllFormedError(Exception):
    """The request was taken there, and failed at this step; the message names the field."""

    def __init__(self, message: str) -> None:
        """Tell the step by the field that the message begins with; what is about none of them fails the first one."""
        super().__init__(message)
        self.step: Step = "destination" if message.startswith("Destination") else "source"


def new_mover(request: CreateMover, group: str, account: DataMoverAccount) -> tuple[DataMover, str]:
    """The mover that a request asks for, and the name to use for its object if its own is taken.

    Raises:
        InvalidRequestError: it does not get that far.
        IllFormedError: a location, a tag or the group is none that can be.
    """
    name = checked_name(request.name)
    source, destination = request.source, request.destination
    if source is None or destination is None or not source.type or not destination.type:
        raise InvalidRequestError("Source and Destination are required")
    if not _GROUP.fullmatch(group):
        raise IllFormedError(f"group '{group}': must be 1 to 256 characters of A-Z, a-z, 0-9, space and +=._:@-")
    path = role_path(account.spec.org, group)
    spec: JsonObject = {
        "accountRef": {"name": account.metadata.name},
        "name": name,
        "source": _location(source, "Source", name, path),
        "destination": _location(destination, "Destination", name, path),
        "allowOverlap": True,  # as the older service did
        "tags": _tags(request, group, account.spec.org),
        "options": _OPTIONS,
        "runHistory": _HISTORY,
    }
    own_name, other_name = object_names(account.spec.account_id, group, name)
    metadata = ObjectMeta(
        name=own_name,
        namespace=account.spec.rest.namespace if account.spec.rest is not None else "",
        labels={ORIGIN_LABEL: REST_ORIGIN, **labels(group, name)},
    )
    try:
        return DataMover(metadata=metadata, spec=parse(DataMoverSpec, spec)), other_name
    except InvalidObject as problem:
        raise IllFormedError("; ".join(dict.fromkeys(map(_told, problem.problems)))) from None


def checked_name(name: str | None) -> str:
    """The mover's name. Raises InvalidRequestError."""
    if name is None:
        raise InvalidRequestError("Name is a required field")
    if len(name.encode()) > _LONGEST_NAME:
        raise InvalidRequestError(f"Name cannot exceed {_LONGEST_NAME} characters ")
    if not _NAME.fullmatch(name):
        raise InvalidRequestError(f"Name doesn't match regex ^{_NAME.pattern}$")
    return name


def role_path(org: str | None, group: str) -> str:
    """The IAM path of a group's bucket access roles."""
    return "/".join(["", "spinup", *([org] if org else []), group, ""])


def role_name(mover: str, bucket_arn: str) -> str:
    """The name of a mover's access role for a bucket: the older service's, with the CRC-32 of the bucket's name."""
    bucket = re.split("[:/]", bucket_arn)[-1]
    return f"{mover}-{zlib.crc32(bucket.encode()):08x}"


def _location(location: Location, side: str, name: str, path: str) -> JsonObject:
    match location:
        case Location(type="S3", s3=S3() as s3):
            return {"s3": _s3(s3, name, path)}
        case Location(type="EFS", efs=Efs() as efs):
            return {"efs": _efs(efs)}
        case Location(type="S3" | "EFS" as kind):
            raise IllFormedError(f"{side}.{kind} is required where {side}.Type is {kind}")
    raise IllFormedError(f"{side}.Type: '{location.type}': must be S3 or EFS")


def _s3(s3: S3, name: str, path: str) -> JsonObject:
    arn = s3.s3_bucket_arn or ""
    return _present(
        {
            "s3BucketArn": arn,
            "s3StorageClass": s3.s3_storage_class or None,
            "subdirectory": s3.subdirectory or None,
            "accessRole": {"name": role_name(name, arn), "path": path},
        }
    )


def _efs(efs: Efs) -> JsonObject:
    groups: list[JsonValue] = [*(efs.security_group_arns or ())]
    return _present(
        {
            "efsFilesystemArn": efs.efs_filesystem_arn or "",
            "subdirectory": efs.subdirectory or None,
            "ec2Config": {"subnetArn": efs.subnet_arn or "", "securityGroupArns": groups},
        }
    )


def _present(members: JsonObject) -> JsonObject:
    return {name: value for name, value in members.items() if value is not None}


def _tags(request: CreateMover, group: str, org: str | None) -> list[JsonValue]:
    """The client's own tags, then those by which other tools find movers; the client can't change these, or AWS's."""
    ours = {**({ORG_TAG: org} if org else {}), GROUP_TAG: group, **FIXED_TAGS}
    kept = [
        (tag.key or "", tag.value or "")
        for tag in request.tags or ()
        if tag.key not in {ORG_TAG, *ours} and not (tag.key or "").lower().startswith("aws:")
    ]
    return [{"key": key, "value": value} for key, value in (*kept, *ours.items())]


def _told(problem: Problem) -> str:
    """A problem with the spec, under the name that the client knows the field by."""
    if ".accessRole" in problem.path:  # of its name and path only the group is the client's, and IAM's paths take less
        return str(Problem("group", problem.value, "an IAM path must hold printable ASCII characters, without a space"))
    path = ".".join(map(_client_name, problem.path.split("."))).replace("Ec2Config.", "")
    return str(Problem(path, problem.value, problem.accepted))


def _client_name(part: str) -> str:
    return LOCATIONS[part].operation.upper() if part in LOCATIONS else part[:1].upper() + part[1:]
