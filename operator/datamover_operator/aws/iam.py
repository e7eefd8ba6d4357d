"""IAM's operations on roles: https://docs.aws.amazon.com/IAM/latest/APIReference/API_Operations.html."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from datamover_operator.aws.errors import lost
from datamover_operator.aws.failure import AwsError, FailureKind
from datamover_operator.aws.ports import Role
from datamover_operator.aws.replies import every_page, items_of, structure_of, tag_list, tags_of, text_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from datamover_crds import JsonObject
    from datamover_operator.aws.calls import Channel, Reply


class BotoIam:
    """The `Iam` port."""

    def __init__(self, channel: Channel) -> None:
        """Use the account that `channel` leads to."""
        self._channel = channel

    async def create_role(
        self,
        name: str,
        *,
        path: str,
        trust: JsonObject,
        tags: Mapping[str, str],
        permissions_boundary: str | None,
    ) -> Role:
        """Send CreateRole, tags included; the answered role has no policy yet."""
        request: dict[str, object] = {
            "RoleName": name,
            "Path": path,
            "AssumeRolePolicyDocument": json.dumps(trust),
            "Tags": tag_list(tags),
        }
        if permissions_boundary is not None:
            request["PermissionsBoundary"] = permissions_boundary
        reply = await self._call("CreateRole", **request)
        # CreateRole does not repeat the tags in every partition; they are what was asked for.
        return _role(reply, "CreateRole", tags=tags, policy=None)

    async def list_roles(self) -> Mapping[str, JsonObject]:
        """Return {ARN: trust policy} of every role of the account (ListRoles, all pages)."""
        pages = await every_page(self._channel, "iam", "ListRoles", {"MaxItems": 1000}, "Marker")
        roles = [role for page in pages for role in items_of(page, "Roles")]
        return {text_of(role, "Arn", "ListRoles"): _document(role, "AssumeRolePolicyDocument") for role in roles}

    async def get_role(self, name: str, policy_name: str) -> Role:
        """Return GetRole and GetRolePolicy as one."""
        reply = await self._call("GetRole", RoleName=name)
        try:
            policy = await self._call("GetRolePolicy", RoleName=name, PolicyName=policy_name)
        except AwsError as error:
            if error.failure.kind is not FailureKind.NOT_FOUND:
                raise
            document = None
        else:
            document = _document(policy, "PolicyDocument")
        return _role(reply, "GetRole", tags=tags_of(structure_of(reply, "Role", "GetRole"), "Tags"), policy=document)

    async def put_role_policy(self, name: str, policy_name: str, policy: JsonObject) -> None:
        """Send PutRolePolicy."""
        await self._call("PutRolePolicy", RoleName=name, PolicyName=policy_name, PolicyDocument=json.dumps(policy))

    async def put_role_permissions_boundary(self, name: str, boundary: str) -> None:
        """Send PutRolePermissionsBoundary."""
        await self._call("PutRolePermissionsBoundary", RoleName=name, PermissionsBoundary=boundary)

    async def delete_role(self, name: str, policy_name: str) -> None:
        """Send DeleteRolePolicy and DeleteRole; a policy that is already gone is no failure."""
        try:
            await self._call("DeleteRolePolicy", RoleName=name, PolicyName=policy_name)
        except AwsError as error:
            if error.failure.kind is not FailureKind.NOT_FOUND:
                raise
        await self._call("DeleteRole", RoleName=name)

    async def tag_role(self, name: str, tags: Mapping[str, str]) -> None:
        """Send TagRole."""
        await self._call("TagRole", RoleName=name, Tags=tag_list(tags))

    async def untag_role(self, name: str, keys: Sequence[str]) -> None:
        """Send UntagRole."""
        await self._call("UntagRole", RoleName=name, TagKeys=list(keys))

    async def _call(self, operation: str, **request: object) -> Reply:
        return await self._channel.call("iam", operation, request)


def _role(reply: Reply, operation: str, *, tags: Mapping[str, str], policy: JsonObject | None) -> Role:
    role = structure_of(reply, "Role", operation)
    created = role.get("CreateDate")
    if not isinstance(created, datetime):
        raise AwsError(lost(operation, sent=True, code="MalformedReply", message="the reply has no CreateDate"))
    arn, name = text_of(role, "Arn", operation), text_of(role, "RoleName", operation)
    bounded = role.get("PermissionsBoundary")
    boundary = text_of(bounded, "PermissionsBoundaryArn", operation) if isinstance(bounded, Mapping) else None
    return Role(arn, name, created_at=created, tags=dict(tags), policy=policy, permissions_boundary=boundary)


def _document(reply: Mapping[str, object], member: str) -> JsonObject:
    """Return a policy; botocore has decoded it, unless it is no JSON (then it can't be ours: show it as empty)."""
    document = reply.get(member)
    return document if isinstance(document, dict) else {}
