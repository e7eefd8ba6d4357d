"""Builds the places that locations stand for from what a request says. Pure."""

from __future__ import annotations

from dataclasses import replace

from datasync_emulator.catalogue.records import EfsPlace, S3Place
from datasync_emulator.errors import invalid_request
from datasync_emulator.messages import JsonObject


def s3_place(params: JsonObject) -> S3Place:
    """Read CreateLocationS3's parameters.

    Raises:
        ApiError: InvalidRequestException for what DataSync refuses though the model allows it.
    """
    storage_class = params.get("S3StorageClass", "STANDARD")
    if storage_class == "OUTPOSTS" and ":s3-outposts:" not in params["S3BucketArn"]:
        raise invalid_request("S3StorageClass OUTPOSTS needs the ARN of an S3 on Outposts access point.")
    if params.get("AgentArns"):
        raise invalid_request("AgentArns are for S3 on Outposts only, which this emulator does not have.")
    return S3Place(
        bucket_arn=params["S3BucketArn"],
        prefix=_folder(params.get("Subdirectory", "")).lstrip("/"),
        storage_class=storage_class,
        role_arn=params["S3Config"]["BucketAccessRoleArn"],
    )


def updated_s3(place: S3Place, params: JsonObject) -> S3Place:
    """Overlay what UpdateLocationS3 gives."""
    if "Subdirectory" in params:
        place = replace(place, prefix=_folder(params["Subdirectory"]).lstrip("/"))
    if "S3StorageClass" in params:
        place = replace(place, storage_class=params["S3StorageClass"])
    if "S3Config" in params:
        place = replace(place, role_arn=params["S3Config"]["BucketAccessRoleArn"])
    return place


def efs_place(params: JsonObject) -> EfsPlace:
    """Read CreateLocationEfs' parameters.

    Raises:
        ApiError: InvalidRequestException for what DataSync refuses though the model allows it.
    """
    return _consistent(
        EfsPlace(
            file_system_arn=params["EfsFilesystemArn"],
            subdirectory=_folder(params.get("Subdirectory", "")),
            ec2_config=params["Ec2Config"],
            access_point_arn=params.get("AccessPointArn"),
            role_arn=params.get("FileSystemAccessRoleArn"),
            encryption=params.get("InTransitEncryption", "NONE"),
        )
    )


def updated_efs(place: EfsPlace, params: JsonObject) -> EfsPlace:
    """Overlay what UpdateLocationEfs gives; an empty access point or role clears it."""
    if "Subdirectory" in params:
        place = replace(place, subdirectory=_folder(params["Subdirectory"]))
    if "AccessPointArn" in params:
        place = replace(place, access_point_arn=params["AccessPointArn"] or None)
    if "FileSystemAccessRoleArn" in params:
        place = replace(place, role_arn=params["FileSystemAccessRoleArn"] or None)
    if "InTransitEncryption" in params:
        place = replace(place, encryption=params["InTransitEncryption"])
    return _consistent(place)


def _consistent(place: EfsPlace) -> EfsPlace:
    for name, value in (("AccessPointArn", place.access_point_arn), ("FileSystemAccessRoleArn", place.role_arn)):
        if value and place.encryption != "TLS1_2":
            raise invalid_request(f"{name} needs InTransitEncryption TLS1_2, not {place.encryption}.")
    return place


def _folder(subdirectory: str) -> str:
    """Give the folder with one slash at either end; "" and "/" are the root."""
    parts = [part for part in subdirectory.split("/") if part]
    if {".", ".."} & set(parts):
        raise invalid_request(f"Subdirectory '{subdirectory}' holds '.' or '..': name the folder from the root.")
    return f"/{'/'.join(parts)}/" if parts else "/"
