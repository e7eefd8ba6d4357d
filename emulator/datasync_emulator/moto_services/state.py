"""Reads moto's state: which account a key belongs to, which roles and buckets there are.

moto publishes no types for its backends, so this module is where they end.
"""

from __future__ import annotations

import re
from datetime import UTC
from typing import Any

from moto.iam.models import iam_backends
from moto.s3.models import s3_backends
from moto.s3control.models import s3control_backends

from datasync_emulator.access.policy import Document, parse
from datasync_emulator.access.ports import BucketFacts, Role
from datasync_emulator.clock import whole_milliseconds

_PARTITION_OF_ARN = 1
_ACCOUNT_OF_ARN = 4
_ACCOUNT_DIGITS = 12
DEFAULT_ACCOUNT = "123456789012"


def account_of(access_key: str) -> str:
    """The account that a key speaks for.

    A key that IAM or STS gave out belongs to the account it was made in; a key of twelve digits names its
    account itself (handy for tests); any other is the default account's.
    """
    for account, partitions in list(iam_backends.items()):
        for backend in list(partitions.values()):
            if access_key in backend.access_keys:
                return account
    if len(access_key) == _ACCOUNT_DIGITS and access_key.isdecimal():
        return access_key
    return DEFAULT_ACCOUNT


class MotoIam:
    """Implements access.ports.Iam."""

    def role(self, arn: str) -> Role | None:
        """The role of this ARN, in whichever account."""
        parts = arn.split(":", 5)
        backend = iam_backends[parts[_ACCOUNT_OF_ARN]][parts[_PARTITION_OF_ARN]]
        name = arn.rpartition("/")[2]
        for role in list(backend.roles.values()):
            if role.name == name and role.arn == arn:
                return _role(backend, role)
        return None


class MotoBuckets:
    """Implements access.ports.Buckets."""

    def find(self, arn: str) -> BucketFacts | None:
        """Follow the ARN of a bucket, or of an access point.

        moto keeps no Region of access points, and knows no Outposts: there an access point's objects are those of the
        bucket of the same name.
        """
        name = arn.partition(":::")[2] or _behind_access_point(arn) or ""
        found = s3_backends.bucket_accounts.get(name)
        if found is None:
            return None
        partition, owner = found
        bucket = s3_backends[owner][partition].buckets.get(name)
        if bucket is None:
            return None
        text = bucket.policy.decode() if isinstance(bucket.policy, bytes) else bucket.policy
        region = arn.split(":")[3] or bucket.region_name
        return BucketFacts(name, arn, owner, region, parse(text) if text else {})

    def has_objects(self, name: str, prefix: str) -> bool:
        """Look through the keys; moto keeps them in no order."""
        partition, owner = s3_backends.bucket_accounts[name]
        return any(key.startswith(prefix) for key in list(s3_backends[owner][partition].buckets[name].keys))


def _behind_access_point(arn: str) -> str | None:
    """The name of the bucket that an access point is for."""
    _, partition, service, _, account, resource = arn.split(":", 5)
    if service == "s3-outposts":
        return re.split("[:/]", resource)[-1]
    points = s3control_backends[account][partition].access_points.get(account, {})
    point = points.get(resource.removeprefix("accesspoint").lstrip(":/"))
    return None if point is None else point.bucket


def _role(backend: Any, role: Any) -> Role:  # noqa: ANN401 - moto's own models
    attached = [_document(policy) for policy in list(role.managed_policies.values())]
    inline = [parse(text) for text in list(role.policies.values())]
    boundary = backend.managed_policies.get(role.permissions_boundary_arn) if role.permissions_boundary_arn else None
    created = role.create_date if role.create_date.tzinfo else role.create_date.replace(tzinfo=UTC)
    return Role(
        arn=role.arn,
        name=role.name,
        created=whole_milliseconds(created),
        trust=parse(role.assume_role_policy_document),
        policies=(*inline, *attached),
        boundary=_document(boundary) if boundary else None,
    )


def _document(policy: Any) -> Document:  # noqa: ANN401 - moto's own models
    return next((parse(version.document) for version in policy.versions if version.is_default), {})
