"""Whether a role may do something with a bucket. Pure.

Source: IAM user guide, "Policy evaluation logic": within an account the role's policies or the bucket's allow it;
across accounts both must. A permissions boundary narrows what the role's policies allow, and a Deny always counts.
"""

from __future__ import annotations

from datasync_emulator.access.policy import Context, allows, grants
from datasync_emulator.access.ports import BucketFacts, Role

# Asked of the bucket itself; everything else is asked of its objects.
_OF_THE_BUCKET = frozenset({"s3:ListBucket"})


def may(role: Role, bucket: BucketFacts, action: str, keys: str, context: Context) -> bool:
    """Whether a role may do an action with an object of a bucket, or with all whose keys begin so (`prefix*`).

    An access point's permissions are asked of its own ARN; the bucket policy is read for the bucket it leads to.
    """
    resource = bucket.arn if action in _OF_THE_BUCKET else bucket.objects(keys)
    facts = {
        **context,
        "aws:resourceaccount": bucket.owner,
        "aws:principalarn": role.arn,
        "aws:principalaccount": role.account,
        "s3:prefix": keys.removesuffix("*"),
    }
    permission = bucket.permission(action)
    said = grants(bucket.policy, role.arn, permission, _own_resource(bucket, action, keys), facts)
    if said is False:
        return False
    in_boundary = role.boundary is None or allows([role.boundary], permission, resource, facts)
    by_identity = in_boundary and allows(role.policies, permission, resource, facts)
    if role.account == bucket.owner:
        return by_identity or said is True
    return by_identity and said is True


def _own_resource(bucket: BucketFacts, action: str, keys: str) -> str:
    arn = f"arn:{bucket.arn.split(':')[1]}:s3:::{bucket.name}"
    return arn if action in _OF_THE_BUCKET else f"{arn}/{keys}"
