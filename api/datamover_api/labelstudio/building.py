"""From a storage's members to the mover that does its syncs."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from pydantic import JsonValue

from datamover_api.labelstudio.members import MEMBERS, SECRETS, ForbiddenUrlError, InvalidMembersError
from datamover_api.labelstudio.selecting import selection_of
from datamover_common.hosts import reserved_network
from datamover_crds import (
    DataMover,
    DataMoverAccount,
    DataMoverSpec,
    InvalidObject,
    JsonObject,
    ObjectMeta,
    dump,
    parse,
    read_json,
)
from datamover_crds.contract import (
    CLIENT_ANNOTATION,
    LABEL_STUDIO_ID_LABEL,
    LABEL_STUDIO_ORIGIN,
    LABEL_STUDIO_PROJECT_LABEL,
    ORIGIN_LABEL,
)

_NAME: Final = re.compile("label-studio-([1-9][0-9]{0,17})")
_BUCKET: Final = re.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,254}")
_KMS_KEY: Final = re.compile("(arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/)?[A-Za-z0-9-]{1,128}")
_OPTIONS: Final[JsonObject] = {"preserveDeletedFiles": "PRESERVE", "verifyMode": "ONLY_FILES_TRANSFERRED"}
_HISTORY: Final[JsonObject] = {"limit": 20}
_KEYS: Final = {"accessKey": "aws_access_key_id", "secretKey": "aws_secret_access_key"}
"""By their names in a location: the members that hold an object storage's keys."""
SECRET_KEY: Final = "value"  # noqa: S105 - the key in each Secret


@dataclass(frozen=True, slots=True)
class SecretNames:
    """The names of the Secrets with the keys for an endpoint; None: there is no key."""

    access_key: str | None = None
    secret_key: str | None = None

    @classmethod
    def of(cls, spec: DataMoverSpec) -> SecretNames:
        """Those that a storage's mover names."""
        source = spec.source.object_storage
        if source is None:
            return cls()
        access, secret = source.access_key, source.secret_key
        return cls(access.name if access is not None else None, secret.name if secret is not None else None)


def name_of(storage_id: int) -> str:
    """The name of a storage's mover."""
    return f"label-studio-{storage_id}"


def id_of(name: str) -> int | None:
    """The storage whose mover has this name."""
    found = _NAME.fullmatch(name)
    return int(found[1]) if found is not None else None


def members_in(mover: DataMover) -> JsonObject:
    """The members of a storage that its mover keeps."""
    try:
        kept = read_json(mover.metadata.annotations.get(CLIENT_ANNOTATION, "{}"))
    except ValueError:  # somebody has edited it
        kept = {}
    defaults: JsonObject = {name: member.default for name, member in MEMBERS.items()}
    return defaults | (kept if isinstance(kept, dict) else {})


def has_destination(account: DataMoverAccount, project: int) -> bool:
    """Whether storages of a project can be."""
    access = account.spec.label_studio
    return access is not None and (access.default is not None or any(each.id == project for each in access.projects))


def annotations_of(members: JsonObject) -> dict[str, str]:
    """What a storage's mover keeps of its members: no secret."""
    return {CLIENT_ANNOTATION: json.dumps({name: members.get(name) for name in MEMBERS})}


def labels_of(storage_id: int, members: JsonObject) -> dict[str, str]:
    """The labels of a storage's mover."""
    return {
        ORIGIN_LABEL: LABEL_STUDIO_ORIGIN,
        LABEL_STUDIO_ID_LABEL: str(storage_id),
        LABEL_STUDIO_PROJECT_LABEL: str(members["project"]),
    }


def new_mover(storage_id: int, members: JsonObject, spec: DataMoverSpec, namespace: str) -> DataMover:
    """The mover of a new storage."""
    metadata = ObjectMeta(
        name=name_of(storage_id),
        namespace=namespace,
        labels=labels_of(storage_id, members),
        annotations=annotations_of(members),
    )
    return DataMover(metadata=metadata, spec=spec)


def spec_of(members: JsonObject, account: DataMoverAccount, secrets: SecretNames) -> DataMoverSpec:
    """The spec of a storage's mover; for an endpoint, `secrets` name its keys.

    Raises:
        InvalidMembersError: a member can't be like this.
        ForbiddenUrlError: the endpoint is at an address that is reserved.
    """
    refuse_what_can_t_be(members)
    source, destination = _source(members, account, secrets), _destination(account, members["project"])
    spec: JsonObject = {
        "accountRef": {"name": account.metadata.name},
        "source": source,
        "destination": destination,
        "allowOverlap": True,  # a storage may be where the project keeps its objects
        "options": _OPTIONS,
        "runHistory": _HISTORY,
        **selection_of(members, account),
    }
    if "s3" in destination:  # what Basic mode counts as files are also folders, and it needs agents for an endpoint
        spec["taskMode"] = "ENHANCED"
    try:
        return parse(DataMoverSpec, spec)
    except InvalidObject as problem:
        raise InvalidMembersError({_member_of(each.path): [str(each)] for each in problem.problems}) from None


def refuse_what_can_t_be(members: Mapping[str, JsonValue]) -> None:
    """Refuse what Label Studio can do and the operator can't. Raises InvalidMembersError."""
    problems = {}
    if not members.get("bucket"):
        problems["bucket"] = ["A bucket is required here: a storage without one has nothing to sync."]
    elif not _BUCKET.fullmatch(str(members["bucket"])):
        problems["bucket"] = ["Must be a bucket's name: at most 255 letters, digits, dots, hyphens and underscores."]
    key = str(members.get("aws_sse_kms_key_id") or "")
    if key and not _KMS_KEY.fullmatch(key):
        problems["aws_sse_kms_key_id"] = ["Must be a key's ID or ARN: a role can't be allowed to use an alias."]
    elif key and members.get("s3_endpoint"):
        problems["aws_sse_kms_key_id"] = ["Not supported together with s3_endpoint: no AWS role reads the objects."]
    if members.get("s3_endpoint") and members.get("aws_session_token"):
        problems["aws_session_token"] = ["Not supported together with s3_endpoint: use a key that does not expire."]
    if problems:
        raise InvalidMembersError(problems)


def _destination(account: DataMoverAccount, project: JsonValue) -> JsonObject:
    access = account.spec.label_studio
    projects = access.projects if access is not None else ()
    found = next((each.destination for each in projects if each.id == project), None)
    destination = found or (access.default if access is not None else None)
    if destination is None:
        problem = f"Project {project} has no destination: add it to labelStudio.projects of DataMoverAccount "
        raise InvalidMembersError({"project": [f"{problem}'{account.metadata.name}'."]})
    return dump(destination)


def _source(members: JsonObject, account: DataMoverAccount, secrets: SecretNames) -> JsonObject:
    bucket, prefix = str(members["bucket"]), str(members.get("prefix") or "").strip("/")
    subdirectory: JsonObject = {"subdirectory": f"/{prefix}/"} if prefix else {}
    endpoint = members.get("s3_endpoint")
    if not endpoint:
        partition = _partition(account.spec.region)
        role = _role(str(members.get("aws_sse_kms_key_id") or ""), partition, account)
        return {"s3": {"s3BucketArn": f"arn:{partition}:s3:::{bucket}", **subdirectory, **role}}
    keys: JsonObject = {
        name: {"name": secret, "key": SECRET_KEY}
        for name, secret in (("accessKey", secrets.access_key), ("secretKey", secrets.secret_key))
        if secret is not None
    }
    return {"objectStorage": {**_server(str(endpoint)), "bucketName": bucket, **subdirectory, **keys}}


def _role(key: str, partition: str, account: DataMoverAccount) -> JsonObject:
    """What the bucket's access role may use beside the bucket: the key of its objects."""
    if not key:
        return {}
    spec = account.spec
    arn = key if key.startswith("arn:") else f"arn:{partition}:kms:{spec.region}:{spec.account_id}:key/{key}"
    return {"accessRole": {"kmsKeyArns": [arn]}}


def _server(endpoint: str) -> JsonObject:
    try:
        parts = urlsplit(endpoint)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.path.strip("/") or parts.query:
        raise InvalidMembersError({"s3_endpoint": ["Must be a URL such as https://minio.example.com:9000."]})
    if parts.username is not None:
        raise InvalidMembersError({"s3_endpoint": ["Must not hold a user or a password."]})
    if (network := reserved_network(parts.hostname)) is not None:
        raise ForbiddenUrlError(f"URL resolves to a reserved network address (block: {network})")
    named: JsonObject = {"serverHostname": parts.hostname, "serverProtocol": parts.scheme.upper()}
    return named | ({"serverPort": port} if port is not None else {})


def _partition(region: str) -> str:
    return next((f"aws-{start}" for start in ("cn", "us-gov") if region.startswith(f"{start}-")), "aws")


def _member_of(path: str) -> str:
    names = {"s3BucketArn": "bucket", "bucketName": "bucket", "subdirectory": "prefix", "serverHostname": "s3_endpoint"}
    leaf = path.rsplit(".", 1)[-1]
    is_members_own = path.startswith("source.")
    return names.get(leaf, "non_field_errors") if is_members_own else "non_field_errors"


def secret_values(given: Mapping[str, JsonValue]) -> dict[str, str | None]:
    """The keys that a request gives, by their names in a location; None: it clears one."""
    return {
        field: (str(given[member]) if given[member] is not None else None)
        for field, member in _KEYS.items()
        if member in given
    }


assert set(_KEYS.values()) < set(SECRETS)  # noqa: S101 - members that are never shown


def names_for(given: Mapping[str, str | None], old: SecretNames) -> SecretNames:
    """A new name for each key that is given, so that what is in force is never half changed; the others stay."""

    def name(field: str, kept: str | None) -> str | None:
        if field not in given:
            return kept
        return f"label-studio-{secrets.token_hex(8)}" if given[field] is not None else None

    return SecretNames(name("accessKey", old.access_key), name("secretKey", old.secret_key))
