"""The role by which DataSync uses a store, where the operator makes one."""

from typing import Annotated, ClassVar

from pydantic import Field

from datamover_crds.common import Items, Model, RoleArn
from datamover_crds.locations.marks import ArnOf
from datamover_crds.rules import Rule
from datamover_crds.words import Words

RolePath = Annotated[
    str,
    Field(max_length=512, pattern="^/([!-~]+/)?$"),
    Words("must be an IAM path, which begins and ends with /, such as /datamover/"),
]
RoleName = Annotated[
    str,
    Field(min_length=1, max_length=64, pattern="^[a-zA-Z0-9_+=,.@-]+$"),
    Words("must be the name of a role alone, such as my-role: letters, digits and _ + = , . @ -"),
]


def _has_arn_or_name(role: "AccessRole") -> bool:
    if role.arn is not None:
        return role.name is None
    return role.name is not None or bool(role.kms_key_arns)


def _has_keys_without_arn(role: "AccessRole") -> bool:
    return role.arn is None or not role.kms_key_arns


def _has_path_with_name(role: "AccessRole") -> bool:
    return role.path is None or role.name is not None


class AccessRole(Model):
    """The IAM role DataSync uses on a bucket: an existing one by its ARN, or what the one to create is to be like."""

    rules: ClassVar = (
        Rule(
            field_path="",
            cel=(
                "has(self.arn) ? !has(self.name)"
                " : has(self.name) || (has(self.kmsKeyArns) ? size(self.kmsKeyArns) : 0) > 0"
            ),
            holds=_has_arn_or_name,
            message=(
                "must set either arn, an existing role, or name, the role to create; with kmsKeyArns alone the "
                "operator chooses the name"
            ),
        ),
        Rule(
            field_path=".kmsKeyArns",
            cel="!has(self.arn) || !has(self.kmsKeyArns) || size(self.kmsKeyArns) == 0",
            holds=_has_keys_without_arn,
            message="can't be set with arn: give the existing role the rights to the keys yourself",
        ),
        Rule(
            field_path=".path",
            cel="!has(self.path) || has(self.name)",
            holds=_has_path_with_name,
            message="can be set only with name: the arn of an existing role includes its path",
            shown="self.path",
        ),
    )

    arn: Annotated[RoleArn | None, ArnOf("role")] = None
    """The ARN of an existing role, which the operator leaves as it is."""
    name: RoleName | None = None
    """The name of the role that the operator creates and owns."""
    path: RolePath | None = None
    """The IAM path of the role that the operator creates. If not set: the account's."""
    kms_key_arns: Annotated[
        tuple[Annotated[str, Field(min_length=5, max_length=2048, pattern="^arn:")], ...],
        Items(at_most=10),
        ArnOf("kms_key"),
    ] = ()
    """The ARNs of the AWS KMS keys that encrypt the bucket's objects (SSE-KMS): the role may use them.

    The keys' own policies have to allow that, too.
    """
